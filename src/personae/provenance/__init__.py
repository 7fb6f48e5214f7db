"""Which prompts the bot's own code rendered, where, and for which simulated conversation.

    case.py        the context variable that carries the conversation's `case_uid`
    recorder.py    `record_prompts()`: what a user starts and stops
    watch.py       what happens when a call is seen: once per call, outermost client wins, failures are swallowed
    sites.py       call sites: the nearest frame of the bot's own code
    prompts.py     chat requests read into (role, text)
    spawning.py    threads and tasks keep the case
    patches.py     every change to other people's classes, and its way back
    arrivals.py    clients that are imported while a recording runs
    hooks/         one client per file, named as the client's package
    recordings.py  the file `prompt_recordings.jsonl`
    stamp.py       recordings written into result rows as bindings
    atomic.py      files replaced whole, under a lock

Nothing is patched, and no hook is imported, before a recording starts.
"""

from __future__ import annotations

from personae.provenance.case import bind_case, current_case, suppressed
from personae.provenance.recorder import Recording, record_prompts
from personae.provenance.recordings import PromptRecording, fingerprint, merge_recordings, read_recordings
from personae.provenance.stamp import Binding, apply, describe, propose

__all__ = [
    "Binding",
    "PromptRecording",
    "Recording",
    "apply",
    "bind_case",
    "current_case",
    "describe",
    "fingerprint",
    "merge_recordings",
    "propose",
    "read_recordings",
    "record_prompts",
    "suppressed",
]
