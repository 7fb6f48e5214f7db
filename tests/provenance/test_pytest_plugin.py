"""`pytest --record-prompts`, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from personae.provenance import read_recordings

pytest_plugins = ["pytester"]

BOT = """
import httpx
from personae.provenance import bind_case

def answer(server):
    httpx.post(server + "/api/chat", json={"messages": [{"role": "user", "content": "Hi"}]})
"""
TESTS = """
import pytest
from bot import answer, bind_case

@pytest.mark.parametrize("number", range(4))
def test_bot(number):
    with bind_case(f"case-{number}"):
        answer("SERVER")
"""


@pytest.fixture
def project(pytester: pytest.Pytester, chat_server: str, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    # Without the plugins of our development environment, which take seconds to load.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "personae.pytest_plugin")
    pytester.makepyfile(bot=BOT, test_bot=TESTS.replace("SERVER", chat_server))
    return pytester


def test_installing_personae_brings_the_option(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_PLUGINS"):
        monkeypatch.delenv(name)
    project.runpytest_subprocess("--record-prompts").assert_outcomes(passed=4)


def test_calls_of_the_tests_are_recorded(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("--record-prompts").assert_outcomes(passed=4)
    (prompt,) = read_recordings(project.path / "prompt_recordings.jsonl")
    assert (prompt.file, prompt.function, prompt.count) == ("bot.py", "answer", 4)


def test_the_summary_says_what_was_recorded(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--record-prompts")
    result.stdout.fnmatch_lines(["personae: 4 calls of the bot recorded in prompt_recordings.jsonl"])


def test_nothing_is_recorded_without_the_option(project: pytest.Pytester) -> None:
    project.runpytest_subprocess().stdout.no_fnmatch_line("personae:*")
    assert not (project.path / "prompt_recordings.jsonl").exists()


def test_the_file_can_be_elsewhere(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("--record-prompts", "--record-prompts-out", "seen.jsonl")
    assert sum(1 for _ in read_recordings(project.path / "seen.jsonl")) == 1


def test_the_text_is_kept_if_asked_for(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("--record-prompts", "--record-prompts-text")
    (prompt,) = read_recordings(project.path / "prompt_recordings.jsonl")
    assert prompt.text == "Hi"


def test_a_broken_file_ends_the_session_before_a_test_runs(project: pytest.Pytester) -> None:
    (project.path / "prompt_recordings.jsonl").write_text("{}\n")
    result = project.runpytest_subprocess("--record-prompts")
    result.stderr.fnmatch_lines(["*--record-prompts: *prompt_recordings.jsonl:1: schema_version: *"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_recordings_that_cannot_be_written_fail_the_session(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_spoil="def test_spoil(request):\n    (request.config.rootpath / 'prompt_recordings.jsonl').write_text('{')"
    )
    result = project.runpytest_subprocess("--record-prompts")
    result.stdout.fnmatch_lines(["personae: 4 calls *; recordings not written: *jsonl:1: not valid JSON*"])
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR


def test_workers_of_xdist_record_into_one_file(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xdist")
    monkeypatch.setenv("PYTEST_PLUGINS", "personae.pytest_plugin,xdist.plugin")
    result = project.runpytest_subprocess("--record-prompts", "-n2")
    result.stdout.fnmatch_lines(["personae: 4 calls of the bot recorded in prompt_recordings.jsonl"])
    (prompt,) = read_recordings(project.path / "prompt_recordings.jsonl")
    assert prompt.case_uids == ("case-0", "case-1", "case-2", "case-3")


def test_the_plugin_imports_nothing_but_pytest_when_off() -> None:
    code = """
import sys, pytest
before = set(sys.modules)
import personae.pytest_plugin
added = sorted(set(sys.modules) - before)
assert added == ["personae", "personae.pytest_plugin"], added
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
