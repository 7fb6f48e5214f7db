"""The form of the judge's answer, and what it says, taken apart with care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from personae.core.conversation import Turn
from personae.core.model import OutputSchema
from personae.core.rating import Quote
from personae.core.tasks import Question, TurnQuestion
from personae.llm.structured import NotUsable
from personae.rating.metrics import TurnAnswer
from personae.rating.transcript import checked_quote

_TEXT = {"type": "string"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SCHEMA = OutputSchema(
    "ratings",
    _object(
        criteria={
            "type": "array",
            "items": _object(
                id=_TEXT,
                reasoning=_TEXT,
                quotes={"type": "array", "items": _object(turn={"type": "integer"}, text=_TEXT)},
                verdict={"type": "string", "enum": ["YES", "NO"]},
            ),
        },
        turns={
            "type": "array",
            "items": _object(
                id=_TEXT,
                turn={"type": "integer"},
                verdict={"type": "string", "enum": ["YES", "NO", "NA"]},
                reason=_TEXT,
                quote=_TEXT,
            ),
        },
    ),
)
REFUSAL = OutputSchema("refusal", _object(refusal={"type": "boolean"}))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's answer to one question about the whole transcript."""

    verdict: bool
    reasoning: str
    quotes: tuple[Quote, ...]


@dataclass(slots=True)
class Answers:
    """Everything that the judge answered, by question id."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    turns: dict[str, dict[int, TurnAnswer]] = field(default_factory=dict)

    def missing(self, questions: Sequence[Question], turn_questions: Sequence[TurnQuestion]) -> list[str]:
        """Ids of the questions without any answer."""
        without = [question.id for question in questions if question.id not in self.verdicts]
        return without + [asked.id for asked in turn_questions if len(self.left_out(asked)) == len(asked.turns)]

    def gaps(self, questions: Sequence[Question], turn_questions: Sequence[TurnQuestion]) -> list[str]:
        """What is missing, single turns included, as it is said to the judge."""
        gaps = [f"`{question.id}`" for question in questions if question.id not in self.verdicts]
        return gaps + [
            f"`{asked.id}` for turn {', '.join(map(str, turns))}"
            for asked in turn_questions
            if (turns := self.left_out(asked))
        ]

    def left_out(self, asked: TurnQuestion) -> list[int]:
        """Numbers of the turns for which `asked` has no answer."""
        answered = self.turns.get(asked.id, {})
        return [number for number in asked.turns if number not in answered]


def read(data: Any, turns: Sequence[Turn], into: Answers) -> None:
    """Add what `data` answers to `into`. Entries that cannot be read are left out; NotUsable without either list."""
    if not isinstance(data, dict) or not (
        isinstance(data.get("criteria"), list) or isinstance(data.get("turns"), list)
    ):
        raise NotUsable("It must be a JSON object with the lists `criteria` and `turns`.")
    for entry in _entries(data.get("criteria")):
        verdict = _verdict(entry)
        if verdict in ("YES", "NO"):
            reasoning = _text(entry.get("reasoning"))
            into.verdicts[_id(entry)] = Verdict(verdict == "YES", reasoning, _quotes(entry, turns))
    for entry in _entries(data.get("turns")):
        verdict, number = _verdict(entry), entry.get("turn")
        if verdict is not None and isinstance(number, int):
            words = _text(entry.get("quote"))
            quote = checked_quote(turns, number, words) if words else None
            answer = TurnAnswer(verdict, _text(entry.get("reason")), quote)
            into.turns.setdefault(_id(entry), {})[number] = answer


def read_refusal(data: Any) -> bool:
    """Whether the judge calls it a refusal."""
    if not isinstance(data, Mapping) or not isinstance(data.get("refusal"), bool):
        raise NotUsable("It must be a JSON object with `refusal`, true or false.")
    return bool(data["refusal"])


def _entries(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        return []
    return [entry for entry in value if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _id(entry: Mapping[str, Any]) -> str:
    """The id without the marks that it has in the prompt."""
    return str(entry["id"]).strip(" `")


def _verdict(entry: Mapping[str, Any]) -> Literal["YES", "NO", "NA"] | None:
    verdict = entry.get("verdict")
    if verdict in ("YES", "NO", "NA"):  # as it was asked for
        return verdict  # type: ignore[no-any-return]
    if isinstance(verdict, bool):
        return "YES" if verdict else "NO"
    if isinstance(verdict, str):
        match verdict.strip().upper().rstrip("."):
            case "YES":
                return "YES"
            case "NO":
                return "NO"
            case "NA" | "N/A":
                return "NA"
    return None


def _quotes(entry: Mapping[str, Any], turns: Sequence[Turn]) -> tuple[Quote, ...]:
    quotes = entry.get("quotes")
    return tuple(
        checked_quote(turns, quote["turn"], _text(quote["text"]))
        for quote in (quotes if isinstance(quotes, list) else ())
        if isinstance(quote, Mapping) and isinstance(quote.get("turn"), int) and _text(quote.get("text"))
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
