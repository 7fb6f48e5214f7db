"""Conversations of two runs that belong together: the same persona, scenario and epoch, whatever the bot.

Keys differ between bots by design, so pairs are found by content. Of a conversation some 500 bytes are kept: what was
answered about it, and a checksum of each turn, which is enough to find the turn where two of them part.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from zlib import crc32

import orjson

from personae.core.conversation import CUT, ERRORS
from personae.errors import InputError
from personae.experiments.measured import Kind, exclusion
from personae.experiments.result_file import verdicts_of

_PARTS = ("judge_provider", "judge_model", "judge_mode", "simulator_model", "max_turns", "rating_version")
"""What must be the same in the metadata of two runs, beside criteria and prompts."""
_MOST_VALUES = 5
_MOST_TOLD = 1000


@dataclass(slots=True)
class Side:
    """One conversation of one run, as far as a comparison needs it."""

    key: str
    persona: str
    scenario: str
    epoch: int
    cell: bytes
    """Names persona and scenario by their content."""
    left_out: str
    """Why it is in no rate; blank where it was measured."""
    values: tuple[float | None, ...]
    """The answers, in the order of `Questions`; shorter where later questions were not asked."""
    turns: bytes
    """Four bytes for each turn of the transcript."""


@dataclass(slots=True)
class Questions:
    """Every question that was asked in either run, in the order in which they were met."""

    places: dict[tuple[Kind, str], int] = field(default_factory=dict)
    kinds: list[tuple[Kind, str]] = field(default_factory=list)

    def place(self, kind: Kind, name: str) -> int:
        place = self.places.setdefault((kind, name), len(self.kinds))
        if place == len(self.kinds):
            self.kinds.append((kind, name))
        return place


@dataclass(slots=True)
class Conditions:
    """How a run's conversations came to be and were rated: different values by what they are of, as JSON text."""

    values: dict[str, set[bytes]] = field(default_factory=dict)
    bots: dict[str, None] = field(default_factory=dict)
    _told: set[bytes] = field(default_factory=set)

    def add(self, metadata: Mapping[str, Any]) -> None:
        prompts = (metadata.get("provenance") or {}).get("prompts")
        told = orjson.dumps([*map(metadata.get, _PARTS), metadata.get("criteria"), prompts, metadata.get("bot")])
        if told in self._told:
            return
        if len(self._told) < _MOST_TOLD:
            self._told.add(told)
        self._note({part: metadata.get(part) for part in _PARTS}, "")
        if isinstance(criteria := metadata.get("criteria"), Mapping):
            self._note(criteria, "criterion ")
        if isinstance(prompts, Mapping):
            self._note(prompts, "prompt ")
        self.bots.setdefault(str(metadata.get("bot", "")))

    def _note(self, facts: Mapping[str, Any], kind: str) -> None:
        for name, value in facts.items():
            if value is not None:
                values = self.values.setdefault(f"{kind}{name}", set())
                if len(values) <= _MOST_VALUES:
                    values.add(orjson.dumps(value))


@dataclass(slots=True)
class Run:
    """One of the two runs, while its rows go by."""

    questions: Questions
    conditions: Conditions = field(default_factory=Conditions)
    asked: set[int] = field(default_factory=set)
    """Places of the questions that this run's conversations were asked."""
    conversations: int = 0
    _seen: set[bytes] = field(default_factory=set)
    _names: dict[str, str] = field(default_factory=dict)

    def side(self, row: Mapping[str, Any]) -> tuple[bytes, Side]:
        """The row's conversation with what it is paired by.

        Raises InputError for a conversation that was there already, and KeyError and its like for what is no row.
        """
        pair, side = self._side(row)
        if pair in self._seen:
            raise InputError(
                f"persona {side.persona!r} is in the same scenario and epoch {side.epoch} a second time: these are the "
                "conversations of more than one run; compare them one by one"
            )
        self._seen.add(pair)
        self.conversations += 1
        return pair, side

    def _side(self, row: Mapping[str, Any]) -> tuple[bytes, Side]:
        values: list[float | None] = []
        for kind, name, value in row_answers(row):
            place = self.questions.place(kind, name)
            self.asked.add(place)
            if place >= len(values):
                values.extend([None] * (place + 1 - len(values)))
            values[place] = value
        self.conditions.add(row["metadata"])
        persona, scenario, epoch = row["persona"], row["scenario"], row["epoch"]
        behaviours = row["metadata"].get("behaviours")  # in another manner it is another conversation
        content = orjson.dumps([persona, scenario, behaviours], option=orjson.OPT_SORT_KEYS)
        cell = blake2b(content, digest_size=12).digest()
        side = Side(
            row["key"],
            self._name(persona["name"]),
            self._name(scenario.get("name") or scenario["goal"]),
            epoch,
            cell,
            row_left_out(row, values),
            tuple(values),
            checksums(row["transcript"]),
        )
        return cell + epoch.to_bytes(4, "big"), side

    def _name(self, text: str) -> str:
        return self._names.setdefault(text, text)


def row_answers(row: Mapping[str, Any]) -> Iterator[tuple[Kind, str, float | None]]:
    """As `measured.answers`, from the bare row."""
    if (goal := row.get("goal")) is not None:
        yield "goal", "Goal achieved", _NUMBER[goal["verdict"]]
    for rating in row.get("ratings", ()):
        yield "criterion", rating["criterion"], _NUMBER[rating["verdict"]]
    for score in row.get("metrics", ()):
        yield "metric", score["metric"], score["value"]


_NUMBER = {True: 1.0, False: 0.0, None: None}


def row_left_out(row: Mapping[str, Any], values: Iterable[float | None]) -> str:
    """Why a conversation is in no rate. Only of one that may be left out is the whole rule asked: it is slower."""
    validity = row.get("validity")
    is_fair = validity is None or (isinstance(validity, Mapping) and validity.get("verdict") in ("valid", "unsure"))
    if is_fair and row["termination"] not in _NEVER_RATED and any(value is not None for value in values):
        return ""
    left_out = exclusion(verdicts_of(row))
    return "" if left_out is None else left_out[0]


_NEVER_RATED = ERRORS | CUT


def checksums(transcript: Sequence[Mapping[str, Any]]) -> bytes:
    """Four bytes for each turn, the system prompt not counted."""
    said = (turn for turn in transcript if turn["role"] != "system")
    return array(
        "I", [crc32(turn["content"].encode("utf-8", "surrogatepass"), turn["role"] == "user") for turn in said]
    ).tobytes()


def first_difference(first: bytes, second: bytes) -> int | None:
    """The number, from 1, of the first turn in which two conversations differ; None where they say the same."""
    if first == second:
        return None
    size = array("I").itemsize
    for place in range(0, min(len(first), len(second)), size):
        if first[place : place + size] != second[place : place + size]:
            return place // size + 1
    return min(len(first), len(second)) // size + 1
