"""100,000 conversations are checked within a minute of one core, and within a gibibyte."""

from __future__ import annotations

import resource
import time

import pytest

from personae import Persona, simulate
from personae.core.persona import Scenario
from personae.simulation.validity import check

CONVERSATIONS = 100_000


@pytest.mark.slow
def test_a_hundred_thousand_conversations_are_checked_in_a_minute() -> None:
    personas = [
        Persona(name=f"Ann {number}", description=f"Ann {number} is short of time. Order LO-{20000 + number} is hers.")
        for number in range(10)
    ]
    scenarios = [
        Scenario(
            goal=f"Cancel order LO-{30000 + number}. Ask when the money is back. Ask whether it can go by mail.",
            known_info=f"The order number is LO-{30000 + number}. It was placed on 2025-03-{number + 1:02}.",
            expected_outcome="The bot cancels the order and says that the money is back within 5 working days.",
        )
        for number in range(10)
    ]
    held = simulate("model:offline", personas, scenarios=scenarios, provider="offline", metrics=())
    started = time.process_time()
    for number in range(CONVERSATIONS):
        one = held[number % len(held)]
        check(one.persona, one.scenario, one.conversation)
    assert time.process_time() - started < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1024 * 1024
