"""The worked examples of CONTRIBUTING.md run just as they stand there."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from personae import Persona, simulate
from personae.experiments.report_data import ReportData
from personae.reports import ReportSource, reports

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```python file=src/(?P<file>\S+)\n(?P<code>.*?)```", re.DOTALL)
EXAMPLES = {match["file"]: match["code"] for match in BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text())}
PERSONA = Persona(
    name="asker", description="Asks things.", goal="Get the opening hours.", success_criteria="The hours were given."
)


@pytest.fixture(autouse=True)
def examples_in_their_rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each example lies in the folder that its first line names, as if it were part of the package."""
    for file, code in EXAMPLES.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        package = import_module(".".join(Path(file).parent.parts))
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(path.parent)])
    yield
    for file in EXAMPLES:
        sys.modules.pop(".".join(Path(file).with_suffix("").parts), None)
    for package_name, room in (
        ("personae.bots", "bots"),
        ("personae.rating.metrics", "metrics"),
        ("personae.reports", "reports"),
    ):
        found = getattr(import_module(package_name), room)._found
        for file in EXAMPLES:
            found.pop(Path(file).stem, None)


def test_the_bot_talks_over_its_socket() -> None:
    async def serve_and_simulate() -> list[str]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"We are open from nine to five.\n")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            results = await asyncio.to_thread(
                simulate, f"tcp:127.0.0.1:{port}", [PERSONA], provider="offline", max_turns=1
            )
        return [turn["content"] for turn in results[0].transcript]

    assert asyncio.run(serve_and_simulate())[1] == "We are open from nine to five."


def test_the_metric_scores_every_conversation() -> None:
    results = simulate(
        lambda prompt: "We are open from nine to five.", [PERSONA], provider="offline", metrics=["one_question"]
    )
    assert results[0].scores[0].metric == "one_question"
    assert results[0].scores[0].value is not None


def test_the_report_writes_a_row_per_conversation(tmp_path: Path) -> None:
    results = simulate(lambda prompt: "From nine to five.", [PERSONA], provider="offline", max_turns=2)
    out = tmp_path / "table.csv"
    reports.get("table")().write(ReportSource.from_results(results), out)
    assert [line.split(",")[0] for line in out.read_text().splitlines()[1:]] == ["persona", "asker"]
    assert isinstance(ReportSource.from_results(results).data, ReportData)
