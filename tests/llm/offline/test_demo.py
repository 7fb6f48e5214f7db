"""The demo, played and judged offline: each flaw of the bot shows, and none where it is mended."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from personae.core.persona import Persona, Scenario
from personae.core.rating import Criterion
from personae.core.template import fill
from tests.llm.offline.driver import DEMO, Talk, bad_turns, demo_bot, demo_personas, persona_task, rate, talk

PERSONAS = {persona["name"]: persona for persona in demo_personas()}
CRITERIA = YAML(typ="safe").load((DEMO / "criteria.yaml").read_text(encoding="utf-8"))
SCENARIOS = YAML(typ="safe").load((DEMO / "scenarios.yaml").read_text(encoding="utf-8"))


def played(name: str, bot: str) -> tuple[Talk, dict[str, Any]]:
    persona = PERSONAS[name]
    said = talk(persona_task(persona), demo_bot(bot))
    questions = [criterion["question"] for criterion in CRITERIA]
    return said, rate(said.turns, *questions, goal=persona["goal"], outcome=persona["success_criteria"])


FLAWS = [
    ("Maya Lindgren", "knowledge-retention"),
    ("Maya Lindgren", "turn-consistency"),
    ("Sofia Marin", "conversation-relevance"),
    ("Tom Beck", "conversation-relevance"),
]


@pytest.mark.parametrize(("name", "metric"), FLAWS)
def test_a_flaw_shows_in_the_conversation_that_meets_it(name: str, metric: str) -> None:
    _, answer = played(name, "bot")
    assert metric in {metric for metric, _ in bad_turns(answer)}


def test_the_refused_topic_ends_in_a_failed_goal() -> None:
    said, answer = played("Daniel Okoye", "bot")
    assert said.reason == "goal_failed"
    assert answer["criteria"]["goal"]["verdict"] == "NO"
    helps = next(number for number, criterion in enumerate(CRITERIA, 1) if criterion["name"] == "helps")
    assert answer["criteria"][f"q{helps}"]["verdict"] == "NO"


def test_the_loop_leaves_the_user_stuck() -> None:
    said, answer = played("Sofia Marin", "bot")
    assert said.reason == "stuck"
    assert answer["criteria"]["goal"]["verdict"] == "NO"


@pytest.mark.parametrize("name", PERSONAS)
def test_nothing_is_found_in_the_mended_bot(name: str) -> None:
    said, answer = played(name, "bot_mended")
    assert said.reason == ("goal_failed" if name == "Rex Calloway" else "goal_met")
    assert bad_turns(answer) == set()
    assert {entry["verdict"] for entry in answer["criteria"].values()} == {"YES"}


def test_the_demo_files_are_what_the_product_reads() -> None:
    personas = [Persona.model_validate(persona) for persona in PERSONAS.values()]
    assert len(personas) == 8
    assert sum(persona.is_adversarial for persona in personas) == 1
    assert [Criterion.model_validate(criterion).label for criterion in CRITERIA]
    scenarios = [Scenario.model_validate(scenario) for scenario in SCENARIOS]
    assert len(scenarios) == 4
    for scenario in scenarios:
        for text in (scenario.goal, scenario.expected_outcome, scenario.known_info):
            assert "{{" not in fill(text, scenario.columns)
