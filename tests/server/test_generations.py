"""Generations by REST: made, watched, reviewed by several people, and put to use."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from tests.running import until
from tests.server.running import Server

CONTEXT = "Lumen & Oak sells lamps by mail. Returns take 30 days. Lamps come with a warranty of two years."
TOPICS = """
- topic: Return a lamp
  example_types:
    - example_type: Careful buyer
      example_background: Ann bought a lamp that does not fit.
      example_query: My lamp LO-7 is too tall for my shelf, can I return it after 20 days?
- topic: Broken on arrival
  example_types:
    - example_type: Angry buyer
      example_background: Ben got a lamp with a crack.
      example_query: I unpacked my lamp today and the glass is cracked. What now?
"""


def made(api: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/generations", json={"options": {"context": CONTEXT}, **body})
    assert answer.status_code == 201, answer.text
    one: dict[str, Any] = answer.json()
    return one


def ended(api: httpx2.Client, one: dict[str, Any]) -> dict[str, Any]:
    def now() -> dict[str, Any]:
        found: dict[str, Any] = api.get(f"/generations/{one['id']}").json()
        return found

    until(lambda: now()["status"] not in ("queued", "running"), "the generation is over")
    return now()


def drafts(api: httpx2.Client, one: dict[str, Any], state: str = "") -> list[dict[str, Any]]:
    found = api.get(f"/generations/{one['id']}/drafts", params={"state": state}).json()
    items: list[dict[str, Any]] = found["items"]
    assert found["count"] == len(items)
    return items


def decide(api: httpx2.Client, draft: dict[str, Any], **body: Any) -> httpx2.Response:
    return api.put(f"/generations/{draft['generation_id']}/drafts/{draft['id']}/decision", json=body)


def test_personas_from_a_product_text_are_reviewed_and_join_the_library(server: Server, api: httpx2.Client) -> None:
    seen = api.post("/generations/preview", json={"method": "propose", "n": 4, "options": {"context": CONTEXT}}).json()
    assert (seen["model"].partition("/")[0], seen["makes"], seen["cost_usd"]) == ("offline", "persona", [0.0, 0.0])
    one = made(api, method="propose", n=4, name="Ideas")
    events = api.get(f"/generations/{one['id']}/events", params={"polling_interval": 0.1}).text
    last = json.loads(events.strip().split("\n\n")[-1].removeprefix("data: "))
    assert (last["status"], last["made"], last["n"]) == ("SUCCESS", 4, 4)
    one = ended(api, one)
    assert one["review"] == {"open": 4, "accepted": 0, "rejected": 0, "disputed": 0, "taken": 0}
    assert one["usage"]["calls"] >= 1
    first, second, third, fourth = sorted(drafts(api, one), key=lambda draft: draft["id"])
    assert first["record"]["provenance"]["method"] == "propose"

    assert decide(api, first, verdict="accept").json()["state"] == "accepted"
    edited = decide(api, second, verdict="accept", description="She waits for her lamp.").json()
    assert (edited["final"]["description"], edited["record"]["description"]) == (
        "She waits for her lamp.",
        second["record"]["description"],
    )
    assert decide(api, third, verdict="reject", reason="unrealistic").json()["decisions"][0]["reason"] == "unrealistic"
    assert decide(api, fourth, verdict="accept", name=" ").status_code == 400
    body = {"name": first["record"]["name"], "description": "Somebody else of the same name."}
    api.post("/personas", json=body).raise_for_status()
    taken = api.post(f"/generations/{one['id']}/take", json={}).json()
    assert (taken["count"], taken["generation"]["review"]["taken"]) == (2, 2)
    group = api.get(f"/persona_groups/{taken['persona_group_id']}").json()
    names = [member["name"] for member in group["members"]]
    assert (group["name"], names) == ("Ideas", [f"{first['record']['name']} 2", second["record"]["name"]])
    assert group["members"][1]["provenance"]["method"] == "propose"
    assert api.post(f"/generations/{one['id']}/take", json={}).status_code == 409
    assert decide(api, first, verdict="reject").status_code == 409

    decide(api, fourth, verdict="accept")
    again = api.post(f"/generations/{one['id']}/take", json={}).json()
    assert (again["count"], again["persona_group_id"]) == (1, group["id"])
    more = api.post(f"/generations/{one['id']}/resume", json={"n": 6})
    assert more.status_code == 200, more.text
    assert api.delete(f"/generations/{ended(api, one)['id']}").status_code == 204
    assert api.get("/personas").json()["count"] == 4

    plan = "attributes:\n  age: {18-29: 50%, 30-90: 50%}\n"
    options = {"context": CONTEXT, "plan": plan}
    town = ended(api, made(api, method="population", n=2, name="Town", options=options))
    for draft in drafts(api, town):
        decide(api, draft, verdict="accept")
    group = api.post(f"/generations/{town['id']}/take", json={}).json()["persona_group_id"]
    for path in (f"/generations/{town['id']}/report", f"/persona_groups/{group}/report"):
        quota = api.get(path).json()["quotas"][0]
        assert (quota["name"], quota["rows"]) == ("age", [["18-29", 0.5, 0.5], ["30-90", 0.5, 0.5]]), path
        assert [quota[distance] for distance in ("ks", "wasserstein", "jensen_shannon")] == [0, 0, 0]


def test_two_people_review_one_queue_of_queries(server: Server, api: httpx2.Client) -> None:
    written = api.post("/generations/write", json={"what": "topics", "context": CONTEXT, "n": 2}).json()["text"]
    assert written.count("- topic:") == 2
    one = ended(api, made(api, method="queries", n=4, seed=7, options={"context": CONTEXT, "topics": TOPICS}))
    assert (one["made"], one["makes"], one["problem"]) == (4, "query", None)
    flagged = drafts(api, one, "flagged")
    order = drafts(api, one)
    assert [len(draft["flags"]) for draft in order] == sorted((len(draft["flags"]) for draft in order), reverse=True)
    assert order[: len(flagged)] == flagged
    key = api.post("/api_keys", json={"name": "bob", "role": "editor"}).json()["key"]
    with server.client(key) as bob:
        path = f"/generations/{one['id']}/drafts/next"
        mine, his = (who.post(path, json={}).json() for who in (api, bob))
        assert mine["draft"]["id"] == order[0]["id"]
        assert (his["draft"]["id"], his["waiting"]) == (order[1]["id"], 4)
        assert api.post(path, json={}).json() == mine
        passed_over = api.post(path, json={"after": order[0]["id"]}).json()["draft"]
        assert passed_over["id"] == order[2]["id"], "his is passed over as well"

        assert decide(api, order[0], verdict="accept").json()["state"] == "accepted"
        assert decide(bob, order[0], verdict="reject", reason="generic").json()["state"] == "disputed"
        assert drafts(api, one)[0]["id"] == order[0]["id"]
        back = api.delete(f"/generations/{one['id']}/drafts/{order[0]['id']}/decision").json()
        assert (back["state"], len(back["decisions"])) == ("rejected", 1)
        decide(bob, order[1], verdict="accept", query="Is my lamp's crack covered by the warranty?")
        decide(bob, order[2], verdict="accept")
    near = api.get(f"/generations/{one['id']}/drafts/{order[2]['id']}/similar").json()
    assert [row["shared"] for row in near] == sorted((row["shared"] for row in near), reverse=True)
    taken = api.post(f"/generations/{one['id']}/take", json={"name": "Reviewed"}).json()
    rows = api.get(f"/collections/{taken['collection_id']}/entries").json()["items"]
    assert [row["input_values"]["query"] for row in rows].count("Is my lamp's crack covered by the warranty?") == 1
    assert {row["input_values"]["topic"] for row in rows} <= {"Return a lamp", "Broken on arrival"}


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"method": "attributes"}, "method: must be one of"),
    ({"method": "propose", "options": {}}, "options.context: is missing"),
    ({"method": "propose", "options": {"context": "x", "colour": "red"}}, "options.colour: is no option"),
    ({"method": "queries"}, "options.topics: there are no topics"),
    ({"method": "queries", "options": {"context": CONTEXT, "topics": "- topic: A\n"}}, "options.topics: line 1"),
    ({"method": "deep", "options": {"attributes": "many"}}, "options.attributes: Input should be a valid integer"),
    ({"method": "deep", "options": {"mix": "a:b"}}, "options.mix"),
    ({"method": "conversations", "options": {"logs": "role,content\n"}}, "options.logs"),
    ({"method": "propose", "embeddings_model": "e"}, "embeddings_model: the provider 'offline' has no embeddings"),
    ({"method": "propose", "llm_config_id": 999}, "llm_config_id: there is no LLM config 999"),
)


def test_what_a_run_would_refuse_is_told_by_its_field_before_it_is_made(api: httpx2.Client) -> None:
    for body, says in REFUSED:
        answer = api.post("/generations", json={"n": 2, "options": {"context": CONTEXT}} | body)
        assert answer.status_code == 400, f"{body}: {answer.text}"
        assert says in answer.json()["detail"], f"{body}: {answer.text}"
        assert "/tmp" not in answer.text
    assert api.get("/generations").json()["count"] == 0
