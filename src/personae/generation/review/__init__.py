"""Review: what people decide of drafts, and of queries in a file that several of them can work on and merge.

Idea: the queries' file is never changed. Decisions are lines of a file beside it, appended one by one; of one person's
      decisions on a query the last stands. Where two people decide differently the query is disputed, and not accepted
      before they agree. Files are merged by taking the lines of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
from pydantic import ValidationError

from personae.core.query import Query
from personae.core.record import Filled, Record, Text
from personae.errors import InputError, RecordingError

Verdict = Literal["accept", "reject"]
State = Literal["open", "accepted", "rejected", "disputed"]
REASONS = ("near-duplicate", "off-topic", "generic", "unrealistic", "wrong facts", "wrong language")
"""What people reject for most often; any other text will do."""


class Decision(Record):
    """What one person says of one query."""

    key: Filled
    """The query's."""
    by: Filled
    verdict: Verdict
    reason: Text = ""
    """Why it is rejected."""
    query: Text = ""
    """The query as it is edited; blank where it is taken as it is."""
    expected_outcome: Text = ""
    """The same of what a good answer does."""
    name: Text = ""
    """The same of a persona, as its description and goal."""
    description: Text = ""
    goal: Text = ""

    @property
    def edits(self) -> dict[str, str]:
        """What is changed, by field."""
        return {name: text for name in EDITED if (text := getattr(self, name))}


EDITED = ("query", "expected_outcome", "name", "description", "goal")
"""The fields of a draft that a reviewer can change."""


def state_of(decisions: Sequence[Decision]) -> State:
    """What the last decisions of several people come to."""
    if not decisions:
        return "open"
    if len({(one.verdict, *one.edits.items()) for one in decisions}) > 1:
        return "rejected" if all(one.verdict == "reject" for one in decisions) else "disputed"
    return "accepted" if decisions[0].verdict == "accept" else "rejected"


def beside(queries: Path) -> Path:
    """Where the decisions on a file of queries are kept."""
    return queries.with_name(f"{queries.name.removesuffix('.jsonl')}.review.jsonl")


def read_decisions(path: Path) -> list[Decision]:
    """The decisions in a file in the order in which they were made; none where there is no file.

    A last line without its end, as a process that was killed leaves it, is left out. Raises InputError with the line.
    """
    if not path.exists():
        return []
    found = []
    lines = path.read_bytes().split(b"\n")
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            found.append(Decision.model_validate(orjson.loads(raw)))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"])) or None
            raise InputError(f"is no decision: {first['msg']}", file=path, line=number, field=field) from error
        except orjson.JSONDecodeError as error:
            if number == len(lines):
                break
            raise InputError(f"is not JSON: {error}", file=path, line=number) from error
    return found


def append_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write them behind the others. Raises RecordingError."""
    lines = b"".join(orjson.dumps(one.as_dict(), option=orjson.OPT_APPEND_NEWLINE) for one in decisions)
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":  # cut off while it was written: what follows must not be glued to it
                    file.write(b"\n")
            file.write(lines)
    except OSError as error:
        raise RecordingError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A query, and what people say of it."""

    query: Query
    decisions: tuple[Decision, ...] = ()
    """The last of each person."""

    @property
    def state(self) -> State:
        return state_of(self.decisions)

    @property
    def final(self) -> Query:
        """The query as it is edited, where it is accepted."""
        return self.query.model_copy(update=self.decisions[0].edits if self.state == "accepted" else {})


def reviewed(queries: Iterable[Query], decisions: Iterable[Decision]) -> list[Reviewed]:
    """Each query with the last decision of everybody, in the queries' order."""
    last: dict[str, dict[str, Decision]] = {}
    for one in decisions:
        last.setdefault(one.key, {})[one.by] = one
    return [Reviewed(query, tuple(last.get(query.key, {}).values())) for query in queries]


def queue(found: Sequence[Reviewed], flags: Mapping[str, Sequence[object]]) -> list[Reviewed]:
    """What is to be looked at: what is disputed, then what is flagged, most flags first, then all else undecided."""
    disputed = [one for one in found if one.state == "disputed"]
    open_ = [one for one in found if one.state == "open"]
    flagged = sorted((one for one in open_ if one.query.key in flags), key=lambda one: -len(flags[one.query.key]))
    return [*disputed, *flagged, *(one for one in open_ if one.query.key not in flags)]


def merged(own: Sequence[Decision], others: Iterable[Sequence[Decision]]) -> list[Decision]:
    """Decisions of `others` that are not in `own` yet. Raises InputError where one person decided the same query
    differently in two files."""
    mine = {(one.key, one.by): one for one in own}
    new: dict[tuple[str, str], Decision] = {}
    for decisions in others:
        for place, one in {(one.key, one.by): one for one in decisions}.items():
            known = mine.get(place) or new.get(place)
            if known is None:
                new[place] = one
            elif known != one:
                raise InputError(
                    f"{one.by!r} decided query {one.key} differently in two files ({known.verdict} and {one.verdict}): "
                    "give each person a name of their own, or remove one of the two lines"
                )
    return list(new.values())


def reasons(found: Iterable[Reviewed]) -> Counter[str]:
    """How often each reason was given for rejecting a query that is rejected."""
    return Counter(
        next((one.reason for one in review.decisions if one.reason), "no reason given")
        for review in found
        if review.state == "rejected"
    )
