"""Personas for the bench, in the file format that ours and multivon-eval both read."""

from __future__ import annotations

import json
from pathlib import Path

TRAITS = ("terse", "impatient", "talkative", "polite", "confused")
GOALS = (
    "Find out where the parcel of last week is and when it will arrive.",
    "Get the second charge of this month back and know why it was made.",
    "Change the delivery address of an order that was made yesterday.",
    "Stop the app from logging out every few minutes since the update.",
)


def write_personas(path: Path, count: int) -> Path:
    """Write `count` different personas, one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            persona = {
                "name": f"persona-{number:05}",
                "profile": f"Customer {number} of a web shop, writes on the phone on the way to work, knows little "
                "of technology and wants a plain answer without being sent elsewhere.",
                "goal": GOALS[number % len(GOALS)],
                "success_criteria": "The assistant says what happens next, when, and what the user has to do.",
                "traits": [TRAITS[number % len(TRAITS)]],
            }
            file.write(json.dumps(persona) + "\n")
    return path
