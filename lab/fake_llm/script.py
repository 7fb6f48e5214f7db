"""Scripts: which step the next request gets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lab.fake_llm.request import ChatRequest
from lab.fake_llm.steps import (
    Auto,
    CutBody,
    Empty,
    Garbage,
    Huge,
    Reset,
    Stall,
    Status,
    Step,
    step_from_json,
    step_to_json,
)

Decide: TypeAlias = Callable[[ChatRequest], "Step | None"]
Plain: TypeAlias = "Step | Sequence[Step] | Decide"
Script: TypeAlias = "Plain | Mapping[str, Plain]"
"""One step for every request; a list that is used up in order, after which come the usual answers; a
function; or any of these by model or by role (`simulator`, `bot`, `judge`)."""

AUTO = Auto()
NAMED_FAULTS: dict[str, Step] = {
    "reset": Reset(),
    "cut": CutBody(),
    "stall": Stall(),
    "empty": Empty(),
    "huge": Huge(),
    "garbage": Garbage(),
}


class Director:
    """Keeps the place in a script."""

    def __init__(self, script: Script | None = None) -> None:
        self._by_name: dict[str, Decide] | None = None
        self._decide: Decide | None = None
        if isinstance(script, Mapping):
            self._by_name = {name: _decider(part) for name, part in script.items()}
        elif script is not None:
            self._decide = _decider(script)

    def next_step(self, request: ChatRequest) -> Step:
        decide = self._decide
        if self._by_name is not None:
            decide = self._by_name.get(request.model) or self._by_name.get(request.role)
        return AUTO if decide is None else decide(request) or AUTO


def _decider(part: Plain) -> Decide:
    if isinstance(part, Sequence):
        steps: Iterator[Step] = iter(part)
        return lambda _request: next(steps, None)
    if callable(part):
        return part
    return lambda _request: part


@dataclass
class Faults:
    """Random faults: each request draws one step, or none, by the seed and its place in the order."""

    rates: Sequence[tuple[Step, float]]
    seed: int = 0

    def __post_init__(self) -> None:
        if sum(rate for _, rate in self.rates) > 1:
            raise ValueError("the rates of faults add up to more than 1")
        self._random = random.Random(self.seed)

    def __call__(self, _request: ChatRequest) -> Step | None:
        drawn = self._random.random()
        for step, rate in self.rates:
            drawn -= rate
            if drawn < 0:
                return step
        return None


def fault(text: str) -> tuple[Step, float]:
    """Read `429:0.05`, `429@0.2:0.05` (with Retry-After 0.2) or `reset:0.01`. Raises ValueError."""
    name, _, rate = text.rpartition(":")
    status, _, retry_after = name.partition("@")
    if status.isdigit():
        step: Step = Status(int(status), retry_after=float(retry_after) if retry_after else None)
    elif name in NAMED_FAULTS:
        step = NAMED_FAULTS[name]
    else:
        raise ValueError(f"unknown fault {name!r}: a status such as 429, or one of {', '.join(NAMED_FAULTS)}")
    return step, float(rate)


def script_from_json(data: Any) -> Script | None:
    """A script as JSON, in one of four forms; an empty one is no script.

    `{"steps": [...]}`, `{"always": {...}}`, `{"faults": [["429", 0.1]], "seed": 1}`, or any of these by
    model or role: `{"by": {"judge": ...}}`.
    """
    if not data:
        return None
    if "by" in data:
        return {name: _plain(part) for name, part in data["by"].items()}
    return _plain(data)


def _plain(data: Any) -> Plain:
    if isinstance(data, list):
        return [step_from_json(step) for step in data]
    if "steps" in data:
        return _plain(data["steps"])
    if "always" in data:
        return step_from_json(data["always"])
    if "faults" in data:
        return Faults([_rate(*pair) for pair in data["faults"]], data.get("seed", 0))
    return step_from_json(data)


def _rate(step: Any, rate: float) -> tuple[Step, float]:
    return fault(f"{step}:{rate}") if isinstance(step, str) else (step_from_json(step), rate)


def script_to_json(script: Script | None) -> dict[str, Any]:
    """For a server in another process. A function cannot travel: TypeError."""
    if script is None:
        return {}
    if isinstance(script, Mapping):
        return {"by": {name: script_to_json(part) for name, part in script.items()}}
    if isinstance(script, Faults):
        return {"faults": [[step_to_json(step), rate] for step, rate in script.rates], "seed": script.seed}
    if isinstance(script, Sequence):
        return {"steps": [step_to_json(step) for step in script]}
    if callable(script):
        raise TypeError("a function cannot be sent to a server in another process; use steps")
    return {"always": step_to_json(script)}
