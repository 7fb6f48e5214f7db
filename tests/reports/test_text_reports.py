"""JUnit, terminal and JSON: what CI, a terminal and a program read."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from rich.cells import cell_len
from rich.console import Console

from personae.core.conversation import DISCLAIMER, Turn
from personae.core.rating import Quote, Rating, Score
from personae.core.result import SimulationResult
from personae.core.usage import Usage
from personae.errors import RecordingError
from personae.reports import ReportSource, reports
from personae.reports.json import JsonReport
from personae.reports.junit import JunitReport, outcome
from personae.reports.terminal import TerminalReport, cost_in_words
from tests.reports.samples import make

NO = Rating("No invented policy", False, "It names a guarantee.", (Quote(2, "within 48 hours", True),))
YES = Rating("No invented policy", True, "Nothing invented.")
SILENT = Rating("No invented policy", None, error="cut off at 400 tokens")
RUN = (
    make(ratings=(YES,), traits=("calm",), metadata={"bot": "penny", "judge_model": "gpt", "simulator_model": "llama"}),
    make(persona="Bo", goal=False, termination="stuck", ratings=(NO,)),
    make(persona="Cy", termination="bot_error", goal=None, error="HTTP 500 after 12 ms", turns=()),
    make(persona="Di", termination="budget_exceeded", goal=None, error="$1.00 reached"),
    make(
        persona="Ed",
        ratings=(SILENT,),
        usage={"bot": Usage(3, 900, output_tokens=60, unpriced_calls=1, priced_usd=0.02)},
    ),
)


def junit(tmp_path: Path, *results: SimulationResult) -> ElementTree.Element:
    JunitReport().write(ReportSource.from_results(results, "run.jsonl"), tmp_path / "x.xml")
    return ElementTree.parse(tmp_path / "x.xml").getroot()


def terminal(*results: SimulationResult, **options: object) -> str:
    text = io.StringIO()
    console = Console(file=text, **({"width": 100} | options))  # type: ignore[arg-type]
    TerminalReport().show(ReportSource.from_results(results), console)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def test_there_are_four_reports() -> None:
    assert {"html", "json", "junit", "terminal"} <= set(reports.names())


def test_each_conversation_counts_once_in_ci() -> None:
    assert [outcome(result)[:2] for result in RUN] == snapshot(
        [
            ("passed", ""),
            ("failure", "goal achieved: NO; No invented policy: NO"),
            ("error", "HTTP 500 after 12 ms"),
            ("skipped", "budget_exceeded: $1.00 reached"),
            ("skipped", "not judged: No invented policy: cut off at 400 tokens"),
        ]
    )


def test_junit_has_a_case_per_conversation_and_the_honesty_line(tmp_path: Path) -> None:
    root = junit(tmp_path, *RUN)
    assert root.attrib == snapshot({"name": "personae", "tests": "5", "failures": "1", "errors": "1", "skipped": "2"})
    properties = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert properties == snapshot(
        {
            "disclaimer": "simulated personas: measures behavior under synthetic users, not real traffic",
            "conversations": "5",
            "measured": "3",
            "excluded.bot_error": "1",
            "excluded.budget_exceeded": "1",
            "validity.not_checked": "5",
            "goal": "67% (2 of 3; 95% interval 21% to 94%)",
            "criterion:No invented policy": "50% (1 of 2; 95% interval 9% to 91%)",
        }
    )
    assert properties["disclaimer"] == DISCLAIMER
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text == snapshot("""\
goal achieved: NO
Because it is so.

No invented policy: NO
It names a guarantee.
  turn 2: “within 48 hours”\
""")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_table_is_wider_than_the_terminal(width: int) -> None:
    """Rich cuts off what does not fit, and what would be cut off are figures."""
    scores = (Score("conversation_relevance", 0.5), Score("knowledge_retention", None, "nothing to measure"))
    names = ("Aarav Garcia (airline-16)", "Bo", "\u5c71\u7530\u592a\u90ce")
    text = terminal(
        *(make(persona=name, scores=(*scores, Score("turn_consistency", 1.0)), ratings=(YES,)) for name in names),
        width=width,
    )
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    heads = [line for line in lines if line.endswith(("rests on", "relevance", "consistency", "achieved", "policy"))]
    assert len(heads) == 2, text
    assert sum(line.endswith(("3 of 3", "3 measured", "none measured")) for line in lines) == 5, text
    for name in names:
        row = next(line for line in lines if line.startswith(name))
        assert re.search(r"1 of 1 +100%.*(?:100%|0\.50|1\.00)$", row), text


def test_junit_replaces_what_xml_cannot_hold(tmp_path: Path) -> None:
    text = 'a\x00b\x1b[31m\x0b]]>\ud800\uffff<&"'
    rating = Rating(text, False, text, (Quote(1, text, False),))
    root = junit(tmp_path, make(persona=f"P{text}", scenario=text, ratings=(rating,), turns=(Turn("user", text),)))
    case = root.find(".//testcase")
    assert case is not None
    assert case.get("classname") == snapshot('Pa␀b␛[31m␋]]>�⟨U+FFFF⟩<&"')


def test_the_terminal_shows_the_headline_what_was_left_out_and_the_honesty_line() -> None:
    assert terminal(*RUN) == snapshot("""\
5 conversations with penny, simulator llama, judge gpt

                             value   95% interval   rests on
────────────────────────────────────────────────────────────
Goal achieved                  67%     21% to 94%     2 of 3
No invented policy             50%      9% to 91%     1 of 2

left out of all rates: 2 conversations
     1 bot error
         HTTP 500 after 12 ms
     1 budget cut
         $1.00 reached
No invented policy: no answer in 1 more (cut off at 400 tokens)

                                                         No
                                            Goal   invented
persona                      measured   achieved     policy
───────────────────────────────────────────────────────────
Bo                             1 of 1         0%         0%
Ann                            1 of 1       100%       100%
Ed                             1 of 1       100%          -
Cy                             0 of 1          -          -
Di                             0 of 1          -          -

goal met    ████████████████████████  2 (40%)
stuck       ████████████              1 (20%)
budget cut  ████████████              1 (20%)
bot error   ████████████              1 (20%)

cost: at least $0.0200: no price is known for 1 call; 3 calls, 960 tokens
replies of the bot: half within 120 ms, 95% within 120 ms (4)

simulated personas: measures behavior under synthetic users, not real traffic\
""")


def test_the_terminal_says_why_there_is_no_number() -> None:
    assert terminal() == snapshot("""\
0 conversations

                                 value                 95% interval        rests on
───────────────────────────────────────────────────────────────────────────────────
Goal achieved                undefined   there are no conversations   none measured

simulated personas: measures behavior under synthetic users, not real traffic\
""")


def test_where_the_encoding_has_no_blocks_bars_are_plain() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    TerminalReport().show(ReportSource.from_results(RUN), Console(file=out, width=100))
    out.flush()
    assert b"####" in out.buffer.getvalue()


def test_foreign_text_is_no_markup_and_no_escape_code() -> None:
    text = terminal(make(persona="[red]x[/red] \x1b[31m", termination="bot_error", error="[bold]\x1b]0;title\x07"))
    assert "[red]x[/red] ␛[31m" in text
    assert "\x1b" not in text
    assert "[bold]␛]0;title␇" in text


def test_colours_only_on_a_terminal() -> None:
    assert "\x1b[" not in terminal(*RUN)
    assert "\x1b[" in terminal(*RUN, force_terminal=True, color_system="standard")


@pytest.mark.parametrize("name", ["html", "json", "junit", "terminal"])
def test_every_report_says_that_users_were_simulated(name: str, tmp_path: Path, source: ReportSource) -> None:
    method = reports.get(name)()
    out = tmp_path / f"deep/er/report{method.suffix}"
    method.write(source, out)
    assert DISCLAIMER in out.read_text(encoding="utf-8")
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path, source: ReportSource) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(RecordingError, match="cannot write"):
        JsonReport().write(source, tmp_path / "taken")


def test_reports_import_nothing_heavy_before_they_write() -> None:
    names = ["html", "json", "junit", "terminal"]
    heavy = "{'altair', 'vl_convert', 'jinja2', 'rich', 'numpy', 'scipy'}"
    code = f"import sys, {', '.join(f'personae.reports.{name}' for name in names)}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_json_is_the_summary(source: ReportSource) -> None:
    summary = json.loads(JsonReport().render(source))
    assert summary["goal_completion"]["value"] == summary["measures"][0]["value"]
    assert [(one["name"], one["n"]) for one in summary["measures"]] == snapshot(
        [
            ("Goal achieved", 36),
            ("Polite throughout", 36),
            ("No invented policy", 36),
            ("Asks only for what it needs", 35),
            ("conversation-relevance", 36),
            ("knowledge-retention", 32),
            ("turn-consistency", 36),
        ]
    )


def test_a_run_without_any_call_cost_nothing_and_one_without_usage_does_not_say() -> None:
    def cost(**usage: Usage) -> str:
        return cost_in_words(ReportSource.from_results([make(usage=usage)]).data)

    assert cost(simulator=Usage()) == "$0.00"
    assert cost() == "not recorded"
    assert cost(bot=Usage(1, unpriced_calls=1)) == "unknown: no price is known for 1 call"
