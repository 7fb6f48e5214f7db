"""What is recorded, what is not, and that nothing of it touches the bot."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import anthropic
import httpx
import httpx2
import openai
import pytest

from personae.errors import ConfigurationError, InputError
from personae.provenance import Recording, bind_case, fingerprint, record_prompts, suppressed
from tests.provenance import bots
from tests.provenance.samples import Recorder

PATCHED: list[Any] = [
    *(kind for client in (openai.OpenAI, openai.AsyncOpenAI) for kind in client.__mro__),
    *(kind for client in (anthropic.Anthropic, anthropic.AsyncAnthropic) for kind in client.__mro__),
    *(httpx.Client, httpx.AsyncClient, httpx2.Client, httpx2.AsyncClient, aiohttp.ClientSession),
    *(threading.Thread, ThreadPoolExecutor, asyncio.BaseEventLoop),
]


def attributes() -> list[dict[str, Any]]:
    return [dict(vars(owner)) for owner in PATCHED]


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "prompt_recordings.jsonl").read_text().splitlines()]


def test_a_suppressed_call_is_not_recorded(chat_server: str, recorder: Recorder) -> None:
    with recorder() as recording, suppressed():
        bots.openai_create(chat_server)
    assert (recording.calls, recording.unplaced) == (0, 0)


def test_a_suppressed_call_in_a_thread_is_not_recorded(chat_server: str, recorder: Recorder) -> None:
    with recorder() as recording, suppressed():
        bots.in_a_thread(chat_server)
    assert recording.calls == 0


def test_a_call_after_a_suppressed_one_is_recorded(chat_server: str, recorder: Recorder) -> None:
    with recorder() as recording:
        with suppressed():
            bots.openai_create(chat_server)
        bots.openai_create(chat_server)
    assert recording.calls == 1


def test_suppression_is_one_shared_object_when_nothing_records() -> None:
    assert suppressed() is suppressed()


def test_every_attribute_is_restored_on_exit(chat_server: str, recorder: Recorder) -> None:
    before = attributes()
    with recorder():
        bots.openai_create(chat_server)
    assert all(
        now.keys() == then.keys() and all(now[name] is then[name] for name in then)
        for now, then in zip(attributes(), before, strict=True)
    )


def test_every_attribute_is_restored_when_the_block_fails(recorder: Recorder) -> None:
    before = openai.OpenAI.request
    with pytest.raises(KeyError), recorder():
        raise KeyError
    assert openai.OpenAI.request is before


def test_the_import_hook_is_gone_on_exit(recorder: Recorder) -> None:
    before = list(sys.meta_path)
    with recorder():
        assert sys.meta_path != before
    assert sys.meta_path == before


def test_importing_the_package_patches_nothing() -> None:
    code = """
import asyncio, sys, threading
from concurrent.futures import ThreadPoolExecutor
things = (threading.Thread.start, ThreadPoolExecutor.submit, asyncio.BaseEventLoop.create_task, *sys.meta_path)
import personae.provenance
now = (threading.Thread.start, ThreadPoolExecutor.submit, asyncio.BaseEventLoop.create_task, *sys.meta_path)
assert all(a is b for a, b in zip(things, now, strict=True))
clients = {"openai", "anthropic", "litellm", "httpx", "httpx2", "aiohttp"} & sys.modules.keys()
assert not clients, clients
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_recording_imports_no_client_that_the_bot_does_not_use(tmp_path: Path) -> None:
    code = """
import sys
from personae.provenance import record_prompts
with record_prompts():
    pass
clients = {"openai", "anthropic", "litellm", "httpx", "httpx2", "aiohttp"} & sys.modules.keys()
assert not clients, clients
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)


def test_two_recordings_at_once_both_see_a_call(chat_server: str, recorder: Recorder, tmp_path: Path) -> None:
    with recorder() as outer, recorder(out=tmp_path / "inner.jsonl") as inner:
        bots.openai_create(chat_server)
    assert (outer.calls, inner.calls) == (1, 1)


def test_the_text_is_left_out_unless_asked_for(chat_server: str, recorder: Recorder, tmp_path: Path) -> None:
    with recorder():
        bots.openai_create(chat_server)
    assert bots.SYSTEM not in (tmp_path / "prompt_recordings.jsonl").read_text()


def test_the_text_is_kept_if_asked_for(chat_server: str, recorder: Recorder, tmp_path: Path) -> None:
    with recorder(record_text=True):
        bots.openai_create(chat_server)
    assert [line["text"] for line in lines(tmp_path)] == [bots.SYSTEM, bots.ASKED]


def test_a_prompt_is_known_by_its_fingerprint(chat_server: str, recorder: Recorder, tmp_path: Path) -> None:
    with recorder():
        bots.openai_create(chat_server)
    assert [line["fingerprint"] for line in lines(tmp_path)] == [fingerprint(bots.SYSTEM), fingerprint(bots.ASKED)]


def test_the_same_prompt_again_is_counted(chat_server: str, recorder: Recorder, tmp_path: Path) -> None:
    with recorder():
        for case in ("case-2", "case-1", "case-2"):
            with bind_case(case):
                bots.openai_create(chat_server)
    assert [(line["count"], line["case_uids"]) for line in lines(tmp_path)] == [(3, ["case-1", "case-2"])] * 2


def test_a_call_outside_of_any_case_is_recorded_without_one(chat_server: str, recorder: Recorder) -> None:
    with recorder() as recording:
        bots.openai_create(chat_server)
    assert [prompt.case_uids for prompt in recording.prompts] == [(), ()]


def test_a_call_from_outside_the_repository_is_only_counted(chat_server: str, tmp_path: Path) -> None:
    with record_prompts(tmp_path) as recording:
        bots.openai_create(chat_server)
    assert (recording.calls, recording.unplaced, (tmp_path / "prompt_recordings.jsonl").exists()) == (0, 1, False)


def test_a_virtual_environment_in_the_repository_is_not_the_bots_code(chat_server: str, tmp_path: Path) -> None:
    library = tmp_path / "env" / "lib" / "framework.py"
    library.parent.mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    namespace: dict[str, Any] = {"openai_create": bots.openai_create}
    exec(compile("def ask(server):\n    openai_create(server)", library, "exec"), namespace)
    with record_prompts(tmp_path) as recording:
        namespace["ask"](chat_server)
    assert (recording.calls, recording.unplaced) == (0, 1)


CONTENTS: dict[str, tuple[Any, str]] = {
    "text": ("Hi", "Hi"),
    "parts": ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
    "image": (
        [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:,x"}}],
        "a\n[image_url]",
    ),
}


@pytest.mark.parametrize(("content", "text"), CONTENTS.values(), ids=CONTENTS)
def test_content_is_recorded_as_text(content: Any, text: str, chat_server: str, recorder: Recorder) -> None:
    with recorder(record_text=True) as recording:
        httpx.post(f"{chat_server}/api/chat", json={"messages": [{"role": "user", "content": content}]})
    assert [prompt.text for prompt in recording.prompts] == [text]


def test_text_that_no_file_can_hold_is_kept_with_a_question_mark(
    chat_server: str, recorder: Recorder, tmp_path: Path
) -> None:
    messages: Any = [{"role": "user", "content": "half an emoji: \ud83d"}]
    with recorder(record_text=True), pytest.raises(UnicodeEncodeError):
        bots.openai_client(chat_server).chat.completions.create(model="m", messages=messages)
    assert [line["text"] for line in lines(tmp_path)] == ["half an emoji: ?"]


def stopped_clock() -> datetime:
    raise RuntimeError("the clock has stopped")


@pytest.fixture
def failing(tmp_path: Path) -> Recording:
    return Recording(Path(__file__).parent, tmp_path / "prompt_recordings.jsonl", clock=stopped_clock)


def test_a_failure_of_the_recording_is_not_the_bots(chat_server: str, failing: Recording) -> None:
    with failing:
        bots.openai_create(chat_server)
    assert (failing.calls, failing.failures) == (0, 1)


def test_failures_are_logged_once(chat_server: str, failing: Recording, caplog: pytest.LogCaptureFixture) -> None:
    with failing, caplog.at_level(logging.WARNING, "personae.provenance"):
        bots.openai_create(chat_server)
        bots.openai_create(chat_server)
    assert (failing.failures, [record.name for record in caplog.records]) == (2, ["personae.provenance"])


def test_a_broken_file_is_refused_before_the_run(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "prompt_recordings.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"prompt_recordings\.jsonl:1"), recorder():
        pass


def test_a_missing_folder_is_refused_before_the_run(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="is not a folder"),
        record_prompts(tmp_path, out=tmp_path / "no" / "f"),
    ):
        pass


def test_a_bot_behind_a_client_in_this_process_is_seen(chat_server: str, recorder: Recorder) -> None:
    """A user's function reaches the bot through a test client: the bot's call is below another, and its own."""

    def app(request: httpx.Request) -> httpx.Response:
        bots.anthropic_create(chat_server)
        return httpx.Response(200)

    with recorder() as recording, httpx.Client(transport=httpx.MockTransport(app)) as client:
        client.post("http://bot/chat", json=bots.CHAT)
    assert [prompt.sdk for prompt in recording.prompts if prompt.function == "anthropic_create"] == ["anthropic"] * 2
