"""Criteria tried on stored conversations, by REST: what it costs is said before, and nothing is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from tests.experiments.runs import Said, file


def test_a_set_is_tried_on_stored_conversations_and_nothing_is_kept(api: httpx2.Client, tmp_path: Path) -> None:
    people = [Said(persona="Ann"), Said(persona="Ben"), Said(persona="Cut", termination="bot_error")]
    made = file(tmp_path / "a.jsonl", people)
    imported = api.post("/experiments/import", files={"file": (made.name, made.read_bytes())}).raise_for_status().json()
    query = {"experiment_id": imported["id"], "limit": 100}
    before = api.get("/responses", params=query).json()["items"]
    by_name = {one["persona"]["name"]: one["id"] for one in before}
    ann, ben, cut = by_name["Ann"], by_name["Ben"], by_name["Cut"]

    def new_set(*questions: str) -> str:
        body: dict[str, Any] = {"name": " ".join(questions) or "blank", "criteria": []}
        body["criteria"] = [{"criterion_str": question, "label": question[:5]} for question in questions]
        return f"/criterion_sets/{api.post('/criterion_sets', json=body).raise_for_status().json()['id']}/try"

    polite = new_set("Is the bot polite?", "Does the bot answer every question?")
    body = {"response_ids": [ben, cut, ann, ben]}
    cost = api.post(f"{polite}/cost", json=body).raise_for_status().json()
    assert (cost["responses"], cost["calls"], cost["cost_usd"]) == (2, 2, [0.0, 0.0])
    assert 0 < cost["tokens"][0] < cost["tokens"][1]
    tried = api.post(polite, json=body).raise_for_status().json()
    assert [one["response_id"] for one in tried["items"]] == [ben, cut, ann]
    assert (tried["judge"], tried["usage"]["calls"], tried["cost_usd"]) == (cost["judge"], 2, 0.0)
    assert [(one["label"], one["rating"] in ("YES", "NO")) for one in tried["items"][0]["ratings"]] == [
        ("Is th", True),
        ("Does", True),
    ]
    assert (tried["items"][1]["ratings"], "broke off" in tried["items"][1]["error"]) == ([], True)
    assert tried["disclaimer"]
    assert api.get("/responses", params=query).json()["items"] == before

    unfilled = api.post(new_set("Does it name {{shop}}?"), json={"response_ids": [ann]}).raise_for_status().json()
    assert "{{shop}}" in unfilled["items"][0]["error"]
    bot = api.post("/llm_configs", json={"name": "bot", "provider": "mock"}).raise_for_status().json()["id"]
    priced: dict[str, Any] = {
        "name": "judge",
        "provider": "vllm",
        "llm_model_name": "m",
        "llm_base_url": "http://127.0.0.1:1/v1",
    }
    priced |= {"input_price_per_mtok": 1, "output_price_per_mtok": 2}
    judge = api.post("/llm_configs", json=priced).raise_for_status().json()["id"]
    cost = api.post(f"{polite}/cost", json=body | {"judge": {"llm_config_id": judge}}).raise_for_status().json()
    assert 0 < cost["cost_usd"][0] < cost["cost_usd"][1]
    refused: list[tuple[str, dict[str, Any], int, str]] = [
        (new_set(), {"response_ids": [ann]}, 400, "no criteria"),
        (polite, {"response_ids": [2**40]}, 404, "no response"),
        (polite, {"response_ids": []}, 422, "response_ids"),
        (polite, {"response_ids": [ann] * 21}, 422, "response_ids"),
        (polite, {"response_ids": [ann], "judge": {"llm_config_id": bot}}, 400, "no language model"),
        ("/criterion_sets/999/try", {"response_ids": [ann]}, 404, "no criterion set"),
    ]
    for path, wrong, status, says in refused:
        for door in (path, f"{path}/cost"):
            answer = api.post(door, json=wrong)
            assert (answer.status_code, says in answer.text) == (status, True), answer.text
