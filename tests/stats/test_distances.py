"""The distances are SciPy's on the same input."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from scipy.spatial import distance  # type: ignore[import-untyped,unused-ignore]
from scipy.stats import entropy, ks_2samp, wasserstein_distance  # type: ignore[import-untyped,unused-ignore]

from personae.stats.distances import jensen_shannon, kolmogorov_smirnov, kullback_leibler, wasserstein


@pytest.mark.parametrize("seed", range(6))
def test_distances_of_samples_are_scipys(seed: int) -> None:
    draw = random.Random(seed)
    one = [float(draw.randrange(8)) if seed % 2 else draw.gauss(0, 1) for _ in range(30 + seed)]
    other = [float(draw.randrange(3, 12)) if seed % 2 else draw.gauss(0.5, 2) for _ in range(50)]
    assert kolmogorov_smirnov(Counter(one), Counter(other)) == pytest.approx(ks_2samp(one, other).statistic)
    assert wasserstein(Counter(one), Counter(other)) == pytest.approx(wasserstein_distance(one, other))


@pytest.mark.parametrize(
    ("p", "q"), [([0.5, 0.5], [0.5, 0.5]), ([1, 0], [0, 1]), ([3, 1, 0], [1, 1, 2]), ([0.2, 0.3, 0.5], [0.1, 0.1, 0.8])]
)
def test_distances_of_shares_are_scipys(p: list[float], q: list[float]) -> None:
    assert jensen_shannon(p, q) == pytest.approx(distance.jensenshannon(p, q, base=2), abs=1e-9)
    values = [float(place) for place in range(len(p))]
    weighted = dict(zip(values, p, strict=True)), dict(zip(values, q, strict=True))
    assert wasserstein(*weighted) == pytest.approx(wasserstein_distance(values, values, p, q), abs=1e-12)


@pytest.mark.parametrize(("counts", "target"), [([5, 5], [0.5, 0.5]), ([9, 0, 1], [0.2, 0.3, 0.5]), ([0, 0], [1, 3])])
def test_the_divergence_is_scipys_with_one_added_to_each(counts: list[float], target: list[float]) -> None:
    wanted = [share / sum(target) * sum(counts) + 1 for share in target]
    assert kullback_leibler(counts, target) == pytest.approx(entropy([one + 1 for one in counts], wanted), abs=1e-12)


def test_weights_without_a_sum_are_refused() -> None:
    with pytest.raises(ValueError, match="positive sum"):
        jensen_shannon([0, 0], [1, 1])
    with pytest.raises(ValueError, match="positive sum"):
        kolmogorov_smirnov({}, {1.0: 1.0})
