"""PersonaScore: how well does a bot play the persona that it was given? Five tasks, a rubric, several evaluators.

Source: PersonaGym (arXiv 2407.18416)
Idea:   each evaluator scores each transcript from 1 to 5 by five tasks; a task's score is the mean of all that could be
        read, over transcripts and evaluators, and the PersonaScore is the mean of the five.
Cost:   one call per transcript and evaluator, for all five tasks.
Note:   the paper asks the bot ten made-up questions per task and rates five answers a call, with example answers that a
        model made; here the conversations of a run are rated, by the rubric alone. Its published code counts a batch of
        which nothing could be read as 0; here what cannot be read is `unparsed`, counted, and in no mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from personae.core.conversation import Turn
from personae.core.model import Message, Model, OutputSchema
from personae.core.prompt import load, versions
from personae.core.tasks import ScorePersona
from personae.errors import BudgetExceeded, ProviderError
from personae.llm.structured import NotUsable, ask
from personae.rating.transcript import code, fenced, quoted_lines
from personae.stats.intervals import Estimate, mean, undefined

TASKS = ("action_justification", "expected_action", "linguistic_habits", "persona_consistency", "toxicity_control")
PROMPT = load("personae.rating", "persona_score")
TASK = load("personae.rating", "persona_score_task")
PROMPT_VERSIONS = versions(PROMPT, TASK)
MAX_OUTPUT_TOKENS = 1200
BOUNDS = (1.0, 5.0)

Value = int | Literal["NA", "unparsed"]
"""1 to 5; `NA` where the transcript shows nothing of it; `unparsed` where no score could be read or had."""
SCHEMA = OutputSchema(
    "persona_scores",
    {
        "type": "object",
        "properties": {
            "scores": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "task": {"type": "string", "enum": list(TASKS)},
                        "reasoning": {"type": "string"},
                        "score": {"type": "string", "enum": ["1", "2", "3", "4", "5", "NA"]},
                    },
                    "required": ["task", "reasoning", "score"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["scores"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluator's scores of one transcript."""

    key: str
    evaluator: str
    values: Mapping[str, Value]
    reasons: Mapping[str, str]
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"key": self.key, "evaluator": self.evaluator, "scores": dict(self.values)}
        return data | {"reasons": dict(self.reasons)} | ({"error": self.error} if self.error else {})


@dataclass(frozen=True, slots=True)
class PersonaScore:
    """The scores of a run."""

    overall: Estimate
    """1 to 5."""
    tasks: Mapping[str, Estimate]
    unparsed: int
    not_shown: int
    evaluations: tuple[Evaluation, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "persona_score": self.overall.as_dict(),
            "tasks": {name: one.as_dict() for name, one in self.tasks.items()},
            "unparsed": self.unparsed,
            "not_shown": self.not_shown,
            "prompts": dict(PROMPT_VERSIONS),
            "evaluations": [one.as_dict() for one in self.evaluations],
        }


def messages(persona: str, turns: Sequence[Turn]) -> list[Message]:
    """What an evaluator is sent."""
    names = ", ".join(f"`{name}`" for name in TASKS)
    task = TASK.render(persona=quoted_lines(persona), transcript=fenced(turns), tasks=names)
    return [
        {"role": "system", "content": PROMPT.render(code=code(turns), tasks=names)},
        {"role": "user", "content": task},
    ]


async def evaluated(model: Model, key: str, persona: str, turns: Sequence[Turn]) -> Evaluation:
    """One evaluator's scores. What cannot be read or had is `unparsed`. Raises ProviderError that is hopeless."""
    values: dict[str, Value] = dict.fromkeys(TASKS, "unparsed")
    reasons: dict[str, str] = {}

    def parse(data: object) -> None:
        entries = data.get("scores") if isinstance(data, dict) else None
        if not isinstance(entries, list):
            raise NotUsable("It must be a JSON object with the list `scores`.")
        for entry in entries:
            if isinstance(entry, dict) and entry.get("task") in TASKS and (value := _value(entry.get("score"))):
                values[entry["task"]] = value
                reasons[entry["task"]] = str(entry.get("reasoning") or "")
        if missing := [name for name in TASKS if values[name] == "unparsed"]:
            raise NotUsable(f"It has no score of `1` to `5` or `NA` for {', '.join(missing)}.")

    error = ""
    try:
        await ask(
            model,
            messages(persona, turns),
            purpose="judge",
            schema=SCHEMA,
            parse=parse,
            about=ScorePersona(persona, turns, TASKS),
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )
    except BudgetExceeded as exceeded:
        error = str(exceeded)
    except ProviderError as failed:
        if failed.hopeless:
            raise
        error = str(failed)
    return Evaluation(key, model.name, values, reasons, error)


def _value(given: object) -> Value | None:
    text = str(given).strip().upper().removesuffix(".0")
    if text in ("NA", "N/A"):
        return "NA"
    return int(text) if text in ("1", "2", "3", "4", "5") else None


def persona_score(evaluations: Sequence[Evaluation]) -> PersonaScore:
    """The mean of each task over all scores that could be read, and of the five; intervals draw whole transcripts.

    Undefined where one of the five has no score at all: a mean of four would not be comparable.
    """
    tasks = {name: _mean([(one.key, one.values[name]) for one in evaluations], name) for name in TASKS}
    counted = Counter(str(value) for one in evaluations for value in one.values.values())
    missing = [name for name, one in tasks.items() if one.value is None]
    overall = undefined(f"no score for {_named(missing)}") if missing else _overall(evaluations, tasks)
    return PersonaScore(overall, tasks, counted["unparsed"], counted["NA"], tuple(evaluations))


def _named(tasks: Sequence[str]) -> str:
    return ", ".join(tasks).replace("_", " ")


def _mean(values: Sequence[tuple[str, Value]], name: str) -> Estimate:
    clusters: dict[str, tuple[float, int]] = {}
    for key, value in values:
        if isinstance(value, int):
            total, n = clusters.get(key, (0.0, 0))
            clusters[key] = total + value, n + 1
    return mean(clusters.values(), bounds=BOUNDS, reason=f"no transcript has a score for {_named([name])}")


def _overall(evaluations: Sequence[Evaluation], tasks: Mapping[str, Estimate]) -> Estimate:
    """The mean of the five means. Each score weighs as its task's share, so that clusters add up to it."""
    n = sum(one.n for one in tasks.values())
    clusters: dict[str, tuple[float, int]] = {}
    for one in evaluations:
        for name, value in one.values.items():
            if isinstance(value, int):
                total, count = clusters.get(one.key, (0.0, 0))
                clusters[one.key] = total + value * n / (len(TASKS) * tasks[name].n), count + 1
    found = mean(clusters.values(), bounds=BOUNDS, reason="nothing was scored")
    middle = sum(one.value or 0.0 for one in tasks.values()) / len(TASKS)
    low = found.low if found.low is None else min(found.low, middle)
    high = found.high if found.high is None else max(found.high, middle)
    return Estimate(middle, low, high, n, found.reason, found.clusters, found.level)
