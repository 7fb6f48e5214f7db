"""A recording as it is read from a file, and the type of the `recorder` fixture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from personae.provenance import PromptRecording, Recording, fingerprint

Recorder = Callable[..., AbstractContextManager[Recording]]

EARLY, LATE = "2026-01-01T08:00:00.000+00:00", "2026-01-02T08:00:00.000+00:00"
SEEN = PromptRecording(
    file="bot.py",
    function="answer",
    line=3,
    sdk="openai",
    call="chat.completions.create",
    role="system",
    fingerprint=fingerprint("You help."),
    case_uids=("case-1",),
    count=2,
    first_seen=LATE,
    last_seen=LATE,
)
