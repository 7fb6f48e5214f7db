"""YAML: a list of rows, or a mapping that holds such lists under `personas`, `scenarios` and `criteria`.

Source: YAML 1.2, read by ruamel.yaml's parser
Idea:   built from parse events, so every field knows its line and nothing is turned into something else: only what
        JSON would call a number, a truth value or null is one, and all other plain words (`yes`, `012`, `2024-05-17`)
        stay text. Tags are refused, and aliases can only repeat what a file of sensible size can hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from personae.errors import InputError
from personae.sources import PLURAL, Kind, Problem, Row, sources
from personae.sources._text import read_text
from personae.sources._values import MAX_DEPTH, TOO_DEEP, TOO_LARGE_INT

MAX_YAML_BYTES = 10_000_000
"""The parser takes some twenty seconds for so much."""
MAX_REPEATED = 100_000
"""So many values may come from aliases in one file."""

_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.title(), word.upper())
}
_NOT_FINITE = {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF", "+.inf", "+.Inf", "+.INF"}


@sources.method("yaml")
class YAMLList:
    """YAML lists, read and written."""

    suffixes: ClassVar[tuple[str, ...]] = (".yaml", ".yml")
    kinds: ClassVar[tuple[Kind, ...]] = ("persona", "scenario", "criterion", "behaviour", "query")

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        text = read_text(path, limit=MAX_YAML_BYTES, advice="split it, or write it as JSONL")
        builder = _Builder(text, path)
        top = builder.document()
        yield from builder.problems
        if top is not None:
            yield from _rows(top, kind)

    def text_of(self, rows: Sequence[Mapping[str, Any]]) -> str:
        return "".join(_block(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a YAML file, with the line on which it begins."""

    value: Any
    """Nodes by key, a list of nodes, or a plain value."""
    line: int | None
    """None: it came from no file."""
    size: int = 1
    """How many values it holds, itself and those from aliases included."""

    @classmethod
    def of(cls, data: Any) -> Node:
        """Plain data as if it had been read."""
        if isinstance(data, Mapping):
            return cls({str(key): cls.of(value) for key, value in data.items()}, None)
        return cls([cls.of(item) for item in data] if isinstance(data, list | tuple) else data, None)

    def plain(self) -> Any:
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value


def read_tree(path: Path) -> tuple[Node | None, list[Problem]]:
    """The file's one document, None where it holds nothing, and the keys that stand twice. Raises InputError."""
    builder = _Builder(read_text(path, limit=MAX_YAML_BYTES, advice="split it"), path)
    return builder.document(), builder.problems


def _rows(top: Node, kind: Kind) -> Iterator[Row | Problem]:
    own = PLURAL[kind]
    items = top.value
    if isinstance(items, dict) and own in items:
        for key, node in items.items():
            if key not in PLURAL.values():
                yield Problem(f"is not known beside {own!r}", node.line, key)
        if not isinstance(items[own].value, list):
            yield Problem(f"must be a list of {own}", items[own].line, own)
            return
        items = items[own].value
    if not isinstance(items, list):
        yield Problem(f"must be a list of {own}, or a mapping with such a list under {own!r}", top.line)
        return
    for node in items:
        fields = node.value.items() if isinstance(node.value, dict) else ()
        lines = {key: child.line for key, child in fields if child.line is not None}
        yield Row(node.plain(), node.line, lines)


class _Builder:
    """One document, from parse events to nodes."""

    def __init__(self, text: str, path: Path) -> None:
        self._text, self._path = text, path
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, Node] = {}
        self._repeated = 0
        self.problems: list[Problem] = []

    def document(self) -> Node | None:
        """The file's one document, or None where it holds nothing. Raises InputError."""
        try:
            return self._document()
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f" at column {mark.column + 1}" if mark is not None else ""
            line = mark.line + 1 if mark is not None else None
            text = " ".join(str(part) for part in (error.context, error.problem) if part)
            raise InputError(f"is not YAML: {text}{where}", file=self._path, line=line) from None
        except ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1
            character = f"U+{int(error.character):04X}"
            raise InputError(
                f"is not YAML: the character {character} must be written as an escape, in double quotes",
                file=self._path,
                line=line,
            ) from None
        except YAMLError as error:
            raise InputError(f"is not YAML: {error}", file=self._path) from None

    def _document(self) -> Node | None:
        top = None
        documents = 0
        for event in self._events:
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                self._refuse("a second document begins here: only one is read", event)
            if isinstance(event, NodeEvent):
                top = self._node(event, 1)
        return None if top is not None and top.value is None else top

    def _node(self, event: Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._refuse(TOO_DEEP, event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if tag := getattr(event, "tag", None):
            self._refuse(f"the tag {tag!r} is refused: take it away", event)
        if isinstance(event, MappingStartEvent):
            node = self._mapping(event, depth)
        elif isinstance(event, SequenceStartEvent):
            items = [self._node(item, depth + 1) for item in self._until_end()]
            node = Node(items, _line(event), 1 + sum(item.size for item in items))
        else:
            node = Node(_scalar(str(getattr(event, "value", "")), getattr(event, "style", None)), _line(event))
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _until_end(self) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event

    def _mapping(self, start: Event, depth: int) -> Node:
        found: dict[str, Node] = {}
        size = 1
        for event in self._until_end():
            if not isinstance(event, ScalarEvent):
                self._refuse("a key must be plain text", event)
            key = str(event.value)
            if key == "<<" and event.style is None:
                self._refuse("merge keys ('<<') are not read: write the fields out", event)
            value = self._node(next(self._events), depth + 1)
            size += value.size
            if key in found:
                text = f"stands twice in one mapping, first at line {found[key].line}"
                self.problems.append(Problem(text, _line(event), key))
            found.setdefault(key, value)
        return Node(found, _line(start), size)

    def _alias(self, event: AliasEvent) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            self._refuse(f"the alias {'*' + event.anchor!r} stands before its anchor is complete", event)
        self._repeated += node.size
        if self._repeated > MAX_REPEATED:
            self._refuse(f"aliases repeat more than {MAX_REPEATED:,} values: write them out", event)
        return Node(node.value, _line(event), node.size)

    def _refuse(self, problem: str, event: Event) -> NoReturn:
        raise InputError(problem, file=self._path, line=_line(event))


def _scalar(text: str, style: str | None) -> Any:
    """The value of a scalar as it is written: quoted (any `style`) it is text."""
    if style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text in _NOT_FINITE:
        return float(text.lower().replace(".", ""))
    if _INT.fullmatch(text):
        return int(text) if len(text) <= 20 else TOO_LARGE_INT
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_NEEDS_ESCAPES = re.compile("[^\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _block(row: Mapping[str, Any]) -> str:
    lines = [f"{name}: {_value(value)}\n" for name, value in row.items()]
    return "- " + "  ".join(lines)


def _value(value: Any) -> str:
    """Long texts as they are, between their lines; everything else as JSON, which is YAML too."""
    if isinstance(value, str) and _fits_block(value):
        return "|-\n" + "\n".join(f"    {line}" if line else "" for line in value.split("\n"))
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _fits_block(text: str) -> bool:
    return "\n" in text and text == text.strip() and not _NEEDS_ESCAPES.search(text)
