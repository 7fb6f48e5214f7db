"""One of everything that a project can hold."""

from __future__ import annotations

import time
from typing import Any

import httpx2

SECRET = "sk-marker-that-nobody-may-see-again"


def world(client: httpx2.Client, project_id: int, mark: str) -> dict[str, Any]:
    """The ids of one of each noun, by the names that paths have for them. All texts hold `mark`."""

    def post(path: str, body: Any) -> Any:
        answer = client.post(f"/api/v0/projects/{project_id}{path}", json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    ids: dict[str, Any] = {"project_id": project_id, "version": 1}
    ids["persona_id"] = post("/personas", {"name": mark, "description": f"{mark} d"})["id"]
    client.put(
        f"/api/v0/projects/{project_id}/personas/{ids['persona_id']}", json={"name": mark, "description": f"{mark} e"}
    ).raise_for_status()
    ids["group_id"] = post("/persona_groups", {"name": mark, "persona_ids": [ids["persona_id"]]})["id"]
    ids["template_id"] = post(
        "/prompt_templates", {"name": mark, "messages": [{"role": "user", "content": f"{mark}: {{{{topic}}}}?"}]}
    )["id"]
    ids["criterion_set_id"] = post("/criterion_sets", {"name": mark})["id"]
    criterion = {"criterion_str": f"Is it {mark}?"}
    ids["criterion_id"] = post("/criteria", {"criteria": [criterion], "criterion_set_id": ids["criterion_set_id"]})[0][
        "id"
    ]
    ids["collection_id"] = post("/collections", {"name": mark, "columns": [{"name": "topic"}]})["id"]
    row = post(f"/collections/{ids['collection_id']}/entries", {"input_values": {"topic": mark}})
    ids["entry_id"] = row["id"]
    scenarios = post("/scenario-sets", {"name": f"{mark} s", "fields": ["shop"]})
    ids["scenario_set_id"], ids["field_id"] = scenarios["id"], scenarios["fields"][0]["id"]
    scenario = {"goal": mark, "expected_conversation_outcome": mark, "field_values": {"shop": mark}}
    ids["scenario_id"] = post(f"/scenario-sets/{ids['scenario_set_id']}/scenarios", scenario)["id"]
    ids["llm_config_id"] = post(
        "/llm_configs", {"name": mark, "provider": "mock", "mock": {"replies": [mark]}, "api_key": SECRET}
    )["id"]
    experiment = post(
        "/experiments",
        {
            "name": mark,
            "collection_id": ids["collection_id"],
            "prompt_template_id": ids["template_id"],
            "llm_config_id": ids["llm_config_id"],
            "criterion_set_id": ids["criterion_set_id"],
            "generate": True,
        },
    )
    ids["experiment_id"] = experiment["id"]
    ids["task_id"] = experiment["generation_task_id"]
    ids["response_id"] = _response(client, project_id, experiment["id"])
    label = {"label": "YES", "note": mark}
    ids["label_id"] = (
        client.put(f"/api/v0/projects/{project_id}/responses/{ids['response_id']}/labels", json=label)
        .raise_for_status()
        .json()["id"]
    )
    proposed = {"method": "propose", "n": 2, "options": {"context": f"{mark} sells lamps."}}
    ids["generation_id"] = post("/generations", {"name": mark, **proposed})["id"]
    ids["draft_id"], other = _drafts(client, f"/api/v0/projects/{project_id}/generations/{ids['generation_id']}")
    accepted = f"/api/v0/projects/{project_id}/generations/{ids['generation_id']}/drafts/{other}/decision"
    client.put(accepted, json={"verdict": "accept", "goal": mark}).raise_for_status()
    ids["key_id"] = post("/api_keys", {"name": mark, "role": "viewer"})["id"]
    return ids


def _response(client: httpx2.Client, project_id: int, experiment_id: int) -> int:
    """The experiment's only response, once it is over."""
    base, until = f"/api/v0/projects/{project_id}", time.monotonic() + 60
    while time.monotonic() < until:
        experiment = client.get(f"{base}/experiments/{experiment_id}").json()
        if experiment["status"] in ("finished", "failed"):
            found = client.get(f"{base}/responses", params={"experiment_id": experiment_id}).json()
            return int(found["items"][0]["id"])
    raise AssertionError(f"the experiment does not end: {experiment}")


def _drafts(client: httpx2.Client, path: str) -> list[int]:
    """The ids of the generation's drafts, once it is over."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if client.get(path).json()["status"] == "finished":
            return [int(draft["id"]) for draft in client.get(f"{path}/drafts").json()["items"]]
    raise AssertionError("the generation does not end")
