"""Scenario files, in any form that `personae simulate --scenarios` reads, as rows of a scenario set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from personae.core.persona import Scenario
from personae.errors import InputError
from personae.server.column_rules import OUTCOME, Column
from personae.server.row_rules import MAX_PROBLEMS, told
from personae.server.schemas.scenario_set import GOAL_COLUMN, MAX_FIELD
from personae.sources import read_scenarios
from personae.store.columns import Record

FORMATS = ("jsonl", "json", "yaml", "csv", "tau2")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OWN = ("name", "known_info", "unknown_info", "instructions")
"""What a scenario says of itself beside goal and outcome: fields of the same name in a set."""


def read_rows(path: Path, source: str = "") -> list[Record]:
    """The scenarios of a file as rows. Raises InputError for all that cannot be taken."""
    if source and source not in FORMATS:
        raise InputError(f"must be one of {', '.join(FORMATS)}, not {source!r}", field="source")
    scenarios = read_scenarios(f"{source}:{path}" if source else path)
    made: list[Record] = []
    problems: list[InputError] = []
    for number, scenario in enumerate(scenarios, 1):
        try:
            made.append(_row(scenario))
        except InputError as error:
            problem = f"scenario {number} ({scenario.label!r}): {error.problem}"
            problems.append(InputError(problem, field=error.field))
        if len(problems) > MAX_PROBLEMS:
            break
    if problems:
        raise told(problems)
    return made


def missing_columns(given: Sequence[Record], columns: Sequence[Column]) -> list[Column]:
    """Columns for the fields that the rows have and the set has not."""
    known = {column.name for column in columns}
    names = dict.fromkeys(name for row in given for name in row if name not in known)
    return [Column(name, "json" if _is_nested(given, name) else "text") for name in names]


def _row(scenario: Scenario) -> Record:
    if not scenario.expected_outcome.strip():
        raise InputError("is missing: each scenario of a set says how the conversation should end", field=OUTCOME)
    row: Record = {GOAL_COLUMN: scenario.goal, OUTCOME: scenario.expected_outcome}
    row |= {name: getattr(scenario, name) for name in OWN if getattr(scenario, name)}
    if scenario.persona is not None:
        row |= {"persona_name": scenario.persona.name, "persona_description": scenario.persona.description}
    for name, value in scenario.fields.items():
        if not _FIELD.fullmatch(name) or len(name) > MAX_FIELD:
            raise InputError(
                f"a field's name is letters, digits and underscores, at most {MAX_FIELD} of them, and does not begin "
                "with a digit",
                field=name[:MAX_FIELD],
            )
        if name in row:
            raise InputError("is said twice: by the scenario itself and in its fields", field=name)
        row[name] = value
    return row


def _is_nested(given: Sequence[Record], name: str) -> bool:
    return any(isinstance(row.get(name), (dict, list)) for row in given)
