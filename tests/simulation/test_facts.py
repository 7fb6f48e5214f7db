"""Which facts the bot elicited, by words alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from personae.core.conversation import Turn
from personae.core.persona import KnownFact
from personae.simulation.facts import Told, told
from tests.simulation.play import bot, user

ORDER = KnownFact(name="order number", value="#W-482 1370")


@dataclass(frozen=True)
class Case:
    turns: Sequence[Turn]
    told: Told


CASES = [
    Case([], "untold"),
    Case([user("Cancel it."), bot("What is your order number?"), user("It's #w-482 1370.")], "elicited"),
    Case([user("Cancel it."), bot("Please provide your order number."), user("W482 1370")], "elicited"),
    Case([user("Cancel #W-482 1370, please."), bot("What is your order number?")], "volunteered"),
    Case([user("Hi."), bot("Hello! How can I help you?"), user("Cancel #W-482 1370.")], "volunteered"),
    Case([user("Hi."), bot("That is not possible."), user("Cancel #W-482 1370.")], "volunteered"),
    Case([user("Cancel it."), bot("Your order is #W-482 1370, right?"), user("Yes.")], "untold"),
    Case([user("Cancel it."), bot("Which one?"), user("#W-482 13701.")], "untold"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case.turns)} turns, {case.told}")
def test_a_fact_is_elicited_volunteered_or_untold(case: Case) -> None:
    assert told([ORDER], case.turns) == {"order number": case.told}


def test_the_first_time_counts() -> None:
    turns = [user("It's 10115."), bot("What is your zip code?"), user("10115")]
    assert told([KnownFact(name="zip", value="10115")], turns) == {"zip": "volunteered"}
