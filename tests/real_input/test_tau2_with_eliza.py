"""All 164 tasks of tau2-bench talk with a real third-party bot, offline: the ELIZA of nltk, in Python and over HTTP."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from nltk.chat.eliza import eliza_chatbot

from personae import Scenario, SimulationResult, read_scenarios, simulate

TAU2 = Path(os.environ.get("PERSONAE_TAU2", Path(__file__).parents[3] / "shared" / "data" / "tau2-bench"))
pytestmark = pytest.mark.skipif(
    not TAU2.is_dir(), reason=f"the tau2-bench tasks are not at {TAU2}: set PERSONAE_TAU2 to their folder"
)
MAX_TURNS = 6


def eliza(message: str) -> str:
    """ELIZA takes a per cent sign in what she hears for one of her own wildcards, and fails on it."""
    return str(eliza_chatbot.respond(message.replace("%", " per cent"))) or "Please go on."


def model_fn(prompt: str) -> str:
    """ELIZA hears the last line that the user said."""
    return eliza(prompt.rsplit("USER: ", 1)[-1])


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    files = ("retail-tasks.json", "airline-tasks.json")
    return [scenario for file in files for scenario in read_scenarios(f"tau2:{TAU2 / file}")]


@pytest.fixture(scope="module")
def results(scenarios: list[Scenario]) -> list[SimulationResult]:
    return simulate(model_fn, scenarios=scenarios, provider="offline", max_turns=MAX_TURNS)


def test_every_task_becomes_one_conversation(scenarios: list[Scenario], results: list[SimulationResult]) -> None:
    assert [result.scenario.name for result in results] == [scenario.name for scenario in scenarios]
    assert len(results) == 164


def test_no_conversation_fails(results: list[SimulationResult]) -> None:
    assert [result.conversation.error for result in results if result.conversation.error] == []


def test_every_persona_gets_to_talk(results: list[SimulationResult]) -> None:
    assert all(1 <= result.turns <= MAX_TURNS for result in results)


def test_eliza_reaches_only_what_is_reached_by_doing_nothing(results: list[SimulationResult]) -> None:
    """ELIZA knows nothing of orders: a judge that finds more than that reached would find it anywhere."""
    reached = [result.scenario.expected_outcome for result in results if result.goal_achieved]
    done = [line for outcome in reached for line in outcome.splitlines() if not re.search(r"\bnot\b|n't|nothing", line)]
    assert done == []


def test_users_speak_of_themselves_in_the_first_person(results: list[SimulationResult]) -> None:
    openings = [result.conversation.turns[0].content for result in results]
    assert [text for text in openings if re.match(r"You (want|are|have|need|received|would)\b", text)] == []


def test_the_same_tasks_run_against_eliza_behind_http(scenarios: list[Scenario], tmp_path: Path) -> None:
    spec = tmp_path / "eliza.yaml"

    async def serve_and_simulate() -> list[SimulationResult]:
        async def chat(request: web.Request) -> web.Response:
            body: dict[str, Any] = await request.json()
            return web.json_response({"answer": {"text": eliza(body["text"])}})

        app = web.Application()
        app.router.add_post("/chat", chat)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        spec.write_text(
            f"bot: custom_api\nurl: http://127.0.0.1:{port}/chat\n"
            "body:\n  text: '{{message}}'\nreply_path: answer.text\n"
        )
        try:
            return await asyncio.to_thread(simulate, str(spec), scenarios=scenarios, provider="offline", max_turns=3)
        finally:
            await runner.cleanup()

    results = asyncio.run(serve_and_simulate())
    assert len(results) == 164
    assert [result.conversation.error for result in results if result.conversation.error] == []


def test_no_guard_calls_a_clean_conversation_an_unfair_test(scenarios: list[Scenario]) -> None:
    """The offline engine's simulator keeps to its role in all of them, against a bot that hardly understands it."""
    talks = simulate("model:offline", scenarios=scenarios, provider="offline", metrics=(), max_turns=MAX_TURNS)
    found = [finding for talk in talks if talk.validity for finding in talk.validity.findings]
    assert [(one.guard, one.words) for one in found] == []
    assert [talk.validity.attempts for talk in talks if talk.validity and talk.validity.attempts] == []


def test_with_a_bot_that_echoes_only_repetitions_are_odd(results: list[SimulationResult]) -> None:
    """ELIZA says back what she hears: the user's own words are no parroting. What it says three times stays odd."""
    found = [finding for result in results if result.validity for finding in result.validity.findings]
    assert {one.guard for one in found} <= {"empty_or_repeated"}
    assert sum(result.validity is not None and result.validity.verdict == "invalid" for result in results) <= 2
