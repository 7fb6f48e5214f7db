"""Empty or repeated turn: does the persona say nothing, or the very same again although it was answered?

Idea:   a message without a letter or digit; a message of some length that stood there before. Whoever repeats a short
        answer, or says again what a bot that repeats itself did not hear, does what people do.
Cost:   no call; one look-up for each message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards


@guards.method("empty_or_repeated")
@dataclass(frozen=True)
class EmptyOrRepeated:
    """Messages without a word, and long ones that were said before."""

    shortest: int = 6
    """Words that a message needs at least for its repetition to count."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        seen: dict[str, list[int]] = {}
        answers: dict[str, int] = {}
        for one in talk.said:
            if one.role == "assistant":
                answers[one.line] = answers.get(one.line, 0) + 1
            if one.role == "assistant" or one.is_given:
                continue
            if not one.squeezed:
                is_sign = bool(one.text.strip())
                if is_sign and set(one.text.strip()) <= set("?!"):  # `???` says enough
                    continue
                why = "there is no word in it" if is_sign else "it is empty"
                yield Finding(
                    "empty_or_repeated", one.number, one.text.strip(), why, "unsure" if is_sign else "invalid"
                )
                continue
            if len(one.words) < self.shortest:
                continue
            earlier = seen.setdefault(one.line, [])
            before = talk.before(one)
            if earlier and not (before is not None and answers.get(before.line, 0) > 1):
                why = f"the same words as in turn {earlier[-1]}, although the bot has answered something else since"
                words = " ".join(one.text.split()[:12])
                severe = len(earlier) > 1
                yield Finding("empty_or_repeated", one.number, words, why, "invalid" if severe else "unsure")
            earlier.append(one.number)
