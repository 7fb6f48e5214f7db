"""Topics: a YAML list of topics with example users, as people write it. Every problem is told with line and field.

Source: seeds/002 (topics and user profiles)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from personae.core.query import Example, Topic
from personae.errors import InputError
from personae.sources._fields import nearest
from personae.sources._source import Problem, Report
from personae.sources._values import kind_of
from personae.sources.yaml import Node, read_tree

_EXAMPLE = ("example_type", "example_background", "example_query")
_TOPIC = ("topic", "example_types")


def read_topics(path: str | Path) -> list[Topic]:
    """The topics in a YAML (or JSON) file, in its order. Raises InputError that lists everything that is wrong."""
    file = Path(path)
    top, twice = read_tree(file)
    report = Report(file)
    report.add(*twice)
    if top is None:
        raise InputError("is empty: it must hold a list of topics", file=file)
    items = top.value.get("topics", top) if isinstance(top.value, dict) else top
    topics: list[Topic] = []
    if not isinstance(items.value, list):
        report.add(Problem("must be a list of topics, each with 'topic' and 'example_types'", items.line))
    else:
        known: dict[str, int] = {}
        for item in items.value:
            report.add(*_problems(item, known))
    report.raise_if_any()
    for item in items.value:
        examples = tuple(Example(**_texts(one)) for one in item.value["example_types"].value)
        topics.append(Topic(topic=item.value["topic"].value, example_types=examples))
    if not topics:
        raise InputError("is empty: it must hold a list of topics", file=file)
    return topics


def _texts(node: Node) -> dict[str, str]:
    return {name: node.value[name].value for name in _EXAMPLE}


def _problems(item: Node, known: dict[str, int]) -> Iterator[Problem]:
    yield from _object(item, _TOPIC, "a topic", "")
    if not isinstance(item.value, dict):
        return
    topic, examples = item.value.get("topic"), item.value.get("example_types")
    if topic is not None and isinstance(topic.value, str) and topic.value.strip():
        name = topic.value.strip().casefold()
        if known.setdefault(name, topic.line) != topic.line:
            yield Problem(f"{topic.value.strip()!r} is a topic at line {known[name]} already", topic.line, "topic")
    if examples is None:
        return
    if not isinstance(examples.value, list) or not examples.value:
        yield Problem("must be a list of one example or more", examples.line, "example_types")
        return
    for number, example in enumerate(examples.value, 1):
        yield from _object(example, _EXAMPLE, "an example", f"example_types: item {number}: ")


def _object(node: Node, names: Sequence[str], what: str, prefix: str) -> Iterator[Problem]:
    """What is wrong with the fields of a topic or an example; its list of examples is looked at elsewhere."""
    if not isinstance(node.value, dict):
        yield Problem(f"must be {what} with {', '.join(names)}, not {kind_of(node.value)}", node.line,
                      prefix.removesuffix(": ") or None)  # fmt: skip
        return
    for name, value in node.value.items():
        if name not in names:
            meant = nearest(name, names)
            advice = f"; did you mean {meant!r}?" if meant else f" (there is {', '.join(names)})"
            yield Problem(f"is not a field of {what}{advice}", value.line, prefix + name)
        elif name != "example_types" and not isinstance(value.value, str):
            advice = "; put it in quotes" if isinstance(value.value, bool | int | float) else ""
            yield Problem(f"must be text, not {kind_of(value.value)}{advice}", value.line, prefix + name)
        elif isinstance(value.value, str) and not value.value.strip():
            yield Problem("must not be blank", value.line, prefix + name)
    for name in names:
        if name not in node.value:
            yield Problem(f"is missing: {what} has {', '.join(names)}", node.line, prefix + name)


def text_of_topics(topics: Sequence[Topic]) -> str:
    """The topics as YAML, in the form that people edit: `read_topics` gives them back."""
    lines = []
    for topic in topics:
        lines += [f"- topic: {_quoted(topic.topic)}", "  example_types:"]
        for example in topic.example_types:
            first, *rest = (f"{name}: {_quoted(getattr(example, name))}" for name in _EXAMPLE)
            lines += [f"    - {first}", *(f"      {line}" for line in rest)]
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A double-quoted scalar: JSON's is YAML's too, but for a few signs that YAML wants escaped."""
    return "".join(f"\\u{ord(one):04x}" if one in "\x7f\x85\u2028\u2029\ufeff" else one
                   for one in json.dumps(text, ensure_ascii=False))  # fmt: skip
