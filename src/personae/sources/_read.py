"""From rows to records: every problem of a file is told at once, with its line and field, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.query import Query
from personae.core.rating import Criterion
from personae.errors import InputError
from personae.sources._find import find
from personae.sources._records import RefusedError, behaviour_of, criterion_of, persona_of, query_of, scenario_of
from personae.sources._source import PLURAL, Kind, Problem, Report, Row
from personae.sources._values import check_values

R = TypeVar("R")


Check = Callable[[R], Iterable[tuple[str, str]]]
"""What else is wrong with a record: field and problem."""


def _nothing(_: object) -> Iterable[tuple[str, str]]:
    return ()


def read_personas(spec: str | Path, *, goal_required: bool = True, check: Check[Persona] = _nothing) -> list[Persona]:
    """The personas in a file, in its order.

    `spec` is a path, or `NAME:PATH` with the name of a source. With `goal_required` each persona needs a goal and
    success criteria of its own, as where no scenarios are given beside it. `check` may find more that is wrong.
    Placeholders stay as they are. Raises InputError that lists everything in the file that cannot be taken whole.
    """
    build = partial(persona_of, goal_required=goal_required)
    return _read(spec, _Reading("persona", build, _persona_identities, check))


def read_scenarios(spec: str | Path) -> list[Scenario]:
    """The scenarios in a file, in its order, each with its own persona where the row brings one.

    `spec` is a path, or `NAME:PATH` such as `tau2:retail-tasks.json`. Raises InputError like `read_personas`.
    """
    return _read(spec, _Reading("scenario", scenario_of, _scenario_identities))


def read_criteria(spec: str | Path) -> list[Criterion]:
    """The criteria in a file, in its order. Raises InputError like `read_personas`."""
    return _read(spec, _Reading("criterion", criterion_of, _criterion_identities))


def read_behaviours(spec: str | Path) -> list[Behaviour]:
    """The behaviours in a file, in its order, each with its dose. Raises InputError like `read_personas`."""
    return _read(spec, _Reading("behaviour", behaviour_of, _behaviour_identities))


def read_queries(spec: str | Path) -> list[Query]:
    """The queries in a file, in its order. Raises InputError like `read_personas`."""
    return _read(spec, _Reading("query", query_of, _query_identities))


@dataclass(frozen=True, slots=True)
class _Identity:
    """What two records of one file must not share."""

    field: str
    value: str
    problem: str
    content: str | None = None
    """Where it is the same, sharing is no problem."""


@dataclass(frozen=True, slots=True)
class _Reading(Generic[R]):
    kind: Kind
    build: Callable[[Row], R]
    """Raises RefusedError."""
    identities: Callable[[R], Iterator[_Identity]]
    check: Check[R] = _nothing


def _read(spec: str | Path, reading: _Reading[R]) -> list[R]:
    source, path = find(spec, reading.kind)
    report, known = Report(path), _Known()
    records: list[R] = []
    is_empty = True
    try:
        for row in source.rows(path, reading.kind):
            is_empty = False
            if isinstance(row, Problem):
                report.add(row)
            elif flaws := check_values(row):
                report.add(*flaws)
            else:
                _build(row, reading, known, records, report)
            if report.is_full:
                break
    except InputError as error:
        report.add(Problem(error.problem, error.line, error.field))
    report.raise_if_any()
    if is_empty:
        raise InputError(f"is empty: it holds no {PLURAL[reading.kind]}", file=path)
    return records


def _build(row: Row, reading: _Reading[R], known: _Known, records: list[R], report: Report) -> None:
    try:
        record = reading.build(row)
    except RefusedError as refused:
        report.add(*refused.problems)
        return
    records.append(record)
    report.add(*(Problem(text, row.line_of(field), field) for field, text in reading.check(record)))
    for identity in reading.identities(record):
        report.add(*known.problems(identity, row))


class _Known:
    """Who was met in the file so far, and at which line."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str], tuple[_Identity, str]] = {}

    def problems(self, identity: _Identity, row: Row) -> Iterator[Problem]:
        key = identity.field, identity.value
        place = f"line {row.line}" if row.line is not None else "another row"
        first, where = self._met.setdefault(key, (identity, place))
        if first is not identity and (identity.content is None or identity.content != first.content):
            yield Problem(identity.problem.format(place=where), row.line_of(identity.field), identity.field)


def _persona_identities(persona: Persona) -> Iterator[_Identity]:
    yield _Identity("name", persona.name, f"{_quoted(persona.name)} is the name of the persona at {{place}} already")


def _scenario_identities(scenario: Scenario) -> Iterator[_Identity]:
    if scenario.persona is not None:
        name = scenario.persona.name
        problem = f"{_quoted(name)} is at {{place}} already, with another text: a persona needs a name of its own"
        yield _Identity("persona", name, problem, scenario.persona.version_hash)


def _criterion_identities(criterion: Criterion) -> Iterator[_Identity]:
    question = " ".join(criterion.question.casefold().split())
    yield _Identity("question", question, "asks the same as the criterion at {place}")
    if criterion.name.strip():
        name = criterion.name.strip()
        yield _Identity("name", name, f"{_quoted(name)} is the name of the criterion at {{place}} already")


def _behaviour_identities(behaviour: Behaviour) -> Iterator[_Identity]:
    yield _Identity("name", behaviour.name, f"{_quoted(behaviour.name)} stands at {{place}} already")


def _query_identities(query: Query) -> Iterator[_Identity]:
    if query.provenance is not None:
        yield _Identity("provenance", query.key, "is the same query's as at {place}: remove one of the two")


def _quoted(text: str) -> str:
    """The text as a message quotes it, its braces safe from `format`."""
    return repr(text).replace("{", "{{").replace("}", "}}")
