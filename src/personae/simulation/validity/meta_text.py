"""Meta text: does a message hold what no person types, such as stage directions or talk about the role?

Source: the simulator's own rule, never to describe gestures and never to mention a role, a simulation or a test
Idea:   gestures between asterisks, brackets or parentheses; places left to be filled; the persona's own name as a
        label; marks of the model's format; talk of persona, prompt or simulation. Quoted text is passed over.
Cost:   no call; one pattern over each message that has such signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import Said, has_any

_GESTURE = (
    r"sigh|paus|laugh|chuckl|smil|grin|frown|nod|shrug|groan|cough|cries|crying|sob|roll(?:s|ing) (?:my |her |his "
    r"|their )"
    r"?eyes|eye roll|clears? throat|clearing (?:my )?throat|wait(?:s|ing)\b|typ(?:es|ing)\b|think(?:s|ing)\b|hesitat"
    r"|look(?:s|ing)\b|reads?\b|reading\b|(?:getting |visibly |slightly |growing )?(?:frustrated|annoyed|impatient"
    r"|confused"
    r"|angry|relieved|irritated)\b|takes? a (?:deep )?breath|deep breath|hangs? up|ends? (?:the )?(?:chat|conversation)"
    r"|leaves? (?:the )?chat|closes? (?:the )?(?:chat|laptop|app)|slams|mutter|whisper|silence\b|no response|after a "
    r"(?:moment|pause|while)|seufzt|lacht|schmunzel|soupir|suspira"
)
_WHO = r"(?:(?:the |a )?(?:user|customer|he|she|they|i) |\w+ly |deep |heavy |long |a (?:long |deep |heavy )?)?"
"""What may stand before a gesture; after anything else it is a remark of the user's."""
_FILL = (
    r"(?:your|my|insert|enter|the user'?s?|user|customer|customer'?s|persona'?s?|full|first|last|order|account|phone"
    r"|company|date|booking|confirmation|email)[ _-](?:\w+[ _-]?){0,4}|name|date|address|redacted|placeholder|x{2,}"
)
_META = re.compile(
    rf"(?P<gesture>(?<![*\w])\*{{1,2}}{_WHO}(?:{_GESTURE})[^*\n]{{0,60}}\*{{1,2}}(?![*\w])"
    rf"|(?<!\w)_{_WHO}(?:{_GESTURE})[^_\n]{{0,60}}_(?!\w)"
    rf"|[(\[]{_WHO}(?:{_GESTURE})[^)\]\n]{{0,60}}[)\]])"
    rf"|(?P<fill>\[(?:{_FILL})\](?!\()|\{{\{{[^}}\n]{{1,60}}\}}\}}|<(?:your|insert|order|name)[\w _-]{{0,40}}>)"
    r"|(?P<format></?think(?:ing)?>|<\|[\w ]+\|>|\[/?inst\]|\bend_conversation\b|\[end[ _:\]]"
    r"|\bgoal_(?:met|failed|reached)\b|\"(?:action|message|explanation)\"\s*:|^\s*###? ?(?:user|response|message)\b)"
    r"|(?P<role>\b(?:as|in) (?:the |a |this |my )?(?:simulated user|user persona|persona|role of (?:the|a) (?:user"
    r"|customer))"
    r"|\b(?:staying|remain(?:ing)?|stay|break(?:ing)?|out of|in) character\b|\bmy persona\b|\bthe persona (?:would|is"
    r"|has)"
    r"|\brole[- ]?play(?:ing)?\b|\bi(?:'m| am) (?:simulating|playing the (?:user|customer|role)|pretending to be)"
    r"|\b(?:this|the) (?:simulation|simulated (?:user|conversation))\b|\bhere(?:'s| is) (?:my|the) (?:next|first"
    r"|opening|"
    r"follow-up) (?:message|reply|response|turn)\b|\b(?:the|this|next) user(?:'s)? (?:message|turn|reply|would (?:say"
    r"|reply"
    r"|respond|ask|write))\b|\bas (?:the|a) user,? i (?:would|will|should|am|need)\b|\bmy (?:system )?(?:prompt"
    r"|instructions)"
    r" (?:say|tell|ask|is|are)\b|\baccording to my (?:instructions|prompt|persona|goal)\b"
    r"|\bmy (?:conversation )?goal (?:here |now )?(?:has been|was|is) (?:met|reached|achieved|to )\b)",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNS = (
    "*", "(", "[", "{", "<", "_", "##", "persona", "character", "role", "simulat", "prompt", "instructions",
    "user", "playing the", "pretending", "goal", "end_conv", "here's ", "here is ", '"action', '"message', '"explan',
)  # fmt: skip
"""One of these stands in whatever is found."""
_WHY = {
    "gesture": "a stage direction: no chat message describes gestures",
    "fill": "a place that was left to be filled",
    "format": "a mark of the model's format, not of a person's message",
    "role": "it talks about its role, which no user has",
}
_DEVELOPER = re.compile(r"developer|engineer|program|prompt|chatbot|\bgame|writer|actor|\bllm\b|role[- ]?play|simulat")
"""Personas and situations in which such words are the subject."""


@guards.method("meta_text")
@dataclass(frozen=True)
class MetaText:
    """Stage directions, unfilled places, marks of a format, and talk about the role."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        label = _label(talk.persona.name) if ":" in talk.blob else None
        has_sign = talk.says_any(_SIGNS)
        if label is None and not has_sign:
            return
        for one in talk.user:
            own = one.own
            if label is not None and (named := label.match(own)):
                words = one.piece(*named.span())
                yield Finding("meta_text", one.number, words, "the persona's name stands as a label", "invalid")
            elif has_sign and has_any(own, _SIGNS) and (found := _first(one, own)):
                kind = found.lastgroup or "role"
                is_subject = kind == "role" and _DEVELOPER.search(talk.told) is not None
                words = one.piece(*found.span())
                yield Finding("meta_text", one.number, words, _WHY[kind], "unsure" if is_subject else "invalid")


def _first(one: Said, own: str) -> re.Match[str] | None:
    found = _META.search(own)
    return None if found is None or one.is_said_of_another(found.start()) else found


@lru_cache(maxsize=4096)
def _label(name: str) -> re.Pattern[str] | None:
    """The persona's name, or the first word of it, before a colon at the beginning of a message."""
    words = name.lower().split()
    if not words or len(words[0]) < 3:
        return None
    names = "|".join(re.escape(text) for text in dict.fromkeys((" ".join(words), words[0])))
    return re.compile(rf"\s*(?:\*\*)?(?:{names})(?:\*\*)?\s*:(?!//)")
