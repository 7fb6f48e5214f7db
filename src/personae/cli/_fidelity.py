"""What `personae fidelity` does."""

from __future__ import annotations

import json as json_text
import sys
from pathlib import Path

from rich.console import Console

from personae.audits import read_dialogues
from personae.audits.fingerprint import UserTurnFingerprint
from personae.cli import NOTHING_MEASURED
from personae.reports import _fidelity_text


def run(simulated: Path, human: Path, *, seed: int, json: bool) -> None:
    """Study, and print. Ends the program with a code of its own where there is nothing to compare."""
    own, real = read_dialogues(simulated), read_dialogues(human)
    found = UserTurnFingerprint(seed).study(own.all, real.all)
    if json:
        sys.stdout.write(json_text.dumps(found.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        _fidelity_text.show(found, Console(highlight=False))
    if not found.features:
        sys.exit(NOTHING_MEASURED)
