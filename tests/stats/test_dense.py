"""Near vectors are found through the index."""

from __future__ import annotations

import random

from personae.stats.dense import DenseGate


def test_near_vectors_are_found_and_others_are_let_through() -> None:
    draw = random.Random(2)
    gate = DenseGate(0.95)
    vectors = [[draw.gauss(0, 1) for _ in range(256)] for _ in range(300)]
    assert all(gate.admit(str(place), vector) is None for place, vector in enumerate(vectors))
    found = [gate.admit("new", [value + 0.25 * draw.gauss(0, 1) for value in vector]) for vector in vectors]
    right = [near for place, near in enumerate(found) if near is not None and near[0] == str(place)]
    assert len(right) >= 290, "cosines of about 0.97"
    assert all(cosine >= 0.95 for _, cosine in right)
    twice = gate.admit("twice", [3 * value for value in vectors[7]])
    assert twice is not None
    assert (twice[0], round(twice[1], 4)) == ("7", 1.0)
    assert gate.admit("nothing", [0.0] * 256) is None
