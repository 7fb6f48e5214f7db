"""Specs, turns and results as a run makes them."""

from __future__ import annotations

from personae import Persona, SimulationResult
from personae.core.conversation import Conversation, Termination, Turn
from personae.core.result import Spec
from personae.core.usage import Usage
from personae.experiments.plan import make_plan

ONE_CALL = Usage(calls=1, input_tokens=10, output_tokens=5, priced_usd=0.001)


def specs(count: int = 3) -> list[Spec]:
    people = [Persona(name=f"persona {number}", description="terse", goal="a refund") for number in range(count)]
    return list(make_plan(people, []))


def turns(count: int = 2) -> list[Turn]:
    return [
        Turn("assistant" if number % 2 else "user", f"line {number}\u2028\u0085 it is", 12.3, ONE_CALL)
        for number in range(count)
    ]


def result(spec: Spec, *, termination: Termination = "goal_met", said: int = 2, judged: int = 1) -> SimulationResult:
    usage = {"simulator": Usage(), "bot": Usage(), "judge": Usage(calls=judged, priced_usd=0.002 * judged)}
    for turn in turns(said):
        usage["simulator" if turn.role == "user" else "bot"] += ONE_CALL
    return SimulationResult(
        spec.key,
        spec.persona,
        spec.scenario,
        spec.epoch,
        Conversation(tuple(turns(said)), termination),
        usage=usage,
        metadata={"rating_version": "r1"},
    )
