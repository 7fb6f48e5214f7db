"""The result file: what is in it survives whatever happens to the run, the disk and the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from personae.core.conversation import Turn
from personae.core.usage import NO_USAGE
from personae.errors import InputError, RecordingError
from personae.experiments.recorders.jsonl import Jsonl
from personae.simulation.conversation import Ended
from tests.experiments.samples import ONE_CALL, result, specs, turns
from tests.running import ROOT, lines, rows


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


def part(out: Path) -> Path:
    return out.with_name(out.name + ".part")


def die(recorder: Jsonl) -> None:
    """As after kill -9: the files stay as they are, and only the lock is free."""
    recorder._lock.release()


@pytest.mark.anyio
async def test_a_row_is_there_the_moment_it_is_recorded(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    assert [row["key"] for row in rows(out)] == [specs()[0].key]
    recorder.close()


@pytest.mark.anyio
async def test_a_turn_is_there_the_moment_it_is_recorded(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.turn(specs()[0], turns()[0])
    assert lines(part(out)) == 1
    recorder.close()


@pytest.mark.anyio
async def test_only_the_results_are_left_when_all_is_done(out: Path) -> None:
    recorder = Jsonl(out)
    for turn in turns():
        await recorder.turn(specs()[0], turn)
    await recorder.finish(result(specs()[0]))
    recorder.close()
    assert [path.name for path in out.parent.iterdir()] == ["results.jsonl"]


def test_nothing_is_left_of_a_run_that_recorded_nothing(out: Path) -> None:
    Jsonl(out).close()
    assert list(out.parent.iterdir()) == []


@pytest.mark.anyio
async def test_a_conversation_that_was_broken_off_goes_on_from_its_last_turn(out: Path) -> None:
    recorder = Jsonl(out)
    for turn in turns(3):
        await recorder.turn(specs()[0], turn)
    await recorder.finish(result(specs()[1]))
    die(recorder)
    again = Jsonl(out)
    assert again.is_finished(specs()[1].key)
    assert not again.is_finished(specs()[0].key)
    assert again.so_far(specs()[0].key).turns == tuple(turns(3))
    assert (again.finished, again.unfinished) == (1, 1)
    again.close()


@pytest.mark.anyio
async def test_what_was_taken_beside_the_turns_and_the_end_are_kept(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.turn(specs()[0], turns()[0])
    await recorder.turn(specs()[0], turns()[1], {"judge": ONE_CALL})
    ended = Ended("goal_met", "all is well", usage=ONE_CALL, refusals=1, metadata={"a": 1})
    await recorder.ended(specs()[0], ended, {"judge": ONE_CALL})
    die(recorder)
    again = Jsonl(out)
    so_far = again.so_far(specs()[0].key)
    assert so_far.ended == ended
    assert so_far.beside == {"judge": ONE_CALL + ONE_CALL}
    assert again.spent.calls == 5
    again.close()


@pytest.mark.anyio
@pytest.mark.parametrize("kept", [1, 10, 100, -1])
async def test_a_half_written_last_row_is_cut_off(out: Path, kept: int) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    await recorder.finish(result(specs()[1]))
    die(recorder)
    first, second, _ = out.read_bytes().split(b"\n")
    out.write_bytes(first + b"\n" + second[:kept])
    again = Jsonl(out)
    assert (again.is_finished(specs()[0].key), again.is_finished(specs()[1].key)) == (True, False)
    await again.finish(result(specs()[1]))
    again.close()
    assert [row["key"] for row in rows(out)] == [spec.key for spec in specs()[:2]]


@pytest.mark.anyio
@pytest.mark.parametrize("kept", [1, 9, -1])
async def test_a_half_written_last_turn_is_cut_off(out: Path, kept: int) -> None:
    recorder = Jsonl(out)
    for turn in turns(2):
        await recorder.turn(specs()[0], turn)
    die(recorder)
    first, second, _ = part(out).read_bytes().split(b"\n")
    part(out).write_bytes(first + b"\n" + second[:kept])
    again = Jsonl(out)
    assert again.so_far(specs()[0].key).turns == tuple(turns(1))
    await again.turn(specs()[0], turns(2)[1])
    die(again)
    assert Jsonl(out).so_far(specs()[0].key).turns == tuple(turns(2))


@pytest.mark.anyio
async def test_a_last_row_that_an_editor_took_the_line_break_from_is_kept(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    recorder.close()
    out.write_bytes(out.read_bytes().rstrip(b"\n"))
    again = Jsonl(out)
    await again.finish(result(specs()[1]))
    again.close()
    assert [row["key"] for row in rows(out)] == [spec.key for spec in specs()[:2]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a note to myself", "broken JSON"),
        ('{"name": "Ann", "profile": "terse"}\n', "is no result of a simulation"),
        ('{"key": "1", "other": 2}\n', "is no result of a simulation"),
        ("[1]\n", "is no result of a simulation"),
        ('{"key": "1", \n{"key": "2"}\n', "broken JSON"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_and_left_alone(out: Path, content: str, says: str) -> None:
    out.write_text(content)
    with pytest.raises(InputError, match=f"results.jsonl:1: {says}"):
        Jsonl(out)
    assert out.read_text() == content
    assert [path.name for path in out.parent.iterdir()] == ["results.jsonl"]


def test_fresh_never_replaces_what_is_no_result_file(out: Path) -> None:
    out.write_text('{"name": "Ann", "profile": "the only copy of my personas"}\n')
    with pytest.raises(InputError, match="no result file, so --fresh does not replace it"):
        Jsonl(out, fresh=True)
    assert "only copy" in out.read_text()


@pytest.mark.anyio
async def test_fresh_begins_anew(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    await recorder.turn(specs()[1], turns()[0])
    recorder.close()
    again = Jsonl(out, fresh=True)
    assert (again.finished, again.unfinished, again.spent) == (0, 0, NO_USAGE)
    again.close()


@pytest.mark.anyio
async def test_fresh_replaces_results_that_another_tool_has_rewritten(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    recorder.close()
    out.write_text("".join(json.dumps(row, indent=None) + "\n" for row in rows(out)))
    again = Jsonl(out, fresh=True)
    assert again.finished == 0
    again.close()


@pytest.mark.anyio
async def test_a_row_that_stands_twice_is_refused(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    recorder.close()
    out.write_bytes(out.read_bytes() * 2)
    with pytest.raises(InputError, match="stands in it twice"):
        Jsonl(out)


def test_two_runs_cannot_write_one_file(out: Path) -> None:
    recorder = Jsonl(out)
    code = "import sys; from pathlib import Path; from personae.experiments.recorders.jsonl import Jsonl"
    code += "; Jsonl(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", code, out], capture_output=True, text=True)
    assert "another run is writing" in other.stderr.splitlines()[-1]
    assert "give another --out" in other.stderr
    recorder.close()
    Jsonl(out).close()


@pytest.mark.anyio
async def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "results.jsonl"
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    recorder.close()
    assert lines(out) == 1


def test_a_folder_is_no_result_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a folder: name a file"):
        Jsonl(tmp_path)


def test_a_file_is_no_folder_for_results(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot write"):
        Jsonl(tmp_path / "file" / "results.jsonl")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that even root cannot write in")
def test_an_unwritable_folder_is_said_before_anything_is_paid() -> None:
    with pytest.raises(RecordingError, match=r"cannot write '/proc/self/results\.jsonl'"):
        Jsonl(Path("/proc/self/results.jsonl"))


UNWRITABLE = """
import os, sys
from pathlib import Path
from personae.errors import RecordingError
from personae.experiments.recorders.jsonl import Jsonl
os.chmod(sys.argv[1], 0o555)
if os.getuid() == 0:
    os.setuid(65534)
try:
    Jsonl(Path(sys.argv[1], "results.jsonl"))
except RecordingError as error:
    print(error)
"""


@pytest.mark.anyio
async def test_a_folder_without_permission_is_said_before_anything_is_paid(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", UNWRITABLE, tmp_path], capture_output=True, text=True)
    assert done.stdout.startswith("cannot write "), done.stderr
    assert "another run" not in done.stdout


FULL = """
import asyncio, resource, sys
from pathlib import Path
from personae.errors import RecordingError
from personae.experiments.recorders.jsonl import Jsonl
from tests.experiments.samples import result, specs
recorder = Jsonl(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
async def fill():
    for spec in specs(50):
        await recorder.finish(result(spec))
try:
    asyncio.run(fill())
except RecordingError as error:
    print(error)
"""


def test_a_full_disk_leaves_whole_rows_and_a_clear_message(out: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", FULL, out], capture_output=True, text=True, env=environment)
    assert "make room and run the same command again to go on" in done.stdout, done.stderr
    found = rows(out)
    assert 1 <= len(found) < 50
    assert out.read_bytes().endswith(b"\n")
    again = Jsonl(out)
    assert again.finished == len(found)
    again.close()


@pytest.mark.anyio
async def test_a_row_cut_short_by_a_ceiling_goes_back_to_the_journal_and_appears_once(out: Path) -> None:
    spec = specs()[0]
    recorder = Jsonl(out)
    for turn in turns(2):
        await recorder.turn(spec, turn)
    await recorder.finish(result(spec, termination="budget_exceeded"))
    await recorder.finish(result(specs()[1]))
    recorder.close()
    again = Jsonl(out)
    again.begin()
    assert [row["key"] for row in rows(out)] == [specs()[1].key]
    assert again.so_far(spec.key).turns == tuple(turns(2))
    await again.finish(result(spec))
    again.close()
    assert [row["termination"] for row in rows(out)] == ["goal_met", "goal_met"]
    assert not part(out).exists()


@pytest.mark.anyio
@pytest.mark.parametrize("begins", [0, 1, 3])
async def test_what_a_cut_conversation_cost_is_counted_once_however_often_it_goes_on(out: Path, begins: int) -> None:
    recorder = Jsonl(out)
    for turn in turns(2):
        await recorder.turn(specs()[0], turn)
    await recorder.turn(specs()[1], turns()[0])  # keeps the journal
    await recorder.finish(result(specs()[0], termination="budget_exceeded", judged=2))
    die(recorder)
    for _ in range(begins):
        recorder = Jsonl(out)
        recorder.begin()
        die(recorder)
    spent = Jsonl(out).spent
    assert (spent.calls, spent.input_tokens, spent.output_tokens) == (5, 30, 15)
    assert spent.priced_usd == pytest.approx(0.007)


@pytest.mark.anyio
async def test_a_run_that_dies_while_it_moves_cut_rows_loses_and_doubles_nothing(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0], termination="budget_exceeded"))
    recorder.close()
    before = out.read_bytes()
    again = Jsonl(out)
    spent = again.spent
    again.begin()
    die(again)
    out.write_bytes(before)  # the journal was written, the row not yet taken out
    last = Jsonl(out)
    assert last.spent == spent
    assert last.so_far(specs()[0].key).turns == tuple(turns(2))
    die(last)


@pytest.mark.anyio
async def test_a_restart_forgets_the_turns_and_keeps_their_cost(out: Path) -> None:
    spec = specs()[0]
    recorder = Jsonl(out)
    for turn in turns(3):
        await recorder.turn(spec, turn)
    die(recorder)
    again = Jsonl(out)
    await again.restart(spec)
    assert again.so_far(spec.key).turns == ()
    await again.turn(spec, Turn("user", "anew", usage=ONE_CALL))
    die(again)
    last = Jsonl(out)
    assert [turn.content for turn in last.so_far(spec.key).turns] == ["anew"]
    assert last.so_far(spec.key).beside == {"simulator": ONE_CALL + ONE_CALL, "bot": ONE_CALL}
    assert last.spent.calls == 4
    die(last)


@pytest.mark.anyio
async def test_strangers_are_counted_among_finished_and_half_done_ones(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    await recorder.turn(specs()[1], turns()[0])
    recorder.close()
    again = Jsonl(out)
    keys = [spec.key for spec in specs()]
    assert (again.strangers(keys), again.strangers(keys[:1]), again.strangers(keys[2:])) == (0, 1, 2)
    again.close()


@pytest.mark.anyio
async def test_results_come_back_by_key(out: Path) -> None:
    recorder = Jsonl(out)
    await recorder.finish(result(specs()[0]))
    assert recorder.results()[specs()[0].key].conversation == result(specs()[0]).conversation
    recorder.close()
