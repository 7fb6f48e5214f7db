"""Role identification: can the judge tell who is speaking? Who cannot is no judge of how a persona is played.

Source: PersonaEval (arXiv 2508.10014)
Idea:   a conversation without the persona's name, and descriptions of that persona and of others of the same file. The
        judge gives each a probability; they are scored as in `stats.identification`.
Cost:   one call per case.
Note:   the paper's published code keeps four of five probabilities, breaks ties by the order of options, and takes up
        to five tries; here all are kept, ties share a rank, one answer may be mended, and failures are counted apart.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from personae.core.conversation import Turn
from personae.core.model import Message, Model, OutputSchema
from personae.core.persona import Persona
from personae.core.prompt import load, versions
from personae.core.result import SimulationResult
from personae.core.seed import derive
from personae.core.tasks import Identify
from personae.errors import BudgetExceeded, ProviderError
from personae.llm.structured import NotUsable, ask
from personae.rating.transcript import code, fenced, quoted_lines
from personae.stats.identification import Guess, brier, calibration_error, rank, top_1
from personae.stats.intervals import mean, rate

ROLES = load("personae.rating", "roles")
TASK = load("personae.rating", "roles_task")
PROMPT_VERSIONS = versions(ROLES, TASK)
MAX_OUTPUT_TOKENS = 800
LEAST_USER_TURNS = 2
"""Of a conversation that a case is made of: one opening message tells too little."""
_ROUNDING = 0.02
"""By how much the probabilities may miss 1 before the answer is refused; they are then made to add up."""
_LETTERS = "ABCDEFGH"
SCHEMA = OutputSchema(
    "speaker",
    {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string"},
            "candidates": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"id": {"type": "string"}, "probability": {"type": "number"}},
                    "required": ["id", "probability"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["reasoning", "candidates"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True)
class RoleCase:
    """One conversation whose user is to be told."""

    key: str
    turns: tuple[Turn, ...]
    candidates: tuple[Persona, ...]
    right: int

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(_LETTERS[: len(self.candidates)])

    @property
    def messages(self) -> list[Message]:
        """What the judge is sent."""
        people = "\n\n".join(
            f"Candidate {id_}\n{quoted_lines(_described(one))}"
            for id_, one in zip(self.ids, self.candidates, strict=True)
        )
        task = TASK.render(candidates=people, transcript=fenced(self.turns), ids=", ".join(self.ids))
        return [{"role": "system", "content": ROLES.render(code=code(self.turns))}, {"role": "user", "content": task}]


def role_cases(results: Sequence[SimulationResult], *, options: int, seed: int) -> list[RoleCase]:
    """A case of each conversation with enough turns. Empty where there are not two personas to tell apart."""
    people = {result.persona.name: result.persona for result in results}
    count = min(options, len(people), len(_LETTERS))
    if count < 2:
        return []
    cases = []
    for result in results:
        turns = result.conversation.turns
        if sum(turn.role == "user" for turn in turns) < LEAST_USER_TURNS:
            continue
        dice = random.Random(derive(seed, "roles", result.key))
        others = [name for name in sorted(people) if name != result.persona.name]
        names = [result.persona.name, *dice.sample(others, count - 1)]
        dice.shuffle(names)
        hidden = tuple(replace(turn, content=_without(turn.content, people)) for turn in turns)
        chosen = tuple(people[name] for name in names)
        cases.append(RoleCase(result.key, hidden, chosen, names.index(result.persona.name)))
    return cases


def _described(persona: Persona) -> str:
    traits = f"\nTraits: {', '.join(persona.traits)}" if persona.traits else ""
    knows = f"\nKnows: {persona.domain_knowledge}" if persona.domain_knowledge else ""
    return f"{_without(persona.description, {persona.name: persona})}{traits}{knows}"


def _without(text: str, people: Mapping[str, Persona]) -> str:
    """`text` with the personas' names, whole or in part, as `[name]`."""
    words = {word for name in people for word in re.findall(r"\w{3,}", name) if word[0].isupper()}
    if not words:
        return text
    return re.sub(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b", "[name]", text)


async def identified(model: Model, case: RoleCase) -> Guess | str:
    """The judge's probabilities, or why it gave none that can be used. Raises ProviderError that is hopeless."""

    def parse(data: object) -> tuple[float, ...]:
        entries = data.get("candidates") if isinstance(data, dict) else None
        if not isinstance(entries, list):
            raise NotUsable("It must be a JSON object with the list `candidates`.")
        given = {
            str(entry.get("id")).strip(" `"): entry.get("probability") for entry in entries if isinstance(entry, dict)
        }
        if sorted(given) != sorted(case.ids):
            raise NotUsable(f"It must have one entry for each of {', '.join(case.ids)}, and no other.")
        shares = [given[id_] for id_ in case.ids]
        numbers = [
            float(share)
            for share in shares
            if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1
        ]
        if len(numbers) != len(shares):
            raise NotUsable("Each probability must be a number from 0 to 1.")
        if abs(sum(numbers) - 1) > _ROUNDING:
            raise NotUsable(f"The probabilities add up to {sum(numbers):g}, not to 1.")
        return tuple(number / sum(numbers) for number in numbers)

    described = ((id_, _described(one)) for id_, one in zip(case.ids, case.candidates, strict=True))
    try:
        parsed = await ask(
            model,
            case.messages,
            purpose="judge",
            schema=SCHEMA,
            parse=parse,
            about=Identify(case.turns, tuple(described)),
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )
    except BudgetExceeded as exceeded:
        return str(exceeded)
    except ProviderError as error:
        if error.hopeless:
            raise
        return str(error)
    return Guess(parsed.value, case.right)


def scored(model: str, cases: Sequence[RoleCase], guesses: Sequence[Guess | str]) -> dict[str, Any]:
    """What goes onto the judge card. Failures are in no number but their own; without an answer all is undefined."""
    given = [guess for guess in guesses if isinstance(guess, Guess)]
    failures = Counter(guess for guess in guesses if isinstance(guess, str))
    reason = (
        "no answer could be used" if cases else "no case could be made: two personas and longer conversations needed"
    )
    chance = [1 / len(case.candidates) for case in cases]
    ranks = [(rank(guess), 1) for guess in given]
    return {
        "judge_model": model,
        "prompts": dict(PROMPT_VERSIONS),
        "cases": len(given),
        "failures": failures.total(),
        "why": next((why for why, _ in failures.most_common(1)), ""),
        "top_1": rate([(top_1(guess), 1) for guess in given], reason=reason).as_dict(),
        "chance": sum(chance) / len(chance) if chance else None,
        "rank": mean(
            ranks, bounds=(1.0, float(max((len(one.probabilities) for one in given), default=2))), reason=reason
        ).as_dict(),
        "brier": mean([(brier(guess), 1) for guess in given], bounds=(0.0, 1.0), reason=reason).as_dict(),
        "ece": calibration_error(given),
    }
