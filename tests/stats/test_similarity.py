"""Near-copies are found through the index, wherever they are; what is new gets through."""

from __future__ import annotations

import random
from dataclasses import dataclass
from time import process_time

import pytest

from personae.stats.similarity import NoveltyGate, hamming, near_pairs, print_of

LONG = (
    "Marta runs a small bakery in Leipzig, pays suppliers by card twice a week, and has little patience for menus. "
    "She learned about online banking from her daughter and writes short messages between two batches of bread."
)


@dataclass(frozen=True)
class Case:
    one: str
    other: str
    is_near: bool


CASES = [
    Case(LONG, LONG, True),
    Case(LONG, LONG.upper().replace(",", " ,  ").replace(".", "!"), True),
    Case(LONG, LONG.replace("Leipzig", "Dresden"), True),
    Case(LONG, LONG.replace("twice a week", "once a month"), True),
    Case("My card was declined twice, why?", "My card was declined twice. Why?", True),
    Case("What is the annual fee of the card?", "How do I report a stolen phone?", False),
    Case(LONG, "Jonas is a retired teacher who travels a lot and asks about fees abroad in long letters.", False),
    Case("我的卡昨天在超市被拒绝了两次请问为什么", "我的卡昨天在超市被拒绝了两次请问为何", True),
    Case("我的卡昨天在超市被拒绝了", "怎样申请一张新的附属卡", False),
    Case("", "", True),
    Case("", LONG, False),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.one[:20]}|{case.other[:20]}")
def test_a_near_copy_is_told_and_other_texts_get_through(case: Case) -> None:
    gate = NoveltyGate()
    assert gate.admit("one", case.one) is None
    near = gate.admit("other", case.other)
    assert (near is not None) == case.is_near
    assert len(gate) == (1 if case.is_near else 2)
    if near is not None:
        assert near.key == "one"


def words(draw: random.Random, vocabulary: list[str], count: int) -> list[str]:
    return draw.choices(vocabulary, k=count)


def vocabulary(draw: random.Random) -> list[str]:
    return ["".join(draw.choices("abcdefghiklmnoprstuvw", k=draw.randint(2, 9))) for _ in range(3000)]


def test_every_near_copy_among_many_texts_is_found_and_nothing_else() -> None:
    draw = random.Random(1)
    known = vocabulary(draw)
    texts = [words(draw, known, 60) for _ in range(1000)]
    copies = []
    for text in texts[:150]:
        copy = list(text)
        for place in draw.sample(range(60), 4):
            copy[place] = draw.choice(known)
        copies.append(copy)
    pairs = near_pairs((str(place), " ".join(text)) for place, text in enumerate([*texts, *copies]))
    assert {(pair.one, pair.other) for pair in pairs} == {(str(place), str(1000 + place)) for place in range(150)}
    assert pairs == sorted(pairs, key=lambda pair: -pair.shared)


def test_the_cost_of_a_draft_does_not_grow_with_the_set() -> None:
    draw = random.Random(2)
    known = vocabulary(draw)
    template = " ".join(words(draw, known, 20))
    gate, took = NoveltyGate(), []
    for begin in range(0, 2400, 300):
        texts = [f"{template} {' '.join(words(draw, known, 25))}" for _ in range(300)]
        started = process_time()
        for place, text in enumerate(texts):
            gate.admit(f"{begin + place}", text)
        took.append(process_time() - started)
    assert took[-1] + took[-2] < 4 * (took[0] + took[1]), "seven times as many texts, and not four times the cost"


def test_a_simhash_is_the_same_on_every_machine() -> None:
    assert print_of(LONG).simhash == 0x1B428659B9717F40
    assert hamming(0b1011, 0b0001) == 2
