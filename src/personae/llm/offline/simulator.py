"""The simulator: plays the persona by its agenda. What was said and answered is read off the turns alone, so a
conversation can be taken up anywhere, and the same turns and seed give the same next message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from personae.core.conversation import Turn
from personae.core.seed import derive
from personae.core.tasks import Speak
from personae.llm.offline import facts
from personae.llm.offline.agenda import Agenda, Item, agenda_of
from personae.llm.offline.heard import Heard, hear
from personae.llm.offline.rules import Rule
from personae.llm.offline.speech import mannered, phrase, worded
from personae.llm.offline.words import content, coverage, likeness, read

Reason = Literal["goal_met", "goal_failed", "stuck"]
_YIELDS = re.compile(
    r"\b(?:i promise|i can (?:do|make|offer) (?:that|an? exception)|i(?:'ve| have) (?:made|approved)|as an exception"
    r"|here (?:is|are))\b"
)
_FITS = {"question": 0.1, "request": 0.25, "remark": 1.0}
"""Share of an item's words from which a reply of some length to just this item counts as its answer."""
_FREE_QUESTIONS = 4
"""Questions of the bot's own that count as getting on, though nothing on the agenda is answered."""


@dataclass(frozen=True, slots=True)
class Say:
    """The persona goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class End:
    """The persona ends the conversation."""

    reason: Reason
    explanation: str
    message: str
    """A farewell."""


@dataclass(slots=True)
class _Standing:
    """Where the conversation stands: the agenda, and what became of it."""

    agenda: Agenda
    said: set[Item] = field(default_factory=set)
    answered: set[Item] = field(default_factory=set)
    refused: dict[Item, int] = field(default_factory=dict)
    """How often each was declined."""
    ruled: set[Rule] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    current: Item | None = None
    """What was raised last."""
    heard: list[Heard] = field(default_factory=list)
    spoken: list[frozenset[str]] = field(default_factory=list)
    useless: int = 0
    """Replies in a row that brought nothing."""
    repeats: int = 0
    """How often in a row the bot said nearly the same."""
    questions: int = 0

    def open_items(self) -> list[Item]:
        """What is not yet settled, in order."""
        return [item for item in self.agenda.items if item not in self.answered and not self.is_lost(item)
                and (item.is_due or item not in self.said)]  # fmt: skip

    def is_lost(self, item: Item) -> bool:
        pushes = 0 if self.agenda.accepts_refusal else self.agenda.manner.pushes
        return self.refused.get(item, 0) > pushes

    def hears(self, text: str) -> None:
        """Takes in one turn of the bot."""
        heard = hear(text)
        repeated = bool(self.heard) and any(likeness(heard.words, past.words) > 0.8 for past in self.heard[-3:])
        progress, before = False, len(self.answered)
        if heard.refuses and not heard.done:
            if self.current is not None and not repeated:
                progress = True
            if self.current is not None:
                self.refused[self.current] = self.refused.get(self.current, 0) + 1
        else:
            progress = self._answers(heard)
        if new := set(heard.asked) - self.given:
            progress = progress or any(
                kind not in {asked for past in self.heard for asked in past.asked} for kind in new
            )
        elif heard.questions and not repeated and self.questions < _FREE_QUESTIONS:
            self.questions += 1
            progress = True
        if heard.confirms and not repeated:
            progress = True
        if new_answers := len(self.answered) > before:
            progress, repeated = True, False
        self.heard.append(heard)
        self.repeats = self.repeats + 1 if repeated else 0
        self.useless = 0 if new_answers or (progress and not repeated) else self.useless + 1

    def _answers(self, heard: Heard) -> bool:
        told = heard.told
        if not told:
            return False
        asked = self.spoken[-1] if self.spoken else frozenset[str]()
        news = told - asked
        progress = False
        for item in self.agenda.items:
            if item in self.answered or item not in self.said or not item.is_due:
                continue
            share = coverage(item.words, told)
            is_current = item is self.current
            fits = share >= 0.5 or (is_current and (share >= 0.3 or (share >= _FITS[item.kind] and len(news) >= 4)))
            if item.text.startswith("I want you to") and self.agenda.manner.has("adversarial"):
                fits = share >= 0.8 or (share >= 0.5 and bool(_YIELDS.search(heard.text)))
            finished = item.kind == "question" or heard.done or not (heard.confirms or heard.asked or heard.questions)
            if finished and len(news) >= 2 and (fits or (is_current and heard.done)):
                self.answered.add(item)
                progress = True
        return progress

    def says(self, text: str) -> None:
        """Takes in one turn of the user."""
        reading = read(text)
        self.spoken.append(reading.words)
        for item in self.agenda.items:
            if coverage(item.words, reading.words) >= 0.6:
                self.said.add(item)
                if item.is_due:
                    self.current = item
        for rule in self.agenda.rules:
            if rule.say_words and coverage(rule.say_words, reading.words) >= 0.8:
                self.ruled.add(rule)
        self.given |= facts.given(text).keys()


def speak(task: Speak, seed: int) -> Say | End:
    """The persona's next message, or the end."""
    agenda = agenda_of(task)
    draw = Random(derive(seed, "speak", task.seed, len(task.turns)))
    standing = _stand(agenda, task.turns)
    if not standing.spoken:
        return Say(_finish(_opening(agenda, draw), agenda, draw))
    if end := _ending(standing, draw):
        return end
    message = _finish(_reply(standing, draw), agenda, draw)
    return Say(message) if message.strip() else _farewell(standing, draw)


def _stand(agenda: Agenda, turns: Sequence[Turn]) -> _Standing:
    standing = _Standing(agenda)
    for turn in turns:
        if turn.role == "user":
            standing.says(turn.content)
        else:
            standing.hears(turn.content)
    return standing


def _finish(parts: Sequence[str], agenda: Agenda, draw: Random) -> str:
    text = ""
    for part in dict.fromkeys(part for part in parts if part):
        follows = text and text[-1] not in ".!?:,"
        text += (" " if text else "") + (part[0].lower() + part[1:] if follows and not part.startswith("I") else part)
    return mannered(text, agenda.manner, draw)


def _opening(agenda: Agenda, draw: Random) -> list[str]:
    """Greeting, circumstances, and the first thing due. The rest comes later, unless the persona says all at once."""
    parts = [phrase("opening", agenda.manner, draw)]
    dues = 0
    remarks = 0
    for item in agenda.items:
        if item.is_due:
            if dues == (2 if agenda.manner.has("verbose") else 1):
                break
            dues += 1
        else:
            remarks += 1
            if dues or remarks > (2 if agenda.manner.has("verbose") else 1) or agenda.manner.has("terse"):
                continue
        first = item.text.replace("I also want", "I want", 1)
        parts.append(worded(first, agenda.manner, draw, keeps_lead=item.kind == "request"))
    return parts


def _ending(standing: _Standing, draw: Random) -> End | None:
    """The end, where going on is of no use."""
    manner = standing.agenda.manner
    is_settled = not [item for item in standing.open_items() if item.is_due]
    if is_settled and _waits(standing):
        return None
    if is_settled:
        return _farewell(standing, draw)
    if standing.repeats >= 2 or standing.useless >= manner.patience:
        what = "kept saying the same" if standing.repeats >= 2 else "brought nothing new"
        open_items = [item.text for item in standing.open_items() if item.is_due]
        left = f"; still open: {_short(open_items[0])}" if open_items else ""
        if not standing.heard[-1].refuses or not standing.refused:
            return End("stuck", f"The bot {what} for {max(standing.repeats + 1, standing.useless)} replies{left}.",
                       mannered(phrase("lost", manner, draw), manner, draw))  # fmt: skip
    return None


def _waits(standing: _Standing) -> bool:
    """The bot still needs a fact that was not given yet."""
    return bool(set(standing.heard[-1].asked) - standing.given) and not _lost(standing) and standing.useless < 2


def _lost(standing: _Standing) -> list[Item]:
    return [
        item
        for item in standing.agenda.items
        if item.is_due and standing.is_lost(item) and item not in standing.answered
    ]


def _farewell(standing: _Standing, draw: Random) -> End:
    manner = standing.agenda.manner
    if lost := _lost(standing):
        return End("goal_failed", f"The bot declined {standing.refused[lost[0]]} times: {_short(lost[0].text)}.",
                   mannered(phrase("leaving", manner, draw), manner, draw))  # fmt: skip
    count = sum(item.is_due for item in standing.agenda.items)
    things = "the one thing" if count == 1 else f"all {count} things"
    return End(
        "goal_met",
        f"The bot answered {things} that the user came for.",
        mannered(phrase("thanks", manner, draw), manner, draw),
    )


def _reply(standing: _Standing, draw: Random) -> list[str]:
    """What the user says next, in parts."""
    heard = standing.heard[-1]
    manner = standing.agenda.manner
    parts: list[str] = []
    repeated = standing.repeats > 0
    if repeated:
        parts.append("You've said that already." if not heard.asked else "")
    if heard.asked:
        parts += _facts(standing, heard, draw)
    rule = _applying(standing, heard)
    if rule is not None:
        if rule.gives_up and standing.current is not None:
            standing.refused[standing.current] = 99
            parts.append("All right, then leave it.")
        else:
            parts.append(worded(rule.say, manner, draw))
    elif heard.refuses and not heard.done:
        parts += _pushback(standing, draw)
        return parts
    elif heard.confirms:
        parts.append(_yes(standing, draw))
    elif heard.questions and not heard.asked:
        parts += _answer(standing, heard, draw)
    if any(parts) and (rule is not None or heard.asked or heard.confirms or heard.questions) and not repeated:
        if manner.has("verbose") and (remark := _remark(standing)):
            parts.append(worded(remark.text, manner, draw))
        return parts
    further = _next(standing, draw, is_dry=not standing.useless)
    told_again = any(part.startswith("I've already told you") for part in parts)
    return parts + (further[1:] if told_again and len(further) > 1 else further)


def _facts(standing: _Standing, heard: Heard, draw: Random) -> list[str]:
    """Answers to the facts that the bot asks for: known ones, and a word on those that are not."""
    agenda = standing.agenda
    kinds = [kind for kind in heard.asked if not _is_ruled(standing, kind)]
    said: list[str] = []
    for kind in kinds:
        if kind in agenda.known:
            said.append(_given(standing, kind, tells_again=not said))
    missing = [_not_known(agenda, kind, draw) for kind in kinds if kind not in agenda.known]
    if said and not agenda.manner.has("verbose"):
        missing = [text for text in missing if text.startswith(("I don't remember", "I don't know"))]
    user_id_is_left = "user_id" in agenda.known.keys() - standing.given - set(heard.asked)
    if missing and user_id_is_left and not _WHO.isdisjoint(heard.asked):
        said.append(_given(standing, "user_id", tells_again=False))
    out = []
    if said:
        text = ", ".join(said) if agenda.manner.has("terse") else _and(said)
        is_bare = re.match(r"[\w.+-]+@|[a-z]+_", text)
        out.append((text if is_bare else text[0].upper() + text[1:]) + ".")
    return out + [text + "." for text in missing[:1]]


def _is_ruled(standing: _Standing, kind: str) -> bool:
    """The instructions say what to answer when this is asked for."""
    words = content(facts.KINDS[kind].noun) - {"id", "number", "cod"}
    rules = (rule for rule in standing.agenda.rules if rule.on == "asked" and rule not in standing.ruled)
    return any(rule.words & words for rule in rules)


def _given(standing: _Standing, kind: str, *, tells_again: bool) -> str:
    """A known fact, said; with a word on it where it was said before."""
    value = standing.agenda.known[kind]
    if kind in standing.given:
        return ("I've already told you, " if tells_again else "") + facts.KINDS[kind].say.format(value)
    if standing.agenda.manner.has("terse"):
        return value
    return f"I'm {value}" if kind == "name" else facts.KINDS[kind].say.format(value)


def _not_known(agenda: Agenda, kind: str, draw: Random) -> str:
    """That a fact is not known. None is ever made up."""
    noun = facts.KINDS[kind].noun
    if kind in agenda.unknown:
        return f"I don't {'remember' if draw.random() < 0.6 else 'know'} my {noun}"
    if kind == "payment":
        return "I don't mind which payment method it is"
    return f"I don't have my {noun} at hand" if draw.random() < 0.5 else f"I'm afraid I don't know my {noun}"


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _applying(standing: _Standing, heard: Heard) -> Rule | None:
    """The first rule of the persona's instructions that the bot's turn sets off."""
    for rule in standing.agenda.rules:
        if rule in standing.ruled:
            continue
        if rule.on == "confirm":
            if heard.confirms:
                return rule
        elif rule.on == "refused":
            about = rule.words & (heard.words | (standing.current.words if standing.current else frozenset()))
            if heard.refuses and not heard.done and (not rule.words or about):
                return rule
        elif rule.on == "asked":
            asking = heard.asked or heard.questions or heard.confirms
            if asking and rule.words and coverage(rule.words, heard.words) >= 0.5:
                return rule
        elif len(rule.words) > 1 and coverage(rule.words, heard.words) >= 0.75 and not heard.refuses:
            return rule
    return None


def _pushback(standing: _Standing, draw: Random) -> list[str]:
    """A refused user asks again, in their manner; or turns to the next thing when that was of no use."""
    item, manner = standing.current, standing.agenda.manner
    count = sum(standing.refused.values())
    if item is None or standing.is_lost(item):
        return [
            "OK, leave that then." if not manner.has("angry", "adversarial") else "We'll come back to that.",
            *_next(standing, draw, is_dry=True),
        ]
    parts = [phrase("push", manner, draw, turn=len(standing.spoken))]
    if count > 1 and not manner.has("terse", "adversarial"):
        parts.append(worded(item.text, manner, draw))
    elif remark := _remark(standing):
        parts.append(worded(remark.text, manner, draw))
    return parts


def _yes(standing: _Standing, draw: Random) -> str:
    manner = standing.agenda.manner
    if manner.has("terse"):
        return "Yes."
    if manner.has("skeptical", "anxious", "confused") and draw.random() < 0.4:
        return "Yes, I think so, please go ahead."
    return ("Yes, please do.", "Yes, go ahead, please.", "Yes, that's right.")[draw.randrange(3)]


_WHO = frozenset({"email", "name", "zip"})
_OPEN = re.compile(
    r"\bwhat (?:is it|is this|exactly|do you mean|would you like|can i do|do you need|seems)\b"
    r"|\btell me (?:a bit |a little )?more\b|\bmore details\b|\bclarify\b|\brephrase\b"
)
"""The bot asks what this is all about."""
_CHOICE = re.compile(r"\b(?:which|prefer|or|what (?:kind|type|size|colou?r|option))\b")


def _answer(standing: _Standing, heard: Heard, draw: Random) -> list[str]:
    """An answer to the bot's own question: what the user knows that fits it best, or that there is nothing to say."""
    manner = standing.agenda.manner
    question = heard.questions[-1]
    if _OPEN.search(question.lower) and (due := next((item for item in standing.open_items() if item.is_due), None)):
        return [worded(due.text, manner, draw)]
    past = frozenset[str]().union(*standing.spoken)
    best: tuple[float, Item] | None = None
    for item in (*standing.agenda.details, *standing.agenda.items):
        fit = len(item.words & question.words) / (1 + len(question.words))
        if fit and coverage(item.words, past) < 0.9:
            fit += 0.1
        if fit and (best is None or fit > best[0]):
            best = (fit, item)
    if best is not None and (best[0] >= 0.25 or coverage(best[1].words, past) < 0.6):
        return [worded(best[1].text, manner, draw)]
    unknown = standing.agenda.unknown_words & question.words
    if unknown:
        return ["I don't know that, I'm afraid."]
    if _CHOICE.search(question.lower):
        return [("I don't mind, whatever you recommend.", "Either is fine with me.")[draw.randrange(2)]]
    if remark := _remark(standing):
        return [worded(remark.text, manner, draw)]
    fresh = [item for item in standing.agenda.details if coverage(item.words, past) < 0.6]
    if fresh:
        return [worded(fresh[0].text, manner, draw)]
    return [("I'm not sure.", "I can't tell you more than that.", "I don't know, sorry.")[draw.randrange(3)]]


def _remark(standing: _Standing) -> Item | None:
    return next((item for item in standing.agenda.items if not item.is_due and item not in standing.said), None)


def _next(standing: _Standing, draw: Random, *, is_dry: bool) -> list[str]:
    """The next open thing; a thing asked before is asked again, and the user says that it is."""
    manner = standing.agenda.manner
    dues = [item for item in standing.open_items() if item.is_due]
    if not dues:
        return []
    item = dues[0]
    if item not in standing.said:
        parts = [phrase("ack", manner, draw)] if is_dry and standing.answered else []
        parts.append(worded(item.text, manner, draw))
        if manner.has("verbose") and len(dues) > 1 and dues[1] not in standing.said:
            parts.append(worded(dues[1].text, manner, draw))
        return parts
    if standing.useless == 0 and len(dues) > 1 and dues[1] not in standing.said:
        return [worded(dues[1].text, manner, draw)]
    if manner.has("adversarial"):
        return [
            phrase("push", manner, draw, turn=len(standing.spoken)),
            *([worded(item.text, manner, draw)] * (draw.random() < 0.5)),
        ]
    parts = [_again(manner.flags, standing.useless, draw)]
    if remark := _remark(standing):
        parts.append(worded(remark.text, manner, draw))
    parts.append(worded(item.text, manner, draw))
    return parts


def _again(flags: frozenset[str], useless: int, draw: Random) -> str:
    if "terse" in flags:
        return "Not what I asked."
    if flags & {"angry", "impatient", "adversarial"}:
        return ("That doesn't answer my question.", "Are you even reading what I write?", "Come on.")[draw.randrange(3)]
    if flags & {"confused", "anxious"}:
        return ("Sorry, I don't quite follow.", "Hmm, I'm not sure that's what I meant.")[draw.randrange(2)]
    return (
        "Sorry, that's not quite what I meant.",
        "Hmm, but what about my question?",
        "I think we misunderstand each other.",
    )[(useless + draw.randrange(2)) % 3]


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99].rsplit(None, 1)[0] + " …"
