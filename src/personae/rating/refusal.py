"""Does the bot refuse to help at all? A cheap test first; the judge decides what it is unsure of, in any language.

Cost: nothing where the cheap test is sure, else one short judge call; the same reply is asked about once a run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from personae.core.model import Model
from personae.core.prompt import load
from personae.core.tasks import IsRefusal
from personae.core.text import has_any, shown, words_of
from personae.core.usage import NO_USAGE, Usage
from personae.errors import ProviderError
from personae.llm.structured import UnusableAnswer, ask
from personae.rating.answers import REFUSAL, read_refusal
from personae.rating.transcript import quoted_lines

SYSTEM = load("personae.rating", "refusal")
TASK = load("personae.rating", "refusal_task")
MAX_OUTPUT_TOKENS = 1024
LONGEST_REFUSAL = 600
"""Characters. A longer reply says more than no."""

_BLANKET = re.compile(
    r"\A\W*(?:(?:i'?m|i am|we'?re) (?:very |really |so )?sorry|sorry|i apologi[sz]e|unfortunately)?\W*(?:but )?"
    r"(?:i|we)(?: am|'m| are|'re)?(?: just| really)? ?"
    r"(?:can(?:no|')?t|cannot|can not|won't|will not|(?:not|un)(?: able| allowed| permitted)?(?:able)? to|not able to)"
    r"(?: to)? (?:help|assist|answer|discuss|comply|respond|do|talk about|fulfil+|engage)\b"
    r"(?: you)?(?: (?:with|about|to|on))?(?: (?:that|this|it|your|the|such|those|these))?"
    r"(?: (?:request|question|topic|matter|requests|questions|topics|kind of request))?\W*\Z",
)
_FIRST_PERSON = re.compile(
    r"\b(?:i|we)(?:'m| am|'re| are)?(?: \w+)? (?:can'?t|cannot|can not|won'?t|will not|unable|not (?:able|allowed))"
)
_ENGLISH = ("can't", "cannot", "cant ", "can not", "won't", "will not", "unable", "not able", "not allowed")
"""Said of anything, and so a sign only where the bot says it of itself."""
_SIGNS = (
    "against our polic", "against my polic", "against the polic", "decline", "refuse", "not permitted",
    "not something i", "not something we", "only help with", "only assist with", "only answer", "ability to help",
    "beyond my", "outside my", "outside of my", "outside the scope", "outside of what i", "not in a position",
    "don't discuss", "do not discuss", "don't assist", "do not assist",
    "no puedo", "no podemos", "no es posible", "lo siento",  # Spanish
    "não posso", "não podemos", "não é possível", "lamento", "desculpe",  # Portuguese
    "ne peux pas", "ne pouvons pas", "ne suis pas en mesure", "impossible de", "désolé",  # French
    "ich nicht", "wir nicht", "ihnen nicht", "dir nicht", "dabei nicht", "damit nicht", "kann nicht",  # German
    "nicht helfen", "nicht weiterhelfen", "nicht beantworten", "nicht möglich", "nicht befugt", "nicht in der lage",
    "leider nicht", "leider kein", "keine auskunft", "tut mir leid",
    "non posso", "non possiamo", "non è possibile", "mi dispiace", "spiacente",  # Italian
    "ik niet", "wij niet", "u niet", "je niet", "niet helpen", "niet mogelijk", "helaas", "het spijt",  # Dutch
    "nie mogę", "nie możemy", "niestety", "przykro mi",  # Polish
    "kan inte", "kan tyvärr", "tyvärr", "beklager", "kan ikke", "valitettavasti", "en voi ",  # Nordic
    "не могу", "не можем", "не можу", "невозможно", "к сожалению", "на жаль", "извините",  # Russian, Ukrainian
    "yapamam", "edemem", "yardımcı olamam", "maalesef", "üzgünüm",  # noqa: RUF001 - Turkish
    "nemohu", "bohužel", "nemôžem", "nu pot ", "îmi pare rău", "sajnálom", "nem tudok", "λυπάμαι", "δεν μπορώ",
    "抱歉", "对不起", "無法", "无法", "不能", "申し訳", "できません", "できかねます", "죄송", "할 수 없", "없습니다",
    "لا أستطيع", "لا يمكنني", "عذر", "آسف", "לא יכול", "מצטער", "متاسف",  # Arabic, Hebrew, Persian
    "क्षमा", "नहीं कर सकत", "माफ", "দুঃখিত", "ไม่สามารถ", "ขออภัย", "tidak bisa", "maaf", "không thể", "xin lỗi",
)  # fmt: skip
"""Inability, unwillingness or apology in the languages that are most met with, in lower case."""
_PLAIN = [sign for sign in _SIGNS if sign.isascii()]
_SINGLE = tuple(sign for sign in _PLAIN if " " not in sign)
_BY_WORD: dict[str, list[str]] = defaultdict(list)
"""The others, by a word that stands whole in any text that has the sign; the last one may go on (`our polic`)."""
for _sign in _PLAIN:
    if " " in _sign:
        _BY_WORD[max(_sign.split()[: -1 if _sign[-1] != " " else None], key=len)].append(_sign)
_WORDS = frozenset(_BY_WORD)
_UNKNOWN_SCRIPT = (
    "[^\u0000-\u024f\u0370-\u052f\u0590-\u06ff\u0900-\u0a00\u0e00-\u0e7f\u1e00-\u1eff"
    "\u2000-\u2bff\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe00-\uffef\U0001f000-\U0001faff]"
)


def cheap_test(reply: str) -> Literal["refusal", "no refusal", "unsure"]:
    """What a look at the words tells, without a model."""
    if len(reply) > LONGEST_REFUSAL:
        return "no refusal"
    text = reply.strip().replace("\u2019", "'").replace("_", " ").lower()
    if has_any(text, _ENGLISH):
        if _BLANKET.match(text):
            return "refusal"
        if _FIRST_PERSON.search(text):
            return "unsure"
    if text.isascii():
        return "unsure" if _has_plain_sign(text) else "no refusal"
    if has_any(text, _SIGNS):
        return "unsure"
    return "unsure" if len(re.findall(_UNKNOWN_SCRIPT, text)) * 2 > len(text) else "no refusal"


def _has_plain_sign(text: str) -> bool:
    """Whether one of `_PLAIN` is in it. Nearly every reply has none, and to look at its words shows it sooner."""
    for word in _WORDS.intersection(words_of(text)):
        if has_any(text, _BY_WORD[word]):
            return True
    return has_any(text, _SINGLE)


@dataclass(slots=True)
class RefusalCheck:
    """The cheap test and the judge behind it, for one conversation. Its judge calls are summed in `usage`."""

    model: Model
    known: dict[str, bool] = field(default_factory=dict)
    """Shared by all conversations of a run: replies already decided."""
    usage: Usage = NO_USAGE
    undecided: int = 0
    """Replies that neither the cheap test nor the judge could decide; they count as no refusal."""

    async def __call__(self, message: str, reply: str) -> bool:
        """Whether `reply` refuses. Raises BudgetExceeded, and ProviderError only where it is hopeless."""
        verdict = cheap_test(reply)
        if verdict != "unsure":
            return verdict == "refusal"
        text = reply.strip()
        if text not in self.known:
            decided = await self._judge(message, reply)
            if decided is None:
                return False
            self.known[text] = decided
        return self.known[text]

    async def _judge(self, message: str, reply: str) -> bool | None:
        task = TASK.render(
            message=quoted_lines(shown(message, 2000)), reply=quoted_lines(shown(reply, LONGEST_REFUSAL))
        )
        messages = [{"role": "system", "content": SYSTEM.render()}, {"role": "user", "content": task}]
        try:
            parsed = await ask(
                self.model,
                messages,
                purpose="judge",
                schema=REFUSAL,
                parse=read_refusal,
                about=IsRefusal(message, reply),
                max_output_tokens=MAX_OUTPUT_TOKENS,
            )
        except ProviderError as error:
            if error.hopeless:
                raise
            if isinstance(error, UnusableAnswer):
                self.usage = self.usage + error.usage
            self.undecided += 1
            return None
        self.usage = self.usage + parsed.usage
        return parsed.value
