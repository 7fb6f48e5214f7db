"""A server whose simulator, judge and bot are one fake model, and what persona experiments are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from lab.fake_llm import Auto, ChatRequest, Delay, FakeLLM, Reply, Step, ToolCall
from tests.server.running import Server

TOPICS = ("shipping", "returns")


@dataclass(frozen=True)
class Lab:
    """A server whose simulator, judge and bot are one fake model, and what an experiment is made of."""

    server: Server
    api: httpx2.Client
    fake: FakeLLM
    personas: list[int]
    group: int
    collection: int
    rows: list[int]
    template: int
    criteria: int
    bot: int

    def body(self, **changes: Any) -> dict[str, Any]:
        """A persona experiment: two personas, two rows."""
        return {
            "name": "support",
            "collection_id": self.collection,
            "persona_group_id": self.group,
            "prompt_template_id": self.template,
            "criterion_set_id": self.criteria,
            "llm_config_id": self.bot,
            "generate": True,
        } | changes

    def run(self, **changes: Any) -> dict[str, Any]:
        """The experiment, run to its end."""
        return self.ended(made(self.api, "experiments", self.body(**changes)))

    def ended(self, experiment: dict[str, Any]) -> dict[str, Any]:
        """The experiment when its task is over."""
        path = f"/experiments/{experiment['id']}"
        self.api.get(f"{path}/generation/{experiment['generation_task_id']}/stream").raise_for_status()
        return self.read(path)

    def read(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get(path, params=parameters).raise_for_status().json()
        return answer

    def post(self, experiment: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
        answer = self.api.post(f"/experiments/{experiment['id']}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def responses(self, experiment: dict[str, Any], **chosen: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.read("/responses", experiment_id=experiment["id"], **chosen)["items"]
        return items

    def calls(self) -> dict[str, int]:
        """Calls so far, by role."""
        return {role: self.fake.ledger.calls(role=role) for role in ("simulator", "bot", "judge")}


def made(api: httpx2.Client, noun: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/{noun}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def library(server: Server, api: httpx2.Client, fake: FakeLLM) -> Lab:
    people = [
        {"name": "Ann", "description": "Short of time, asks about {{topic}}."},
        {"name": "Ben", "description": "Polite.", "domain_knowledge": "Has read about {{ topic }}."},
    ]
    personas = [made(api, "personas", one)["id"] for one in people]
    columns = [{"name": "persona_goal", "column_type": "persona_goal"}, {"name": "topic"}]
    variables = [{"persona_goal": f"Learn what {topic} costs.", "topic": topic} for topic in TOPICS]
    collection = made(
        api,
        "collections",
        {"name": "scenarios", "collection_type": "PERSONA", "columns": columns, "variables": variables},
    )
    prompt = [{"role": "system", "content": "You work in a shop."}]
    criteria = [{"criterion_str": "Is the price of {{topic}} told?", "label": "price"}, {"criterion_str": "Polite?"}]
    bot: dict[str, Any] = {
        "name": "bot",
        "llm_base_url": f"{fake.url}/v1",
        "llm_model_name": "shop-bot",
        "api_key": "k",
    }
    bot |= {"input_price_per_mtok": 1.0, "output_price_per_mtok": 2.0, "max_retries": 0}
    return Lab(
        server,
        api,
        fake,
        personas,
        made(api, "persona_groups", {"name": "everybody", "persona_ids": personas})["id"],
        collection["id"],
        [row["id"] for row in collection["variables"]],
        made(api, "prompt_templates", {"name": "assistant", "messages": prompt})["id"],
        made(api, "criterion_sets", {"name": "quality", "criteria": criteria})["id"],
        made(api, "llm_configs", bot)["id"],
    )


class Gate:
    """The usual answers, slowly, so that there is time to do something."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _: ChatRequest) -> Step:
        self.asked += 1
        return Delay(150)


def by_persona(**steps: Step) -> Callable[[ChatRequest], Step]:
    """A simulator that does for each persona what is said for its name."""
    return lambda request: next((step for name, step in steps.items() if name in request.first_text), Auto())


def ends(reason: str, explanation: str = "Because.") -> Reply:
    return Reply(tool_calls=(ToolCall("end_conversation", {"reason": reason, "explanation": explanation}),))


def said(response: dict[str, Any]) -> list[str]:
    return [message["role"] for message in response["messages"]]
