"""The real tasks of tau2-bench: every one can be played in the first person."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from personae.core.tasks import Speak
from tests.llm.offline.driver import next_message, speak_task, talk

FOLDER = Path(os.environ.get("PERSONAE_TAU2") or Path(__file__).parents[4] / "shared" / "data" / "tau2-bench")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the tau2-bench tasks are not here: set PERSONAE_TAU2 to their folder"
)
TO_THE_USER = re.compile(
    r"\b[Yy]ou (?:want|wish|would like|received|remember|prefer|just|don't want|live|wonder|bought|ordered|are [A-Z])"
    r"|(?:^|[.!?] )You are\b|^You\b|\bthe agent\b"
)


@cache
def tasks() -> dict[str, Speak]:
    return {
        f"{domain}-{task['id']}": _task(task["user_scenario"]["instructions"])
        for domain in ("airline", "retail")
        for task in json.loads((FOLDER / f"{domain}-tasks.json").read_text(encoding="utf-8"))
    }


def _task(told: dict[str, Any]) -> Speak:
    return speak_task(
        told["reason_for_call"],
        known_info=told["known_info"] or "",
        unknown_info=told["unknown_info"] or "",
        instructions=told["task_instructions"] or "",
    )


def test_all_tasks_are_here() -> None:
    assert len(tasks()) == 164


def test_every_opening_is_in_the_first_person() -> None:
    left = {}
    for name, task in tasks().items():
        for seed in range(3):
            opening = next_message(task, seed=seed)
            if TO_THE_USER.search(opening) or not re.search(
                r"\b(?:I|I'm|I'd|my|me|i|im|My|Can you|Could you)\b", opening
            ):
                left[name] = opening
    assert left == {}


def test_no_message_of_a_whole_conversation_speaks_to_the_user() -> None:
    replies = [
        "Sure. Could you give me your email address, or your name and zip code?",
        "Thank you. What is your order number or reservation number?",
        "I'm sorry, but that is not possible.",
        "Which of the items do you mean?",
        "Do you want me to proceed? (yes/no)",
        "I have processed your request. Is there anything else?",
    ]
    left = {}
    for name, task in tasks().items():
        said = talk(task, lambda turns: replies[len(turns) // 2 % 6])
        if wrong := [text for text in said.user if TO_THE_USER.search(text)]:
            left[name] = wrong
    assert left == {}


def test_the_facts_asked_for_are_given_in_every_task_that_knows_them() -> None:
    silent = {}
    for name, task in tasks().items():
        known = re.search(r"zip ?code (?:is )?(\d{5})|([\w.]+@[\w.]+\w)|\b(\w+_\w+_\d+)\b", task.known_info)
        if known is None:
            continue
        value = next(group for group in known.groups() if group)
        reply = next_message(task, next_message(task), "Please tell me your name, zip code, email address and user id.")
        if value not in reply:
            silent[name] = (value, reply)
    assert silent == {}


def test_an_email_that_is_not_remembered_is_not_made_up() -> None:
    for task in tasks().values():
        if "email" in task.unknown_info and "@" not in task.known_info:
            assert "@" not in next_message(task, next_message(task), "What is your email address?")
