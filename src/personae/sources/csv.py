"""CSV: a header row, then one row a record, as spreadsheets write it (comma, double quotes, UTF-8).

Source: RFC 4180
Idea:   traits are separated by `;`, named values stand in columns `attributes.NAME` (personas) and `fields.NAME`
        (scenarios). Behaviours and facts are JSON; behaviours may be written `typos=0.3; vague` too. Every other column
        of a scenario file is a field by itself. A blank cell is an absent value.

A parser of our own, since the standard library's swallows the rest of a file after a lost quote without a word, and
limits the length of a cell for the whole process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from personae.errors import InputError
from personae.sources import Kind, Problem, Row, sources
from personae.sources._fields import FREE, WORDS, unknown_field
from personae.sources._strict_json import BrokenJSONError, parse_whole
from personae.sources._text import read_text

_JSON = ("behaviours", "facts", "sections", "provenance")
"""Columns whose cells are JSON."""
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_PLAIN = re.compile(r"[^,\r\n]*+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$')


@sources.method("csv")
class CSVTable:
    """Tables, read and written."""

    suffixes: ClassVar[tuple[str, ...]] = (".csv",)
    kinds: ClassVar[tuple[Kind, ...]] = ("persona", "scenario", "criterion", "behaviour")

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        found = records(read_text(path), path)
        line, header = next(found, (0, []))
        if not header:
            return
        columns = [_Column.of(cell, kind) for cell in header]
        while columns and not columns[-1].word:
            columns.pop()
        if problems := list(_layout_problems(columns, line)):
            yield from problems
            return
        yield from (_unknown(column.word, line, kind) for column in columns if column.is_refused)
        for line, cells in found:
            yield from _row(columns, cells, line)

    def text_of(self, rows: Sequence[Mapping[str, Any]]) -> str:
        own = ("traits", "attributes", *_JSON)
        names = list(dict.fromkeys(name for row in rows for name in row if name not in own))
        plain = _plain_attributes(rows)
        header = [*names, "traits", *(f"attributes.{name}" for name in plain), "attributes", *_JSON]
        lines = [header]
        for row in rows:
            attributes = dict(row.get("attributes", {}))
            cells = [str(row.get(name, "")) for name in names]
            cells += [_traits_cell(row.get("traits", ())), *(str(attributes.pop(name, "")) for name in plain)]
            lines.append([*cells, *map(_json_cell, (attributes, *(row.get(name) for name in _JSON)))])
        used = [index for index in range(len(header)) if any(line[index] for line in lines[1:])]
        return "".join(",".join(cell_of(line[index]) for index in used) + "\n" for line in lines)


@dataclass(frozen=True, slots=True)
class _Column:
    """What the cells under one heading are."""

    word: str
    group: str = ""
    """`attributes` or `fields`, where the column is one named value of them."""
    is_list: bool = False
    is_object: bool = False
    is_json: bool = False
    is_number: bool = False
    is_known: bool = True
    is_refused: bool = False
    """Told once for the whole column, so its cells are not looked at."""

    @classmethod
    def of(cls, heading: str, kind: Kind) -> _Column:
        word = heading.strip()
        group = FREE.get(kind, "")
        if group and word.startswith(f"{group}.") and word != f"{group}.":
            return cls(word.removeprefix(f"{group}."), group)
        tidy = word.lower().replace(" ", "_")
        if tidy in WORDS[kind]:
            is_number = kind == "behaviour" and tidy != "name"
            return cls(tidy, "", tidy == "traits", tidy == group, tidy in _JSON, is_number)
        return cls(word, is_known=False, is_refused=kind != "scenario")

    @property
    def heading(self) -> str:
        return f"{self.group}.{self.word}" if self.group else self.word


def _layout_problems(columns: Sequence[_Column], line: int) -> Iterator[Problem]:
    headings = [column.heading for column in columns]
    if len(columns) == 1 and (separator := next((char for char in ";\t" if char in headings[0]), "")):
        name = "tabs" if separator == "\t" else f"{separator!r}"
        yield Problem(f"the columns are separated by {name}: save the table with commas", line)
        return
    for heading in dict.fromkeys(headings):
        if not heading:
            yield Problem("a column has no heading", line)
        elif headings.count(heading) > 1:
            yield Problem("two columns have this heading", line, heading)


def _unknown(word: str, line: int, kind: Kind) -> Problem:
    text = unknown_field(word, kind)
    if kind == "persona" and not text.startswith("belongs"):
        text = text.split("; put free facts")[0]
        text += f"{'' if text.endswith('?') else ';'} name the column 'attributes.{word}' to keep it as an attribute"
    return Problem(text, line, word)


def _row(columns: Sequence[_Column], cells: Sequence[str], line: int) -> Iterator[Row | Problem]:
    if not any(cell.strip() for cell in cells):
        return
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        yield Problem(
            f"has {len(cells)} cells, the header has {len(columns)} "
            "(a cell with a comma in it needs double quotes around it)",
            line,
        )
        return
    data: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column.is_refused or (cell == "" and column.is_known):
            continue
        try:
            _put(data, column, cell)
        except BrokenJSONError as error:
            yield Problem(f"is not JSON: {error.problem} at column {error.position + 1} of the cell", line, column.word)
        except ValueError as error:
            yield Problem(str(error), line, column.heading)
    yield Row(data, line)


def _put(data: dict[str, Any], column: _Column, cell: str) -> None:
    """Raises BrokenJSONError, or ValueError for a name that is there already."""
    if column.group or column.is_object:
        group = data.setdefault(column.group or column.word, {})
        for name, value in ({column.word: cell} if column.group else _object(cell)).items():
            if name in group:
                raise ValueError(f"{name!r} stands in two columns")
            group[name] = value
    elif column.is_json:
        data[column.word] = _listed(cell, column.word)
    else:
        data[column.word] = _traits(cell) if column.is_list else parse_whole(cell).value if column.is_number else cell


def _object(cell: str) -> dict[str, Any]:
    parsed = parse_whole(cell)
    if not isinstance(parsed.value, dict):
        raise BrokenJSONError('Expecting an object such as {"age": 34}', 0)
    if parsed.repeated:
        raise ValueError(f"{parsed.repeated[0]!r} stands twice in one object")
    return parsed.value


def _traits(cell: str) -> Any:
    if cell.startswith('["'):
        return parse_whole(cell).value
    return [trait.strip() for trait in cell.split(";") if trait.strip()]


def _listed(cell: str, word: str) -> Any:
    """Behaviours or facts of one row."""
    if word == "behaviours" and not cell.lstrip().startswith(("[", "{")):
        return [name.strip() for name in cell.split(";") if name.strip()]
    parsed = parse_whole(cell)
    if parsed.repeated:
        raise ValueError(f"{parsed.repeated[0]!r} stands twice in one object")
    return parsed.value


def _json_cell(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if value else ""


def _traits_cell(traits: Sequence[str]) -> str:
    if any(";" in trait or trait.startswith('["') for trait in traits):
        return json.dumps(list(traits), ensure_ascii=False)
    return "; ".join(traits)


def _plain_attributes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of attributes whose values are text in every row that has them: those need no JSON."""
    attributes = [row.get("attributes", {}) for row in rows]
    names = dict.fromkeys(name for group in attributes for name in group)
    return [
        name
        for name in names
        if name and name == name.strip()
        if all(isinstance(group[name], str) and group[name] for group in attributes if name in group)
    ]


def cell_of(text: str) -> str:
    """The text as a cell, in quotes where it needs them."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def records(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each record of a table that is not blank. Raises InputError."""
    position, line = 0, 1
    while position < len(text):
        first_line, cells = line, list[str]()
        while True:
            cell, position, line = _next_cell(text, position, line, path)
            cells.append(cell)
            if text[position : position + 1] != ",":
                break
            position += 1
        if cells != [""]:
            yield first_line, cells
        if end := _LINE_END.match(text, position):
            position, line = end.end(), line + 1


def _next_cell(text: str, position: int, line: int, path: Path) -> tuple[str, int, int]:
    if not text.startswith('"', position):
        plain = _PLAIN.match(text, position)
        end = plain.end() if plain else position
        return text[position:end], end, line
    quoted = _QUOTED.match(text, position)
    if quoted is None:
        raise InputError("a double quote is opened here and never closed", file=path, line=line)
    end = quoted.end()
    line += len(_LINE_END.findall(quoted[1]))
    if text[end : end + 1] not in ("", ",", "\r", "\n"):
        raise InputError(
            'text follows a closing double quote: write a double quote inside a cell as ""', file=path, line=line
        )
    return quoted[1].replace('""', '"'), end, line
