"""Auditor: did the simulated user behave as the persona would? A judge call for what the guards' rules cannot see.

Idea: the persona's own behaviour is the rubric. The judge names turns and quotes their words, and only quotes that
      really stand in a turn of the user can make a conversation invalid; any other finding leaves it unsure.
Cost: one judge call per conversation, and only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.core.conversation import Turn
from personae.core.model import Message, Model, OutputSchema
from personae.core.persona import Persona, Scenario
from personae.core.prompt import load, versions
from personae.core.tasks import Audit
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Finding, Severity
from personae.errors import BudgetExceeded, ProviderError
from personae.llm.structured import NotUsable, UnusableAnswer, ask
from personae.rating.transcript import checked_quote, code, fenced

SYSTEM = load("personae.rating", "auditor")
TASK = load("personae.rating", "auditor_task")
PROMPT_VERSIONS = versions(SYSTEM, TASK)
MAX_OUTPUT_TOKENS = 2000
MOST_FINDINGS = 20
AUDIT = OutputSchema(
    "audit",
    {
        "type": "object",
        "properties": {
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "turn": {"type": "integer"},
                        "quote": {"type": "string"},
                        "problem": {"type": "string"},
                        "severity": {"type": "string", "enum": ["invalid", "unsure"]},
                    },
                    "required": ["turn", "quote", "problem", "severity"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["findings"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True)
class Audited:
    """What the auditor found, and what it took."""

    findings: tuple[Finding, ...]
    usage: Usage


async def audit(model: Model, persona: Persona, scenario: Scenario, turns: Sequence[Turn], termination: str) -> Audited:
    """The auditor's findings. Where it gives no answer that is one of them, and the judge's fault.

    Raises ProviderError only where it is hopeless.
    """
    try:
        parsed = await ask(
            model,
            messages(persona, scenario, turns, termination),
            purpose="judge",
            schema=AUDIT,
            parse=lambda data: _findings(data, turns),
            about=Audit(persona.description, persona.traits, turns),
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )
    except (BudgetExceeded, ProviderError) as error:
        if getattr(error, "hopeless", False):
            raise
        usage = error.usage if isinstance(error, UnusableAnswer) else NO_USAGE
        return Audited((Finding("auditor", 0, "", f"not audited: {error}", "unsure", "judge"),), usage)
    return Audited(parsed.value, parsed.usage)


def messages(persona: Persona, scenario: Scenario, turns: Sequence[Turn], termination: str) -> list[Message]:
    """What the auditor is sent. Nothing of how the bot is rated is in it."""
    facts = "\n".join(f"{fact.name}: {fact.value}" for fact in persona.facts)
    task = TASK.render(
        description=persona.description,
        traits=", ".join(persona.traits),
        domain_knowledge=persona.domain_knowledge,
        goal=scenario.goal,
        known_info="\n".join(filter(None, (scenario.known_info, facts))),
        unknown_info=scenario.unknown_info,
        instructions=scenario.instructions,
        termination=termination,
        transcript=fenced(turns),
    )
    return [{"role": "system", "content": SYSTEM.render(code=code(turns))}, {"role": "user", "content": task}]


def _findings(data: Any, turns: Sequence[Turn]) -> tuple[Finding, ...]:
    entries = data.get("findings") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise NotUsable("It has no list `findings`.")
    found = (_finding(entry, turns) for entry in entries[:MOST_FINDINGS] if isinstance(entry, Mapping))
    return tuple(finding for finding in found if finding is not None)


def _finding(entry: Mapping[str, Any], turns: Sequence[Turn]) -> Finding | None:
    """None for what is said of a turn that the simulator did not write."""
    number, words, why = entry.get("turn"), entry.get("quote"), entry.get("problem")
    if not isinstance(number, int) or not isinstance(words, str) or not isinstance(why, str) or not why.strip():
        return None
    quote = checked_quote(turns, number, words)
    if not 1 <= quote.turn <= len(turns):
        return None
    turn = turns[quote.turn - 1]
    if turn.role != "user" or turn.is_opening:
        return None
    severity: Severity = "invalid" if entry.get("severity") == "invalid" and quote.found else "unsure"
    return Finding("auditor", quote.turn, words.strip() if quote.found else "", why.strip(), severity)
