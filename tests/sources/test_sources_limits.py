"""Files and rows that are too large are refused with a clear message, before they fill the memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from personae.errors import InputError
from personae.sources import read_personas, sources

ROW = '{"name": "a%d", "profile": "p", "goal": "g", "success_criteria": "s"}\n'


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv"])
def test_a_file_over_100_mb_is_refused_before_it_is_read(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(f"p{ending}")
    with file.open("wb") as sparse:
        sparse.truncate(100_000_001)
    with pytest.raises(InputError) as caught:
        read_personas(file)
    assert str(caught.value) == f"p{ending}: is larger than 100 MB: split it"


def test_a_yaml_file_over_10_mb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text("#" * 10_000_001)
    with pytest.raises(InputError) as caught:
        read_personas("p.yaml")
    assert str(caught.value) == "p.yaml: is larger than 10 MB: split it, or write it as JSONL"


def test_a_line_over_5_mb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.jsonl").write_text(ROW % 1 + "x" * 20_000_000)
    with pytest.raises(InputError) as caught:
        read_personas("p.jsonl")
    assert str(caught.value) == "p.jsonl:2: is longer than 5 MB"


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        (".json", '[{"name": "a", "profile": "%s"}]'),
        (".csv", "name,profile\na,%s\n"),
        (".yaml", "- {name: a, profile: &p '%s', attributes: {x: [*p, *p]}}"),
    ],
    ids=["json", "csv", "yaml-by-aliases"],
)
def test_a_row_over_5_mb_is_refused_in_every_format(
    ending: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    size = 1_700_000 if ending == ".yaml" else 5_000_001
    Path(f"p{ending}").write_text(content % ("é" * (size // 2)))
    with pytest.raises(InputError, match="is larger than 5 MB"):
        read_personas(f"p{ending}", goal_required=False)


def test_aliases_cannot_blow_up_a_small_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    levels = [
        f"- &{name} [{', '.join(['*' + inner] * 10)}]" for inner, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    Path("p.yaml").write_text("\n".join(["- &a [x, x, x, x, x, x, x, x, x, x]", *levels]))
    with pytest.raises(InputError) as caught:
        read_personas("p.yaml")
    assert str(caught.value) == "p.yaml:5: aliases repeat more than 100,000 values: write them out"


def test_jsonl_is_read_as_a_stream(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text("".join(ROW.replace('"p"', f'"{"p" * 10_000}"') % number for number in range(2_000)))
    rows = sources.get("jsonl")().rows(file, "persona")
    tracemalloc.start()
    try:
        assert sum(1 for _ in rows) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
