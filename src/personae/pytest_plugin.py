"""`pytest --record-prompts`: record the prompts that the bot under test renders, for the whole session.

The plugin is loaded by every pytest run wherever personae is installed, so it imports the recorder only when
asked. Under pytest-xdist each worker records its own tests and merges into the same file; the counts meet in
the summary.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from personae.provenance import Recording

RECORDING: pytest.StashKey[Recording] = pytest.StashKey()
OUTCOME: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
WORKER_KEY = "personae_recording"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Three options, all off by default."""
    group = parser.getgroup("personae", "personae: simulated users")
    group.addoption(
        "--record-prompts",
        action="store_true",
        help="record the prompts that the bot under test renders, with call site and case",
    )
    group.addoption(
        "--record-prompts-out",
        metavar="PATH",
        help="where to record them (default: prompt_recordings.jsonl in the root directory)",
    )
    group.addoption(
        "--record-prompts-text",
        action="store_true",
        help="keep the text of the prompts too, not only their fingerprints",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start before collection, so that clients are hooked when the tests import them."""
    if not config.getoption("--record-prompts"):
        return
    from personae.errors import PersonaeError
    from personae.provenance import record_prompts

    out = config.getoption("--record-prompts-out")
    recording = record_prompts(
        config.rootpath,
        out=config.invocation_params.dir / out if out else None,
        record_text=config.getoption("--record-prompts-text"),
    )
    try:
        recording.start()
    except (PersonaeError, OSError) as error:
        raise pytest.UsageError(f"--record-prompts: {error}") from error
    config.stash[RECORDING] = recording


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the file before the summary is printed; a worker hands its counts to the session."""
    outcome = _finish(session.config)
    if outcome is None:
        return
    if outcome["problems"] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    worker_output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if worker_output is not None:
        worker_output[WORKER_KEY] = outcome


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of pytest-xdist has finished: its counts join those of the session."""
    outcome = getattr(node, "workeroutput", {}).get(WORKER_KEY)
    if outcome is not None:
        seen = node.config.stash.setdefault(OUTCOME, _nothing_yet())
        for name, value in outcome.items():
            seen[name] += value


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line: how many calls were recorded where, and what was not."""
    outcome = config.stash.get(OUTCOME, None)
    if outcome is None:
        return
    calls = "1 call" if outcome["calls"] == 1 else f"{outcome['calls']} calls"
    line = f"personae: {calls} of the bot recorded in {_shown(config)}"
    if outcome["unplaced"]:
        line += f"; {outcome['unplaced']} had no call site in {config.rootpath.name}"
    if outcome["failures"]:
        line += f"; {outcome['failures']} could not be recorded"
    line = "; ".join([line, *outcome["problems"]])
    terminalreporter.write_line(line, red=bool(outcome["problems"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    """For sessions that end before they begin, for example on a usage error: nothing stays patched."""
    _finish(config)


def _finish(config: pytest.Config) -> dict[str, Any] | None:
    recording = config.stash.get(RECORDING, None)
    if recording is None or not recording.active:
        return None
    from personae.errors import PersonaeError

    outcome = config.stash.setdefault(OUTCOME, _nothing_yet())
    try:
        recording.stop()
    except (PersonaeError, OSError) as error:
        outcome["problems"].append(f"recordings not written: {error}")
    outcome["calls"] += recording.calls
    outcome["unplaced"] += recording.unplaced
    outcome["failures"] += recording.failures
    return outcome


def _nothing_yet() -> dict[str, Any]:
    return {"calls": 0, "unplaced": 0, "failures": 0, "problems": []}


def _shown(config: pytest.Config) -> str:
    out: Path = config.stash[RECORDING].out
    return str(out.relative_to(config.rootpath)) if out.is_relative_to(config.rootpath) else str(out)
