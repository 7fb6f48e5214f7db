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

from personae.core.validity import Finding
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._phrases import Phrases

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
_META = Phrases(
    (("*",), rf"(?P<gesture>(?<![*\w])\*{{1,2}}{_WHO}(?:{_GESTURE})[^*\n]{{0,60}}\*{{1,2}}(?![*\w]))"),
    (("_",), rf"(?P<gesture>(?<!\w)_{_WHO}(?:{_GESTURE})[^_\n]{{0,60}}_(?!\w))"),
    (("(", "["), rf"(?P<gesture>[(\[]{_WHO}(?:{_GESTURE})[^)\]\n]{{0,60}}[)\]])"),
    (
        ("[", "{{", "<"),
        rf"(?P<fill>\[(?:{_FILL})\](?!\()|\{{\{{[^}}\n]{{1,60}}\}}\}}|<(?:your|insert|order|name)[\w _-]{{0,40}}>)",
    ),
    (
        ("<", "inst]", "end_conversation", "[end", "goal_", '"action"', '"message"', '"explan', "##"),
        r"(?P<format></?think(?:ing)?>|<\|[\w ]+\|>|\[/?inst\]|\bend_conversation\b|\[end[ _:\]]"
        r"|\bgoal_(?:met|failed|reached)\b|\"(?:action|message|explanation)\"\s*:"
        r"|^\s*###? ?(?:user|response|message)\b)",
    ),
    (
        ("persona", "simulat", "role of", "character", "role"),
        r"(?P<role>\b(?:as|in) (?:the |a |this |my )?(?:simulated user|user persona|persona|role of (?:the|a) (?:user"
        r"|customer))"
        r"|\b(?:staying|remain(?:ing)?|stay|break(?:ing)?|out of|in) character\b|\bmy persona\b"
        r"|\bthe persona (?:would|is|has)|\brole[- ]?play(?:ing)?\b|\bi(?:'m| am) simulating"
        r"|\b(?:this|the) (?:simulation|simulated (?:user|conversation))\b)",
    ),
    (
        ("playing the", "pretending to be"),
        r"(?P<role>\bi(?:'m| am) (?:playing the (?:user|customer|role)|pretending to be))",
    ),
    (
        ("here's ", "here is "),
        r"(?P<role>\bhere(?:'s| is) (?:my|the) (?:next|first|opening|follow-up) (?:message|reply|response|turn)\b)",
    ),
    (
        (" user",),
        r"(?P<role>\b(?:the|this|next) user(?:'s)? (?:message|turn|reply|would (?:say|reply|respond|ask|write))\b"
        r"|\bas (?:the|a) user,? i (?:would|will|should|am|need)\b)",
    ),
    (
        ("prompt", "instructions", "according to my "),
        r"(?P<role>\bmy (?:system )?(?:prompt|instructions) (?:say|tell|ask|is|are)\b"
        r"|\baccording to my (?:instructions|prompt|persona|goal)\b)",
    ),
    (
        ("goal ",),
        r"(?P<role>\bmy (?:conversation )?goal (?:here |now )?(?:has been|was|is) (?:met|reached|achieved|to )\b)",
    ),
)
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
        names = _names(talk.persona.name) if ":" in talk.blob else ()
        may_be = _META.may_be_in(talk.blob)
        if not names and not may_be:
            return
        for one in talk.user:
            if names and (label := _label(one.own, names)):
                why = "the persona's name stands as a label"
                yield Finding("meta_text", one.number, one.piece(0, label), why, "invalid")
            elif may_be and (found := _META.search(one.own)) and not one.is_said_of_another(found.start()):
                kind = found.lastgroup or "role"
                is_subject = kind == "role" and _DEVELOPER.search(talk.told) is not None
                words = one.piece(*found.span())
                yield Finding("meta_text", one.number, words, _WHY[kind], "unsure" if is_subject else "invalid")


def _names(name: str) -> tuple[str, ...]:
    """The persona's name, and the first word of it."""
    words = name.lower().split()
    return (" ".join(words), words[0]) if words and len(words[0]) > 2 else ()


def _label(own: str, names: tuple[str, ...]) -> int:
    """Where a name ends that stands before a colon at the beginning of a message; 0 where there is none."""
    start = own.lstrip().removeprefix("**")
    for name in names:
        if start.startswith(name):
            after = start.removeprefix(name).removeprefix("**").lstrip()
            if after.startswith(":") and not after.startswith("://"):
                return len(own) - len(after) + 1
    return 0
