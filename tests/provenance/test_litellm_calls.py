"""LiteLLM calls other clients, and they send over others: a call is still one call."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from personae.provenance import bind_case, read_recordings
from tests.provenance.samples import Recorder

# LiteLLM's own code warns of its own deprecations.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def litellm_bots() -> Iterator[Any]:
    from tests.provenance import litellm_bots

    yield litellm_bots
    # LiteLLM leaves event loops open: they shall be found here, where warnings are off, and in no later test.
    gc.collect()


BOTS = {
    "litellm_completion": "completion",
    "litellm_by_name": "completion",
    "litellm_streamed": "completion",
    "litellm_to_anthropic_streamed": "completion",
    "litellm_acompletion": "acompletion",
    "litellm_to_anthropic_acompletion": "acompletion",
    "litellm_to_anthropic_async_streamed": "acompletion",
}


@pytest.mark.parametrize(("name", "call"), BOTS.items(), ids=BOTS)
def test_a_call_is_recorded_once_as_litellms(
    name: str, call: str, litellm_bots: Any, chat_server: str, recorder: Recorder
) -> None:
    bot: Callable[[str], Any] = getattr(litellm_bots, name)
    with recorder() as recording, bind_case("case-1"):
        outcome = bot(chat_server)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
    assert [(p.function, p.sdk, p.call, p.role, p.count) for p in recording.prompts] == [
        (name, "litellm", call, role, 1) for role in ("system", "user")
    ]


@pytest.mark.parametrize("name", ["late_stream", "late_async_stream"])
def test_a_stream_that_sends_its_request_late_is_not_a_second_call(
    name: str, litellm_bots: Any, chat_server: str, recorder: Recorder
) -> None:
    with recorder() as recording:
        outcome = getattr(litellm_bots, name)(chat_server)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
    assert (recording.calls, recording.unplaced) == (0, 0)


def test_a_function_imported_by_name_is_given_back(litellm_bots: Any, recorder: Recorder) -> None:
    with recorder():
        pass
    assert litellm_bots.imported_by_name is litellm_bots.litellm.completion


LATE = """
import sys
from personae.provenance import bind_case, record_prompts

def answer(server):
    from litellm import completion
    messages = [{"role": "user", "content": "Hi"}]
    completion(model="openai/m", messages=messages, api_base=f"{server}/v1", api_key="k")

with record_prompts(), bind_case("case-1"):
    answer(sys.argv[1])
import litellm
assert litellm.completion.__module__.startswith("litellm"), litellm.completion
assert type(litellm.__spec__.loader).__module__ == "_frozen_importlib_external", litellm.__spec__
"""


def test_a_client_imported_while_recording_is_seen(chat_server: str, tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text(LATE)
    subprocess.run([sys.executable, "late.py", chat_server], cwd=tmp_path, check=True, timeout=120)
    (prompt,) = read_recordings(tmp_path / "prompt_recordings.jsonl")
    assert (prompt.file, prompt.function, prompt.sdk, prompt.case_uids) == (
        "late.py",
        "answer",
        "litellm",
        ("case-1",),
    )
