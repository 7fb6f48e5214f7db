"""One row to one record, or all the reasons why not, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.query import Query
from personae.core.rating import Criterion
from personae.core.record import Record
from personae.sources._fields import WORDS, nearest, unknown_field
from personae.sources._source import Kind, Problem, Row
from personae.sources._values import kind_of

R = TypeVar("R", bound=Record)

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "persona": ("name", "description"),
    "persona with a goal": ("name", "description", "goal", "success_criteria"),
    "scenario": ("goal",),
    "criterion": ("question",),
    "behaviour": ("name",),
    "query": ("query",),
}
_HOLDS = {
    "persona": "an object with the fields of a persona",
    "scenario": "an object with the fields of a scenario",
    "criterion": "a text, or an object with 'question' and 'name'",
    "query": "an object with the fields of a query",
    "behaviour": "a text such as 'typos=0.3', or an object with 'name' and 'probability'",
}
_ALSO = {"description": "'description' (or 'profile')"}
_TYPO = 0.9
"""So close to a field's name, a scenario's column is taken for a slip of the pen: `instruction`, `sucess_criteria`."""


class RefusedError(Exception):
    """The row makes no record, for these reasons."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def persona_of(row: Row, *, goal_required: bool) -> Persona:
    """Raises RefusedError."""
    form = _Form(row, "persona")
    for word in form.unknown():
        form.refuse(word, unknown_field(word, "persona"))
    form.require("persona with a goal" if goal_required else "persona")
    return form.record(Persona)


def criterion_of(row: Row) -> Criterion:
    """Raises RefusedError."""
    form = _Form(Row({"question": row.data}, row.line) if isinstance(row.data, str) else row, "criterion")
    for word in form.unknown():
        form.refuse(word, unknown_field(word, "criterion"))
    form.require("criterion")
    return form.record(Criterion)


def behaviour_of(row: Row) -> Behaviour:
    """Raises RefusedError."""
    if isinstance(row.data, str):
        try:
            return Behaviour.model_validate(row.data)
        except ValidationError as error:
            details = error.errors(include_url=False)[0]
            raise RefusedError([Problem(_said(details, details["loc"]), row.line)]) from None
    form = _Form(row, "behaviour")
    for word in form.unknown():
        form.refuse(word, unknown_field(word, "behaviour"))
    form.require("behaviour")
    return form.record(Behaviour)


def query_of(row: Row) -> Query:
    """Raises RefusedError."""
    form = _Form(row, "query")
    for word in form.unknown():
        form.refuse(word, unknown_field(word, "query"))
    form.require("query")
    return form.record(Query)


def scenario_of(row: Row) -> Scenario:
    """Raises RefusedError. Keys that are no field of a scenario become its named values."""
    form = _Form(row, "scenario")
    if isinstance(opening := form.data.get("opening"), str):  # a column of that name: no conversation that was begun
        form.data.pop("opening")
        form.data["fields"] = {"opening": opening, **(form.data.get("fields") or {})}
    _gather_fields(form)
    _own_persona(form)
    form.require("scenario")
    return form.record(Scenario)


def _gather_fields(form: _Form) -> None:
    named = form.data.get("fields", {})
    if not isinstance(named, Mapping):
        return
    fields = dict(named)
    for word in form.unknown():
        value = form.row.data[word]
        meant = nearest(word, WORDS["scenario"], cutoff=_TYPO)
        if word in fields:
            form.refuse(word, "stands in the row and under 'fields' too")
        elif meant is not None:
            form.refuse(word, f"did you mean {meant!r}? As a column of your own it must stand under 'fields'")
        elif isinstance(value, (Mapping, list)) and word != "environment_config":
            form.refuse(word, f"holds {kind_of(value)}: only plain values can be columns; put it under 'fields'")
        else:
            fields[word] = value
    if fields:
        form.data["fields"] = fields


def _own_persona(form: _Form) -> None:
    """The persona of the row, nested or, in the older form, in columns of its own."""
    parts = {name: form.data.pop(f"persona_{name}", None) for name in ("name", "description")}
    older = {name: value for name, value in parts.items() if value is not None}
    nested = form.data.pop("persona", None)
    if nested is not None and older:
        form.refuse("persona", "stands beside 'persona_name' and 'persona_description': keep one of the two forms")
    elif nested is not None and not isinstance(nested, Mapping):
        advice = "a table has 'persona_name' and 'persona_description' instead"
        form.refuse("persona", f"must be an object with the fields of a persona, not {kind_of(nested)} ({advice})")
    elif nested is not None:
        _put_persona(form, Row(dict(nested), form.row.line_of("persona")), "persona.")
    elif older:
        lines = {name: line for name in older if (line := form.row.line_of(f"persona_{name}")) is not None}
        _put_persona(form, Row(older, form.row.line, lines), "persona_")


def _put_persona(form: _Form, row: Row, prefix: str) -> None:
    try:
        form.data["persona"] = persona_of(row, goal_required=False)
    except RefusedError as refused:
        form.problems += [
            Problem(problem.text, problem.line, f"{prefix}{problem.field}" if problem.field else prefix[:-1])
            for problem in refused.problems
        ]


class _Form:
    """A row under the record's own field names, and what is wrong with it."""

    def __init__(self, row: Row, kind: Kind) -> None:
        if not isinstance(row.data, Mapping):
            raise RefusedError([Problem(f"must be {_HOLDS[kind]}, not {kind_of(row.data)}", row.line)])
        self.row, self._words = row, WORDS[kind]
        self._kind = kind
        self.data: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._written: dict[str, str] = {}
        for word, value in row.data.items():
            if (name := self._words.get(word)) is not None and value is not None:
                if name in self._written:
                    self.refuse(word, f"says the same as {self._written[name]!r}: keep one of the two")
                self._written[name] = word
                self.data[name] = value

    def unknown(self) -> list[str]:
        return [word for word in self.row.data if word not in self._words]

    def refuse(self, word: str, text: str) -> None:
        self.problems.append(Problem(text, self.row.line_of(word), word))

    def require(self, form: str) -> None:
        """Problems for each required field that is missing or blank."""
        given = {self._words.get(word) for word in self.row.data}
        for name in _REQUIRED[form]:
            value = self.data.get(name, "" if name in given else None)
            if isinstance(value, str) and not value.strip():
                self.refuse(self._written.get(name, name), "must not be blank")
        if missing := [name for name in _REQUIRED[form] if name not in given]:
            first, *others = missing
            also = f", and so {'are' if others[1:] else 'is'} {_listed(others)}" if others else ""
            self.refuse(first, f"is missing{also}; a {form.split()[0]} here needs {_listed(_REQUIRED[form])}")

    def record(self, model: type[R]) -> R:
        """Raises RefusedError."""
        told = {problem.field for problem in self.problems}
        try:
            record = model.model_validate(self.data)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                name, *inside = details["loc"] or ("",)
                word = self._written.get(str(name), self._words.get(str(name), str(name)))
                if word not in told and not (details["type"] == "missing" and self.problems):
                    self.refuse(word, _said(details, inside))
        else:
            if not self.problems:
                return record
        raise RefusedError(self.problems)


def _listed(names: Sequence[str]) -> str:
    *most, last = (_ALSO.get(name, repr(name)) for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def _said(details: Mapping[str, Any], inside: Sequence[int | str]) -> str:
    """Pydantic's complaint in the reader's words."""
    item = "".join(f"item {part + 1}: " if isinstance(part, int) else f"{part!r}: " for part in inside)
    value = details["input"]
    match details["type"]:
        case "string_type":
            advice = "; put it in quotes" if isinstance(value, (bool, int, float)) else ""
            return f"{item}must be text, not {kind_of(value)}{advice}"
        case "tuple_type":
            what = {"behaviours": "behaviours", "facts": "facts"}.get(str(details["loc"][0]), "texts")
            return f"{item}must be a list of {what}, not {kind_of(value)}"
        case "dict_type":
            return f"{item}must be an object with named values, not {kind_of(value)}"
        case "value_error":
            return f"{item}{details['ctx']['error']}"
        case _:
            return f"{item}{details['msg']}"
