"""Criterion: a yes/no question about a transcript. Rating and Score: what the judge answered, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from personae.core.record import Filled, Record, Text
from personae.core.seed import digest

Mode = Literal["fast", "detailed"]
"""How much the judge reasons before it answers."""


class Criterion(Record):
    """A yes/no question about a transcript, in plain words. May hold `{{column}}` placeholders."""

    question: Filled
    name: Text = ""
    """A short label. The question stands for it where it is blank."""

    @property
    def label(self) -> str:
        return self.name.strip() or self.question

    @property
    def version_hash(self) -> str:
        return digest("Criterion", self.question)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the transcript that the judge points at."""

    turn: int
    """Number of the turn, from 1, as the judge was shown them."""
    text: str
    found: bool
    """Whether these very words stand in that turn. White space and quotation marks are not compared."""

    def as_dict(self) -> dict[str, Any]:
        return {"turn": self.turn, "text": self.text, "found": self.found}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Quote:
        return cls(int(data["turn"]), str(data["text"]), bool(data["found"]))


@dataclass(frozen=True, slots=True)
class Vote:
    """What one judge of several said. `verdict` is None exactly where there is an `error`."""

    judge: str
    verdict: bool | None
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"judge": self.judge, "verdict": self.verdict} | ({"error": self.error} if self.error else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Vote:
        return cls(data["judge"], data["verdict"], data.get("error", ""))


@dataclass(frozen=True, slots=True)
class Rating:
    """The judge's answer to one criterion. `verdict` is None exactly where there is an `error`."""

    criterion: str
    verdict: bool | None
    reasoning: str = ""
    quotes: tuple[Quote, ...] = ()
    error: str = ""
    votes: tuple[Vote, ...] = ()
    """What each of several judges said; empty where there is one."""

    @property
    def is_split(self) -> bool:
        """Judges said different things."""
        return len({vote.verdict for vote in self.votes if vote.verdict is not None}) > 1

    @property
    def parting_votes(self) -> str:
        """Who of several judges said what, where one of them said otherwise or nothing; else blank."""
        if len({vote.verdict for vote in self.votes}) < 2:
            return ""
        words = {True: "YES", False: "NO", None: "no answer"}
        return f"[{', '.join(f'{vote.judge}: {words[vote.verdict]}' for vote in self.votes)}]"

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"criterion": self.criterion, "verdict": self.verdict}
        if self.reasoning:
            data["reasoning"] = self.reasoning
        if self.quotes:
            data["quotes"] = [quote.as_dict() for quote in self.quotes]
        if self.error:
            data["error"] = self.error
        if self.votes:
            data["votes"] = [vote.as_dict() for vote in self.votes]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Rating:
        quotes = tuple(Quote.from_dict(quote) for quote in data.get("quotes", ()))
        reasoning, error = data.get("reasoning", ""), data.get("error", "")
        votes = tuple(Vote.from_dict(vote) for vote in data.get("votes", ()))
        return cls(data["criterion"], data["verdict"], reasoning, quotes, error, votes)


@dataclass(frozen=True, slots=True)
class Score:
    """A metric's value for one transcript. `value` is None exactly where `reason` says why nothing was measured."""

    metric: str
    value: float | None
    """0 to 1, more is better."""
    reason: str = ""
    quotes: tuple[Quote, ...] = ()
    passed: bool | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"metric": self.metric, "value": self.value, "passed": self.passed}
        if self.reason:
            data["reason"] = self.reason
        if self.quotes:
            data["quotes"] = [quote.as_dict() for quote in self.quotes]
        if self.detail:
            data["detail"] = dict(self.detail)
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Score:
        quotes = tuple(Quote.from_dict(quote) for quote in data.get("quotes", ()))
        reason, passed, detail = data.get("reason", ""), data.get("passed"), data.get("detail", {})
        return cls(data["metric"], data["value"], reason, quotes, passed, detail)
