"""The rule bot: answers from its system prompt alone, by the sentences that share most with the user's message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from random import Random

from personae.core.model import Message
from personae.core.seed import derive
from personae.llm.offline.words import Sentence, content, read, tokens

_KNOWLEDGE = 20_000
"""Characters of the system prompt that are known."""
_INSTRUCTION = re.compile(
    r"^(?:you are|you're|your (?:task|role|job|name)|act as|be |always|answer|reply|respond|use |keep|when |if |do "
    r"|ask |only)\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"\b(?:never|do not|don't|must not|cannot|can't|not allowed|should not|refuse|decline|deny)\b", re.IGNORECASE
)
_GREETING = frozenset(["hi", "hello", "hey", "morning", "afternoon", "evening"])
_THANKS = frozenset(["thanks", "thank", "thx", "bye", "goodbye", "cheers"])


@dataclass(frozen=True, slots=True)
class _Knowledge:
    sentences: tuple[Sentence, ...]
    rarity: dict[str, float]
    topics: tuple[str, ...]


@lru_cache(maxsize=64)
def _known(system: str) -> _Knowledge:
    parts = re.split(r"\n\s*\n", re.sub(r"(?m)^#.*$", "\n", system[:_KNOWLEDGE]))
    sentences = [sentence for part in parts for sentence in read(part).sentences if len(sentence.words) > 2]
    counts: dict[str, int] = {}
    for sentence in sentences:
        for word in sentence.words:
            counts[word] = counts.get(word, 0) + 1
    rarity = {word: log(1 + len(sentences) / count) for word, count in counts.items()}
    topics = [line.lstrip("# ").strip() for line in system[:_KNOWLEDGE].splitlines() if line.startswith("#")]
    return _Knowledge(tuple(sentences), rarity, tuple(topic.lower() for topic in topics if 2 < len(topic) < 40)[:4])


def answer(messages: Sequence[Message], seed: int) -> str:
    """The bot's next message."""
    system = " \n".join(message["content"] for message in messages if message["role"] == "system")
    said = [message["content"] for message in messages if message["role"] == "user"]
    last = said[-1][:4_000] if said else ""
    knowledge = _known(system)
    draw = Random(derive(seed, "bot", len(messages), len(last)))
    words = set(tokens(last))
    asked = content(last)
    found = _best(knowledge, asked)
    if found:
        return _told(found)
    if not said or (words & _GREETING and len(asked) < 3):
        return "Hello! How can I help you?"
    if words & _THANKS and len(asked) < 4:
        return "You're welcome! Is there anything else I can help you with?"
    return _clarifying(knowledge, draw)


def _best(knowledge: _Knowledge, asked: frozenset[str]) -> list[Sentence]:
    """At most two sentences that fit, the better one first; none where nothing fits."""
    ranked = []
    for place, sentence in enumerate(knowledge.sentences):
        shared = asked & sentence.words
        if shared and not (_INSTRUCTION.match(sentence.text) and not _FORBIDS.search(sentence.text)):
            value = sum(knowledge.rarity[word] for word in shared) / (4 + len(sentence.words)) ** 0.5
            ranked.append((-value, place, sentence, len(shared)))
    ranked.sort(key=lambda entry: entry[:2])
    if not ranked or (ranked[0][3] < 2 and -ranked[0][0] < 0.7):
        return []
    top = ranked[0]
    return [sentence for value, _, sentence, _ in ranked[:2] if value <= 0.6 * top[0]]


def _told(sentences: Sequence[Sentence]) -> str:
    first = sentences[0]
    if _FORBIDS.search(first.text) and re.search(
        r"\b(?:never|do not|don't|must not|refuse|decline|deny|should not)\b", first.text, re.IGNORECASE
    ):
        return (
            f"I'm sorry, I can't help with that. {_addressed(first.text)}"
            if not _INSTRUCTION.match(first.text)
            else "I'm sorry, I can't help with that."
        )
    return " ".join(_addressed(sentence.text) for sentence in sentences)


def _addressed(text: str) -> str:
    """A sentence about users, said to one."""
    text = re.sub(r"^[-*•#>\s]+|\*\*|__", "", text)
    text = re.sub(r"\b[Tt]he (?:user|customer)'s\b", "your", text)
    text = re.sub(
        r"\b[Tt]he (?:user|customer) (is|has|was)\b",
        lambda m: "you " + {"is": "are", "has": "have", "was": "were"}[m[1]],
        text,
    )
    text = re.sub(
        r"\b[Tt]he (?:user|customer) (need|want|ask|get|pay|request|confirm|provide|cancel|choose|receive|make)s\b",
        r"you \1",
        text,
    )
    text = re.sub(r"\b[Tt]he (?:user|customer)\b|\b(?:users|customers)\b", "you", text)
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")


def _clarifying(knowledge: _Knowledge, draw: Random) -> str:
    if knowledge.topics and draw.random() < 0.5:
        return f"Could you tell me a bit more? I can help with {', '.join(knowledge.topics)}."
    return (
        "Could you give me a few more details, please?",
        "I'm not sure I understood. What exactly would you like to know?",
    )[draw.randrange(2)]
