"""Worker threads keep the case, whoever starts them, and are given back as they were."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import Event, Thread
from typing import Any

import pytest

from personae.provenance import bind_case, current_case
from tests.provenance import bots
from tests.provenance.samples import Recorder

BOTS = [bots.in_a_thread, bots.pooled, bots.in_the_loops_executor, bots.to_thread]
CLIENTS_OWN = [bots.thread_of_the_client, bots.pooled_client]

theirs: ContextVar[str] = ContextVar("theirs", default="unset")


@pytest.mark.parametrize("bot", BOTS, ids=lambda bot: bot.__name__)
def test_a_call_in_a_worker_thread_keeps_the_case(
    bot: Callable[[str], Any], chat_server: str, recorder: Recorder
) -> None:
    with recorder() as recording, bind_case("case-1"):
        outcome = bot(chat_server)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
    assert [(p.function, p.case_uids) for p in recording.prompts] == [("openai_create", ("case-1",))] * 2


@pytest.mark.parametrize("bot", CLIENTS_OWN, ids=lambda bot: bot.__name__)
def test_a_thread_without_a_frame_of_the_bot_is_placed_where_it_was_started(
    bot: Callable[[str], None], chat_server: str, recorder: Recorder
) -> None:
    with recorder() as recording, bind_case("case-1"):
        bot(chat_server)
    assert [(p.function, p.case_uids) for p in recording.prompts] == [(bot.__name__, ("case-1",))] * 2


def test_a_pool_used_by_several_cases_keeps_them_apart(recorder: Recorder) -> None:
    with recorder(), ThreadPoolExecutor(1) as pool:
        with bind_case("case-1"):
            first = pool.submit(current_case).result()
        with bind_case("case-2"):
            second = pool.submit(current_case).result()
        outside = pool.submit(current_case).result()
    assert (first, second, outside) == ("case-1", "case-2", None)


def test_a_pools_thread_keeps_nothing_once_the_recording_is_over(recorder: Recorder) -> None:
    with ThreadPoolExecutor(1) as pool, bind_case("case-1"):
        with recorder():
            pool.submit(current_case).result()
        assert pool.submit(current_case).result() is None


def test_a_thread_that_outlives_its_conversation_belongs_to_no_case(recorder: Recorder) -> None:
    over, found = Event(), []

    def look() -> None:
        over.wait()
        found.append(current_case())

    with recorder():
        with bind_case("case-1"):
            thread = Thread(target=look)
            thread.start()
        over.set()
        thread.join()
    assert found == [None]


def test_a_thread_gets_none_of_the_bots_own_context_variables(recorder: Recorder) -> None:
    found = []
    with recorder():
        token = theirs.set("set")
        thread = Thread(target=lambda: found.append(theirs.get()))
        thread.start()
        thread.join()
        theirs.reset(token)
    assert found == ["unset"]


def test_a_thread_keeps_its_own_run_method(recorder: Recorder) -> None:
    thread = Thread(target=lambda: None)
    with recorder():
        thread.start()
        thread.join()
    assert "run" not in vars(thread)


def test_a_thread_that_is_started_twice_fails_as_ever(recorder: Recorder) -> None:
    thread = Thread(target=lambda: None)
    with recorder():
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="only be started once"):
            thread.start()
    assert "run" not in vars(thread)
