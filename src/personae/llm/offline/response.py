"""What the user says to the bot's last turn: the facts it asks for, an answer, a push back, or the next open thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from personae.llm.offline import facts
from personae.llm.offline.agenda import Agenda, Item
from personae.llm.offline.heard import Heard
from personae.llm.offline.rules import Rule
from personae.llm.offline.speech import phrase, worded
from personae.llm.offline.standing import Standing
from personae.llm.offline.words import content, coverage

_WHO = frozenset({"email", "name", "zip"})
_OPEN = re.compile(
    r"\bwhat (?:is it|is this|exactly|do you mean|would you like|can i do|do you need|seems)\b"
    r"|\btell me (?:a bit |a little )?more\b|\bmore details\b|\bclarify\b|\brephrase\b"
)
"""The bot asks what this is all about."""
_CHOICE = re.compile(r"\b(?:which|prefer|or|what (?:kind|type|size|colou?r|option))\b")


def response(standing: Standing, draw: Random) -> list[str]:
    """What the user says next, in parts. Raising a thing once more or giving it up is noted in `standing`."""
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
        if manner.has("verbose") and (remark := standing.remark()):
            parts.append(worded(remark.text, manner, draw))
        return parts
    further = _next(standing, draw, is_dry=not standing.useless)
    told_again = any(part.startswith("I've already told you") for part in parts)
    return parts + (further[1:] if told_again and len(further) > 1 else further)


def _facts(standing: Standing, heard: Heard, draw: Random) -> list[str]:
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


def _is_ruled(standing: Standing, kind: str) -> bool:
    """The instructions say what to answer when this is asked for."""
    words = content(facts.KINDS[kind].noun) - {"id", "number", "cod"}
    rules = (rule for rule in standing.agenda.rules if rule.on == "asked" and rule not in standing.ruled)
    return any(rule.words & words for rule in rules)


def _given(standing: Standing, kind: str, *, tells_again: bool) -> str:
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


def _applying(standing: Standing, heard: Heard) -> Rule | None:
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


def _pushback(standing: Standing, draw: Random) -> list[str]:
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
    elif remark := standing.remark():
        parts.append(worded(remark.text, manner, draw))
    return parts


def _yes(standing: Standing, draw: Random) -> str:
    manner = standing.agenda.manner
    if manner.has("terse"):
        return "Yes."
    if manner.has("skeptical", "anxious", "confused") and draw.random() < 0.4:
        return "Yes, I think so, please go ahead."
    return ("Yes, please do.", "Yes, go ahead, please.", "Yes, that's right.")[draw.randrange(3)]


def _answer(standing: Standing, heard: Heard, draw: Random) -> list[str]:
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
    if remark := standing.remark():
        return [worded(remark.text, manner, draw)]
    fresh = [item for item in standing.agenda.details if coverage(item.words, past) < 0.6]
    if fresh:
        return [worded(fresh[0].text, manner, draw)]
    return [("I'm not sure.", "I can't tell you more than that.", "I don't know, sorry.")[draw.randrange(3)]]


def _next(standing: Standing, draw: Random, *, is_dry: bool) -> list[str]:
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
    if remark := standing.remark():
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
