"""A conversation as a page shows it: turns in pieces with marked quotes, the answers beside them, and how bad it went.

Plain data for `templates/_conversation.html`, which server pages can use as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from personae.core.conversation import Turn
from personae.core.rating import Quote
from personae.core.result import SimulationResult
from personae.core.seed import digest
from personae.experiments.measured import exclusion, is_cut, is_retried, measure_id, metric_title
from personae.rating.transcript import most_shown
from personae.reports._quotes import Piece, find, pieces, split
from personae.reports._text import decimal, label, milliseconds, tone, visible

FOLD_AT = 1_600
"""Longer turns are folded after this many characters."""


@dataclass(frozen=True, slots=True)
class QuoteView:
    id: str
    turn: int
    text: str
    found: bool
    """These words stand in that turn, and are marked in it."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What the judge answered to one question."""

    id: str
    """The measure's id."""
    name: str
    kind: str
    verdict: str
    """YES, NO, a number, or `no answer`."""
    tone: str
    """`good`, `bad` or `none`."""
    reasoning: str
    quotes: tuple[QuoteView, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """One thing that speaks against a conversation as a fair test."""

    id: str
    guard: str
    turn: int
    """0: the conversation as a whole."""
    words: str
    why: str
    severity: str
    fault: str
    found: bool
    """Its words stand in that turn, and are marked in it."""


@dataclass(frozen=True, slots=True)
class TurnView:
    number: int
    role: str
    head: tuple[Piece, ...]
    rest: tuple[Piece, ...]
    """What is folded away; empty for most turns."""
    length: int
    latency: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConversationView:
    id: str
    """Stands in the address: the conversation's key where that can stand there."""
    persona: str
    description: str
    traits: tuple[str, ...]
    scenario: str
    goal: str
    expected_outcome: str
    epoch: int
    system_prompt: str
    turns: tuple[TurnView, ...]
    replies: int
    termination: str
    termination_label: str
    termination_tone: str
    explanation: str
    error: str
    left_out: str
    """Why it is in no rate; blank where it was measured."""
    verdict: str
    """Of the goal: `yes`, `no`, or `none`."""
    answers: tuple[AnswerView, ...]
    validity: str
    """`valid`, `unsure`, `invalid`, or `none` where it was not checked."""
    fault: str
    findings: tuple[FindingView, ...]
    attempts: int
    """How often it was held before, and was no fair test."""
    cost: str
    latency: str
    """The slowest reply."""

    @property
    def noes(self) -> tuple[str, ...]:
        """The ids of goal and criteria that were answered with NO."""
        return tuple(answer.id for answer in self.answers if answer.verdict == "NO")


def conversation_id(key: str) -> str:
    """What stands behind `#` in an address: the key itself, or a name for it where its signs could not stand there."""
    return key if re.fullmatch(r"[A-Za-z0-9][\w.-]{0,80}", key, re.ASCII) else f"c{digest(key)}"


def badness(result: SimulationResult) -> tuple[int, float]:
    """For sorting, worst first: goal not achieved, some criterion NO, failed, cut or not judged, all well."""
    verdicts = [rating.verdict for rating in result.ratings if rating.verdict is not None]
    no = 1 - sum(verdicts) / len(verdicts) if verdicts else 0.0
    scores = [score.value for score in result.scores if score.value is not None]
    low = 1 - sum(scores) / len(scores) if scores else 0.0
    if exclusion(result) is not None:
        return (2 if "error" in result.conversation.termination else 3), 0.0
    if result.goal_achieved is False:
        return 0, -(2 * no + low)
    return (1 if no else 4), -(2 * no + low)


def view(result: SimulationResult) -> ConversationView:
    """Everything that a page shows of one conversation."""
    name = conversation_id(result.key)
    talk = result.conversation
    answers, spans = _answers(result, name)
    slowest = max((turn.latency_ms or 0.0 for turn in talk.turns if turn.role == "assistant"), default=0.0)
    left_out, fair = exclusion(result), result.validity
    findings = _findings(result, name, spans)
    goal, most = result.goal_achieved, most_shown(talk.turns)
    return ConversationView(
        id=name,
        persona=visible(result.persona.name),
        description=visible(result.persona.description),
        traits=tuple(map(visible, result.persona.traits)),
        scenario=visible(result.scenario.label),
        goal=visible(result.scenario.goal),
        expected_outcome=visible(result.scenario.expected_outcome),
        epoch=result.epoch,
        system_prompt=visible(talk.system_prompt),
        turns=tuple(_turn(number, turn, spans.get(number, ()), most) for number, turn in enumerate(talk.turns, 1)),
        replies=result.turns,
        termination=talk.termination,
        termination_label=label(talk.termination),
        termination_tone=tone(talk.termination),
        explanation=visible(talk.explanation),
        error=visible(talk.error),
        left_out="" if left_out is None else label(left_out[0]),
        verdict="none" if goal is None or left_out is not None else "yes" if goal else "no",
        answers=answers,
        validity="none" if fair is None else fair.verdict,
        fault="" if fair is None else fair.fault or "",
        findings=findings,
        attempts=0 if fair is None else len(fair.attempts),
        cost=_cost(result),
        latency=milliseconds(slowest) if slowest else "",
    )


def _cost(result: SimulationResult) -> str:
    cost = result.cost_usd
    return "unknown" if cost is None else f"${cost:.4f}"


def _turn(number: int, turn: Turn, spans: Iterable[tuple[str, tuple[int, int]]], most: int) -> TurnView:
    """`most`: characters that the judge was shown of it."""
    text = visible(turn.content)
    parts = pieces(text, spans)
    head, rest = split(parts, FOLD_AT * 2 // 3) if len(text) > FOLD_AT else (parts, ())
    may_be_noted = {
        "asked again": is_retried(turn.metadata),
        "cut at its limit": is_cut(turn.metadata),
        "too long: the judge saw its beginning and its end": len(turn.content) > most,
    }
    notes = [note for note, holds in may_be_noted.items() if holds]
    latency = "" if turn.latency_ms is None else milliseconds(turn.latency_ms)
    return TurnView(number, turn.role, head, rest, len(text), latency, tuple(notes))


def _findings(result: SimulationResult, name: str, spans: Spans) -> tuple[FindingView, ...]:
    """What speaks against it, its words marked where they stand. Adds to `spans`."""
    turns = result.conversation.turns
    views = []
    for place, one in enumerate(() if result.validity is None else result.validity.findings):
        inside = bool(one.words) and 1 <= one.turn <= len(turns)
        span = find(visible(one.words), visible(turns[one.turn - 1].content)) if inside else None
        this = f"{name}-f{place}"
        if span is not None:
            spans.setdefault(one.turn, []).append((this, span))
        guard, words, why = one.guard.replace("_", " "), visible(one.words), visible(one.why)
        views.append(FindingView(this, guard, one.turn, words, why, one.severity, one.fault, span is not None))
    return tuple(views)


Spans = dict[int, list[tuple[str, tuple[int, int]]]]


def _answers(result: SimulationResult, name: str) -> tuple[tuple[AnswerView, ...], Spans]:
    spans: Spans = {}
    answers: list[AnswerView] = []
    texts = [visible(turn.content) for turn in result.conversation.turns]

    def quoted(quotes: Iterable[Quote]) -> tuple[QuoteView, ...]:
        views = []
        for place, quote in enumerate(quotes):
            words = visible(quote.text)
            inside = quote.found and 1 <= quote.turn <= len(texts)
            span = find(words, texts[quote.turn - 1]) if inside else None
            this = f"{name}-q{len(answers)}-{place}"
            if span is not None:
                spans.setdefault(quote.turn, []).append((this, span))
            views.append(QuoteView(this, quote.turn, words, span is not None))
        return tuple(views)

    for kind, rating in [("goal", result.goal), *(("criterion", rating) for rating in result.ratings)]:
        if rating is None:
            continue
        title = "Goal achieved" if kind == "goal" else visible(rating.criterion)
        verdict, colour = _VERDICTS[rating.verdict]
        words = visible(f"{rating.error or rating.reasoning} {rating.parting_votes}".rstrip())
        key = measure_id("goal" if kind == "goal" else "criterion", rating.criterion)
        answers.append(AnswerView(visible(key), title, kind, verdict, colour, words, quoted(rating.quotes)))
    for score in result.scores:
        colour = "none" if score.passed is None else "good" if score.passed else "bad"
        value = "no answer" if score.value is None else decimal(score.value)
        key = visible(measure_id("metric", score.metric))
        reason = visible(score.reason)
        title = visible(metric_title(score.metric))
        answers.append(AnswerView(key, title, "metric", value, colour, reason, quoted(score.quotes)))
    return tuple(answers), spans


_VERDICTS: Mapping[bool | None, tuple[str, str]] = {
    True: ("YES", "good"),
    False: ("NO", "bad"),
    None: ("no answer", "none"),
}
