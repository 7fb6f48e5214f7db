"""Clauses: a text about the user, cut into single things to say, each a sentence in the first person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from personae.llm.offline.first_person import first_person

VERBS = frozenset(
    """
    accept access activate add adjust apply arrange ask avoid block book buy calculate call cancel change charge
    check choose claim clarify close collect compare complain complete confirm consider contact convert convince
    correct create decide delete demand deposit discover discuss dispute download downgrade drop enroll ensure
    exchange explain explore extend figure file find finish fix follow freeze get give have help identify inquire
    insist install keep know learn leave let locate lower make manage match modify move negotiate notify obtain open
    order pay persuade pick place plan postpone press pretend proceed process provide pull purchase push put raise
    reach rebook receive recover redeem reduce refund register reinstate remove renew repair replace report request
    reschedule reserve reset resolve return review save schedule see select sell send set settle share ship show
    sign solve speak split start stop submit subscribe suspend swap switch take talk tell test track transfer trick
    troubleshoot try turn understand undo unlock unsubscribe update upgrade use verify wait waive withdraw
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
VERB = "(?:" + "|".join(sorted(VERBS)) + ")"
_WISH = (
    r"(?:want|wish|would like|'d like|need|would prefer|'d prefer|prefer|hope|wonder|intend|plan|'d love|would love"
    r"|are looking|'re looking|are trying|'re trying)"
)
_OBJECT = (
    r"(?:the|my|your|you|a|an|it|its|them|this|that|these|those|all|any|one|both|every\w*|some\w*|#?\d+|another|how"
    r"|if|whether"
    r"|what|when|where|which|why|who|for|to|out|me|him|her|new|more|two|three|order|orders|items|back|down|up|with"
    r"|about)"
)
_CLAUSE = re.compile(
    r"(?:,? and then |,? and also |,? then |, and |,? and | but )(?=(?:to )?" + VERB + " " + _OBJECT + r"\b"
    r"|(?:you |I )?(?:also |then )?" + _WISH + r" |(?:you|I)(?:'d| would) |insist )|, so (?=insist|you want)",
    re.IGNORECASE,
)
META = re.compile(
    r"\b(?:at the same time|same message|at once|upfront|in one go|in context with|things together|conversation"
    r"|piecewise|in pieces|one thing at a time|say things|typos?|is meant to|"
    r"do not reveal|don't reveal|not (?:want|prefer) to (?:reveal|share|mention|provide|give)|not mention|not share"
    r"|don't mention"
    r"|don't share|reactive to the agent|volunteer|should sound|sound (?:natural|very)|make up reasons"
    r"|reveal minimal|only provide this"
    r"|confusing for|laugh|lots of jokes|french words|don't provide|do not provide|not want to be transferred"
    r"|to (?:be|get) transferred"
    r"|speak (?:very )?(?:briefly|tersely)|talk (?:very )?tersely|prefer not to provide|your replies|very brief\b"
    r"|first message"
    r"|do not end|don't end|will never|take no for|take No for|without being asked|only when asked|stay in (?:role"
    r"|character)|coercion|maximum of|make up a story|be the one|insert French|end the call"
    r"|(?:want|like) to get things done|let the agent|but are willing to cooperate|talk a lot)",
    re.IGNORECASE,
)
DIRECTIVE = re.compile(
    r"^(?:(?:first|then|also|finally|lastly|next|and|at the end,?|explicitly|please|you will|you should|you must"
    r"|you can also|try to|"
    r"you'll|make sure (?:to|you)|be sure to|you then|you)[ ,]+){0,4}"
    r"(?P<verb>mention|say|tell|explain|insist|claim|point out|state|admit|respond exactly with|respond with|assert"
    r"|stress)"
    r"(?: to)?(?: (?:the )?(?:service )?agent| the (?:bot|assistant)| them| him| her)?(?P<that>,? that| on"
    r"|:)? (?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
ASK = re.compile(
    r"^(?:(?:first|then|also|finally|lastly|next|you|will|should|can also|explicitly|please|want to"
    r"|would like to)[ ,]+){0,4}"
    r"(?:ask|inquire|request|beg)(?:s|ed)?(?: (?:the )?(?:service )?agent| the (?:bot|assistant)"
    r"| them)?(?: explicitly| about)? "
    r"(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_LEARN = re.compile(
    r"^(?:(?:I|to|want|need|wish|also|then|first|would|finally|just|I'd|like|hope|try|get)[ ,]+)*"
    r"(?P<verb>find out|learn|know|understand|figure out|get to know|confirm|check|ask|clarify|see|be told|hear"
    r"|verify|inquire)"
    r"(?: about| of| exactly| whether or not)? (?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_NEXT_QUESTION = re.compile(
    r"(?:, and |,? and |, )(?=(?:how|what|when|where|whether|which|why|who)\b(?! (?:is|are) (?:to|not)\b))",
    re.IGNORECASE,
)
_LEARNS = re.compile(r"^(?:find out|learn|understand|know|check|ask|clarify|figure out|confirm)\b", re.IGNORECASE)
_PRESSED = re.compile(
    r"(?:(?:you|I)(?: are|'re|'m)? )?(?:(?:want|try|trying|attempt|manage) to )?(?:make|get|convince|trick|persuade"
    r"|pressure|manipulate|push"
    r"|force|talk|coax) (?:the )?(?:\w+ )?(?:agent|assistant|bot|chatbot|it|them)(?: (?:to"
    r"|into))? (\w+)(.*?)(?: that is not allowed)?$",
    re.IGNORECASE | re.DOTALL,
)
_OWN = re.compile(r"\b(?:its|their)\b")


def clauses(sentence: str) -> Iterator[str]:
    """The sentence's parts in first person, each a sentence of its own."""
    if match := DIRECTIVE.match(sentence):
        rest = match["rest"].strip(" '\"“”")
        verb = match["verb"].lower()
        if order := re.match(r"(?:(?:it|them|the agent) )?(?:to|(not) to) (.+)$", rest, re.IGNORECASE | re.DOTALL):
            yield first_person(f"Please {'do not ' if order[1] else ''}{order[2]}")
            return
        if verb == "insist" or (match["that"] or "").strip() == "on":
            rest = rest if re.match(r"(?:you|I|the|it)\b", rest) else f"you insist on {rest}"
        yield said(rest)
        return
    if match := ASK.match(sentence):
        for rest in _NEXT_QUESTION.split(match["rest"]):
            yield requested(rest)
        return
    for number, part in enumerate(_parts(sentence)):
        yield _wished(part, is_first=number == 0)


def _parts(sentence: str) -> Iterator[str]:
    """The sentence cut into clauses; a list of questions into one each."""
    for clause in _verb_parts(sentence):
        lead = _LEARNS.match(clause)
        first, *others = _NEXT_QUESTION.split(clause) if lead else [clause]
        yield first
        yield from (f"{lead[0]} {other}" for other in others if lead)


def _verb_parts(sentence: str) -> Iterator[str]:
    """The sentence cut before each further verb that the user is to do; not where the bot or a `not` governs it."""
    start = 0
    for match in _CLAUSE.finditer(sentence):
        before = sentence[start : match.start()]
        own = re.match(
            r"(?:you |I )?(?:also |then )?" + _WISH + r"\b|(?:you|I)\b|insist", sentence[match.end() :], re.IGNORECASE
        )
        if not own and re.search(
            r"\b(?:agent|assistant|bot) (?:to|can|could)\b|\b(?:not|n't|never|without)\b", before, re.IGNORECASE
        ):
            continue
        if before.strip(" ,;"):
            yield before.strip(" ,;")
        start = match.end()
    if rest := sentence[start:].strip(" ,;"):
        yield rest


def said(text: str) -> str:
    """`text` in the first person, as a sentence of its own."""
    text = first_person(re.sub(r"^(?:that|yes,|no,) ", "", text))
    return text[0].upper() + text[1:] if text else text


def requested(rest: str) -> str:
    """What follows `ask` or `ask the agent`, as a question or a request to the bot."""
    text = re.sub(r"^for getting\b", "for", first_person(rest))
    if re.match(r"(?:the|my|a) .+ to be \w+ed\b", text):
        return f"I'd like {text}"
    head = text.split(None, 1)[0].lower() if text else ""
    if head in {"to", "for"} or head in {"if", "whether", "what", "how", "when", "why", "where", "which", "who"}:
        return {"to": f"Could you {text[3:]}", "for": f"Can I get {text[4:]}"}.get(head) or f"Can you tell me {text}"
    return f"Can you tell me {text}"


def _wished(part: str, *, is_first: bool) -> str:
    """One clause about a wish: `want to cancel the order`, `cancel the order`, `you received your order`."""
    text = re.sub(
        r"^(?:(?:also|and|then|finally|lastly|first|next|additionally|to|second),? )+", "", part, flags=re.IGNORECASE
    )
    if pressed := _PRESSED.match(text):
        rest = _OWN.sub("the agent's", pressed[2])
        return first_person(f"You want the agent to {_base(pressed[1])}{rest}")
    text = first_person(text)
    text = re.sub(r"^If you (?:can|could) ", "Can you ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"^(?=(?:if|whether) (?!.* want )[^,]{0,60}$)", "Can you tell me ", text, flags=re.IGNORECASE
    ).replace("tell me If", "tell me if")
    text = re.sub(r"^(For .*?),? I (?:want|need|would like) to:?$", lambda match: f"It's about {match[1][4:]}", text)
    text = re.sub(r"^I (?:will |'ll )?(?:first |then )?(?=inquire|ask)", "", text)
    head = (
        re.sub(r"^(?:also|just|only|first|then) ", "", text, flags=re.IGNORECASE).split(None, 1)[0].lower().strip(",:")
    )
    if re.match(_WISH + r"\b", text, re.IGNORECASE) and not text.startswith("I"):
        text = "I " + re.sub(r"^'d", "would", text)
    elif head in VERBS:
        text = _of_verb(re.sub(r"^(?:also|just|then) ", "", text, flags=re.IGNORECASE), is_first=is_first)
    elif head in {"are", "were", "have", "received", "ordered", "bought", "prefer", "like", "insist"}:
        text = "I " + {"are": "am"}.get(head, head) + text[len(head) :]
    text = re.sub(r"^(I(?:'d| would)? (?:want|wish|need|like) )you to ", r"\1you to ", text)
    text = re.sub(r"^I (?:first |want to )?try to ", "I'd like to ", text)
    return text[0].upper() + text[1:] if text else text


def _base(verb: str) -> str:
    """`revealing` as `reveal`."""
    if not verb.endswith("ing") or len(verb) < 6:
        return verb
    root = verb[:-3]
    if root[-1] == root[-2] and root[-1] not in "lsf":
        return root[:-1]
    return next((known for known in (root, root + "e") if known in VERBS), root + ("e" if root[-1] in "cgvsz" else ""))


def _of_verb(text: str, *, is_first: bool) -> str:
    """An imperative, `find out how to get a refund`, as a wish or a question."""
    learn = _LEARN.match(text)
    if learn and learn["verb"].lower() not in {"see", "hear"}:
        rest = learn["rest"]
        if how := re.match(r"how to (.+)$", rest, re.IGNORECASE | re.DOTALL):
            return f"How do I {how[1]}"
        if re.match(
            r"(?:that|the|my|your|a|an|what|whether|if|when|where|which|who|why|how|it)\b", rest, re.IGNORECASE
        ):
            verb = "confirm" if learn["verb"].lower() in {"confirm", "verify"} else "tell me"
            return f"Can you {verb} {rest}"
    lowered = text[0].lower() + text[1:]
    if " of " in text[:14]:
        return f"It's about the {lowered}"
    return ("I'd like to " if is_first else "I also want to ") + lowered
