"""Evaluation cases: each transcript as one case of a data set, for tools that rate recorded conversations.

Source: seeds/003 (`--export-cases` of the seed's tool, whose `load_jsonl` reads this form)
Idea:   one JSON line per conversation: `input` (the goal), `conversation` (the turns), `metadata`, `tags`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import orjson

from personae.core.conversation import DISCLAIMER
from personae.core.result import SimulationResult
from personae.reports import ReportSource, reports, whole_file


@reports.method("cases")
@dataclass(frozen=True)
class CasesReport:
    """The transcripts as evaluation cases. Conversations without a word are left out: there is nothing to rate."""

    suffix: ClassVar[str] = ".cases.jsonl"

    def write(self, source: ReportSource, out: Path) -> None:
        with whole_file(out) as file:
            for result in source.results():
                if result.conversation.turns:
                    file.write(orjson.dumps(_case(result)).decode() + "\n")


def _case(result: SimulationResult) -> dict[str, Any]:
    return {
        "input": result.scenario.goal,
        "conversation": [{"role": turn.role, "content": turn.content} for turn in result.conversation.turns],
        "metadata": {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "persona": result.persona.name,
            "persona_traits": list(result.persona.traits),
            "expected_behavior": result.scenario.expected_outcome,
            "stop_reason": result.stop_reason,
            "goal_achieved": result.goal_achieved,
            "case_uid": result.key,
            **({} if result.validity is None else {"validity": result.validity.verdict}),
        },
        "tags": ["simulated"],
    }
