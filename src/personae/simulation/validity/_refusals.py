"""Does the bot say no? A look at the words, for guards that must not blame a user who takes no for an answer."""

from __future__ import annotations

import re
from functools import lru_cache

_NO = re.compile(
    r"\b(?:can'?t|cannot|can not|unable|not able|not possible|impossible|won'?t|will not|not allowed|not permitted"
    r"|decline"
    r"|no longer|don'?t (?:have|offer|support|provide|ship)|do not (?:have|offer|support|provide|ship)|unfortunately"
    r"|sorry(?! (?:to hear|about|for (?:the|your)))"
    r"|not (?:available|eligible)|unavailable|denied|expired|refuse|out of stock|transfer)\b"
    r"|leider|nicht möglich|kann ich nicht|désolé|impossible|no puedo|lo siento|não posso|mi dispiace|helaas|не могу"
    r"|抱歉|无法"
)


@lru_cache(maxsize=1024)
def declines(lower: str) -> bool:
    """Whether anything in the bot's message, in lower case, sounds like a no."""
    return _NO.search(lower) is not None
