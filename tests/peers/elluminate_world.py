"""What the tests by the real elluminate SDK share: personas, which it cannot make, and polls that come sooner."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from elluminate import Client
from elluminate.schemas import (
    CollectionColumn,
    CriterionSet,
    Experiment,
    LLMConfig,
    PromptTemplate,
    TemplateVariablesCollection,
)

from tests.server.running import Server

BETWEEN_POLLS_S = 3.0
"""What the SDK sleeps between two looks at a task, where it takes no other number."""
_NUMBERS = count(1)


def named(noun: str) -> str:
    """A name that nothing else of the run has."""
    return f"{noun} {next(_NUMBERS)}"


@pytest.fixture(autouse=True)
def brief_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's three seconds between two looks pass quickly. Nothing of ours sleeps so long."""
    sleep, asleep = time.sleep, asyncio.sleep

    def briefly(seconds: float) -> None:
        sleep(0.05 if seconds == BETWEEN_POLLS_S else seconds)

    def briefly_async(seconds: float, result: Any = None) -> Coroutine[Any, Any, Any]:
        return asleep(0.05 if seconds == BETWEEN_POLLS_S else seconds, result)

    monkeypatch.setattr(time, "sleep", briefly)
    monkeypatch.setattr(asyncio, "sleep", briefly_async)


@dataclass(frozen=True)
class World:
    """What experiments are made of, made by the SDK where it can."""

    server: Server
    client: Client
    group_id: int
    scenarios: TemplateVariablesCollection
    questions: TemplateVariablesCollection
    bot_prompt: PromptTemplate
    question: PromptTemplate
    criteria: CriterionSet
    bot: LLMConfig

    def of_personas(self, **changes: Any) -> Experiment:
        """A persona experiment that is not run yet: two personas, two rows."""
        given: dict[str, Any] = {
            "name": named("support"),
            "prompt_template": self.bot_prompt,
            "collection": self.scenarios,
            "criterion_set": self.criteria,
            "llm_config": self.bot,
            "persona_group_id": self.group_id,
            "evaluation_mode": "MULTI_TURN",
        }
        return self.client.create_experiment(**given | changes)

    def of_questions(self, **changes: Any) -> Experiment:
        """A single-turn experiment, run to its end: three rows."""
        return self.client.run_experiment(**self.asking(**changes))

    def asking(self, **changes: Any) -> dict[str, Any]:
        """What a single-turn experiment is made of."""
        given: dict[str, Any] = {
            "name": named("questions"),
            "prompt_template": self.question,
            "collection": self.questions,
            "criterion_set": self.criteria,
            "llm_config": self.bot,
        }
        return given | changes


def world(server: Server, client: Client) -> World:
    """Everything once, under names of its own."""
    with server.client() as api:
        people = [
            {"name": named("Ann"), "description": "Short of time, asks about {{topic}}."},
            {"name": named("Ben"), "description": "Polite.", "domain_knowledge": "Has read about {{topic}}."},
        ]
        ids = [api.post("/personas", json=one).raise_for_status().json()["id"] for one in people]
        group = api.post("/persona_groups", json={"name": named("everybody"), "persona_ids": ids}).raise_for_status()
        scripted = {"name": named("bot"), "provider": "mock", "mock": {"replies": ["It costs 5 euros.", "You will."]}}
        bot = api.post("/llm_configs", json=scripted).raise_for_status().json()["id"]
    rows = [{"persona_goal": f"Learn what {topic} costs.", "topic": topic} for topic in ("shipping", "returns")]
    columns = [CollectionColumn(name="persona_goal", column_type="persona_goal"), CollectionColumn(name="topic")]
    return World(
        server,
        client,
        group.json()["id"],
        client.create_collection(named("scenarios"), collection_type="PERSONA", columns=list(columns), variables=rows),
        client.create_collection(
            named("topics"), variables=[{"topic": topic, "kind": kind} for topic, kind in TOPICS.items()]
        ),
        client.create_prompt_template(named("assistant"), [{"role": "system", "content": "You work in a shop."}]),
        client.create_prompt_template(named("question"), "What does {{topic}} cost?"),
        client.create_criterion_set(
            named("quality"), ["Does the assistant say what {{topic}} costs?", "Does it mention euros?"]
        ),
        client.get_llm_config(id=bot),
    )


TOPICS = {"shipping": "A", "returns": "A", "gift wrap": "B"}
"""The rows of the questions: topic and kind."""
