"""How many of their like there are, and draws by it."""

from __future__ import annotations

from random import Random

import pytest
from scipy.stats import multivariate_normal  # type: ignore[import-untyped]

from personae.stats.density import bandwidth, densities, in_order_of_drawing, weights_of
from personae.stats.vectors import cosine, point, vector


def cloud(count: int, at: float, spread: float, seed: int) -> list[tuple[float, float]]:
    draw = Random(seed)
    return [(draw.gauss(at, spread), draw.gauss(at, spread)) for _ in range(count)]


def test_the_density_is_that_of_gaussian_kernels() -> None:
    points = cloud(60, 0, 1, 1)
    width = bandwidth(points)
    normal = multivariate_normal([0, 0], width**2)
    for place in (0, 7, 59):
        moved = [(x - points[place][0], y - points[place][1]) for x, y in points]
        expected = sum(normal.pdf(one) for one in moved) / len(points) / normal.pdf([0, 0])
        assert densities(points)[place] == pytest.approx(expected)


def test_common_and_rare_users_are_drawn_by_how_many_of_their_like_there_are() -> None:
    many, few = cloud(180, 0, 0.3, 2), cloud(20, 6, 2.5, 3)
    points = {f"{'many' if place < 180 else 'few'} {place}": one for place, one in enumerate(many + few)}
    share = {}
    for taste in ("any", "common", "rare"):
        weights = weights_of(points, taste, 0)
        drawn = [key for seed in range(30) for key in in_order_of_drawing(weights, seed)[:10]]
        share[taste] = sum(key.startswith("few") for key in drawn) / len(drawn)
    assert share["common"] < 0.03 < 0.07 < share["any"] < 0.13 < 0.4 < share["rare"]


def test_a_larger_draw_begins_with_the_smaller_one_and_follows_the_weights() -> None:
    weights = {"a": 8.0, "b": 1.0, "c": 1.0, "never": 0.0}
    orders = [in_order_of_drawing(weights, seed) for seed in range(1000)]
    assert sum(order[0] == "a" for order in orders) == pytest.approx(800, abs=40)
    assert all(order[-1] == "never" for order in orders)
    assert in_order_of_drawing({"a": 8.0, "b": 1.0}, 3) == [one for one in orders[3] if one in "ab"]


def test_those_who_are_all_alike_are_equally_common() -> None:
    assert densities([(1.0, 2.0)] * 5) == [1.0] * 5
    assert densities([(1.0, 2.0)]) == [1.0]
    assert densities([]) == []


def test_texts_are_alike_by_words_and_their_forms() -> None:
    nurse = vector("a nurse in a hospital")
    assert cosine(nurse, vector("A hospital, in a NURSE!")) == pytest.approx(1)
    assert cosine(nurse, vector("nursing at hospitals")) > 0.2 > cosine(nurse, vector("pets and gardens"))
    assert vector("to the of") == {}
    assert cosine({}, nurse) == 0


def test_points_keep_about_the_distances_of_their_vectors() -> None:
    one, near, far = (point(vector(text)) for text in ("my order is late", "my order came late", "a loan for a car"))
    assert len(one) == 32
    assert sum((a - b) ** 2 for a, b in zip(one, near, strict=True)) < sum(
        (a - b) ** 2 for a, b in zip(one, far, strict=True)
    )
