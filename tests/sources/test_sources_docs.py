"""The examples of docs/files.md are read as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personae.sources import read_criteria, read_personas, read_scenarios

PAGE = Path(__file__).parents[2] / "docs" / "files.md"
FENCE = re.compile(r"^```(\w+) (personas|scenarios|criteria)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
READ: dict[str, Callable[[Path], list[Any]]] = {
    "personas": read_personas,
    "scenarios": read_scenarios,
    "criteria": read_criteria,
}
EXAMPLES = FENCE.findall(PAGE.read_text())


@pytest.mark.parametrize(("form", "kind", "content"), EXAMPLES)
def test_an_example_is_read(form: str, kind: str, content: str, tmp_path: Path) -> None:
    file = tmp_path / f"example.{'txt' if form == 'text' else form}"
    file.write_text(content)
    assert READ[kind](file)


def test_the_page_has_examples_of_everything() -> None:
    assert len(EXAMPLES) >= 8
    assert {kind for _, kind, _ in EXAMPLES} == set(READ)


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = {(form, kind): content for form, kind, content in reversed(EXAMPLES)}
    Path("personas.jsonl").write_text(examples["jsonl", "personas"])
    Path("scenarios.yaml").write_text(examples["yaml", "scenarios"])
    Path("criteria.txt").write_text(examples["text", "criteria"])
    code = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    exec(code[0], {})
    assert read_personas("personas.csv") == read_personas("personas.jsonl")
