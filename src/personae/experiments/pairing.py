"""Conversations of two runs that belong together: the same persona, scenario and epoch, whatever the bot.

Keys differ between bots by design, so pairs are found by content. Of a conversation some 500 bytes are kept: what was
answered about it, and a checksum of each turn, which is enough to find the turn where two of them part.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple
from zlib import crc32

import orjson

from personae.errors import InputError
from personae.experiments.bare_rows import NUMBER, Known, row_left_out
from personae.experiments.measured import Kind

_PARTS = ("judge_provider", "judge_model", "judge_mode", "simulator_model", "max_turns", "rating_version")
"""What must be the same in the metadata of two runs, beside criteria and prompts."""
_MOST_VALUES = 5
_MOST_KEPT = 10_000
Answers = tuple[float | None, ...]


class Side(NamedTuple):
    """One conversation of one run, as far as a comparison needs it."""

    key: str
    persona: str
    scenario: str
    epoch: int
    cell: bytes
    """Names persona and scenario by their content."""
    left_out: str
    """Why it is in no rate; blank where it was measured."""
    verdicts: Answers
    """To goal and criteria. Few different ones occur, and each is kept once."""
    scores: Answers
    turns: bytes
    """Four bytes for each turn of the transcript."""


@dataclass(slots=True)
class Questions:
    """What was asked in a run, in the order in which it was met: names of criteria, or of metrics."""

    places: dict[str | None, int] = field(default_factory=dict)
    """None: the goal."""
    _shapes: dict[tuple[str | None, ...], list[int] | None] = field(default_factory=dict)
    """Where the answers of a row belong, by what it was asked; None: in just that order."""
    _kept: dict[Answers, Answers] = field(default_factory=dict)

    def placed(self, names: tuple[str | None, ...], values: list[float | None]) -> Answers:
        """The answers in the order of `places`; shorter where later questions were not asked."""
        if names not in self._shapes:
            places = [self.places.setdefault(name, len(self.places)) for name in names]
            self._shapes[names] = None if places == list(range(len(places))) else places
        if (places_ := self._shapes[names]) is not None:
            placed: list[float | None] = [None] * (1 + max(places_))
            for place, value in zip(places_, values, strict=True):
                placed[place] = value
            values = placed
        answers = tuple(values)
        return self._kept.setdefault(answers, answers) if len(self._kept) < _MOST_KEPT else answers


@dataclass(slots=True)
class Conditions:
    """How a run's conversations came to be and were rated: different values by what they are of, as JSON text."""

    values: dict[str, set[bytes]] = field(default_factory=dict)
    bots: dict[str, None] = field(default_factory=dict)
    _last: tuple[Any, ...] = ()

    def add(self, metadata: Mapping[str, Any]) -> None:
        prompts = (metadata.get("provenance") or {}).get("prompts")
        told = (*map(metadata.get, _PARTS), metadata.get("criteria"), prompts, metadata.get("bot"))
        if told == self._last:  # as nearly all rows of a run are
            return
        self._last = told
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
    """One of the two runs, while its rows go by, and after."""

    verdicts: Questions = field(default_factory=Questions)
    scores: Questions = field(default_factory=Questions)
    conditions: Conditions = field(default_factory=Conditions)
    asked: dict[tuple[Kind, str | None], None] = field(default_factory=dict)
    """Kind and name of what this run's conversations were asked."""
    sides: dict[bytes, Side] = field(default_factory=dict)
    """Its conversations, by what they are paired by."""
    _about: Known[tuple[bytes, str]] = field(default_factory=lambda: Known(_digest_and_name))
    _shapes: set[tuple[tuple[str | None, ...], ...]] = field(default_factory=set)

    @property
    def conversations(self) -> int:
        return len(self.sides)

    def add(self, row: Mapping[str, Any]) -> None:
        """One conversation.

        Raises InputError for a conversation that was there already, and KeyError and its like for what is no row.
        """
        pair, side = self._side(row)
        if pair in self.sides:
            raise InputError(
                f"persona {side.persona!r} is in the same scenario and epoch {side.epoch} a second time: these are the "
                "conversations of more than one run; compare them one by one"
            )
        self.sides[pair] = side

    def _side(self, row: Mapping[str, Any]) -> tuple[bytes, Side]:
        goal, ratings, scores = row.get("goal"), row.get("ratings", ()), row.get("metrics", ())
        criteria: list[str | None] = [rating["criterion"] for rating in ratings]
        verdicts = [NUMBER[rating["verdict"]] for rating in ratings]
        if goal is not None:
            criteria.insert(0, None)
            verdicts.insert(0, NUMBER[goal["verdict"]])
        metrics, values = tuple(score["metric"] for score in scores), [score["value"] for score in scores]
        self._note(tuple(criteria), metrics)
        self.conditions.add(row["metadata"])
        persona, name = self._about.of(row["persona"])
        scenario, label = self._about.of(row["scenario"])
        cell, epoch = persona + scenario, row["epoch"]
        if behaviours := row["metadata"].get("behaviours"):  # in another manner it is another conversation
            cell += _digest(behaviours)
        side = Side(
            row["key"],
            name,
            label,
            epoch,
            cell,
            row_left_out(row, (*verdicts, *values)),
            self.verdicts.placed(tuple(criteria), verdicts),
            self.scores.placed(metrics, values),
            checksums(row["transcript"]),
        )
        return cell + epoch.to_bytes(4, "big"), side

    def _note(self, criteria: tuple[str | None, ...], metrics: tuple[str, ...]) -> None:
        if (criteria, metrics) not in self._shapes:
            self._shapes.add((criteria, metrics))
            for name in criteria:
                self.asked.setdefault(("goal" if name is None else "criterion", name))
            for name in metrics:
                self.asked.setdefault(("metric", name))


def _digest_and_name(told: Mapping[str, Any]) -> tuple[bytes, str]:
    """Of a persona or a scenario: what it is compared by, and what people call it."""
    return _digest(told), told.get("name") or told["goal"]


def _digest(value: Any) -> bytes:
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=12).digest()


def checksums(transcript: Sequence[Mapping[str, Any]]) -> bytes:
    """Four bytes for each turn, the system prompt not counted; the same in every process."""
    said = transcript[1:] if transcript and transcript[0]["role"] == "system" else transcript
    sums = [crc32(turn["content"].encode("utf-8", "surrogatepass")) ^ (turn["role"] == "user") for turn in said]
    return array("I", sums).tobytes()


def first_difference(first: bytes, second: bytes) -> int | None:
    """The number, from 1, of the first turn in which two conversations differ; None where they say the same."""
    if first == second:
        return None
    size = array("I").itemsize
    for place in range(0, min(len(first), len(second)), size):
        if first[place : place + size] != second[place : place + size]:
            return place // size + 1
    return min(len(first), len(second)) // size + 1
