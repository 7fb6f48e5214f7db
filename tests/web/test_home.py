"""Home: what the last experiments gave."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.running import until
from tests.server.running import Server
from tests.web.serving import load_example


def test_home_shows_how_a_bot_went_over_its_experiments_also_as_a_table(page: Page, server: Server) -> None:
    ids = load_example(server)
    page.goto(f"{server.url}/p/1")
    expect(page.get_by_role("heading", name="Last experiments")).to_be_visible()
    expect(page.get_by_role("heading", name="Trend per bot")).to_have_count(0)
    with server.client() as api:
        before = api.get(f"/experiments/{ids['experiment_id']}").json()
        nouns = ("collection", "persona_group", "prompt_template", "llm_config", "criterion_set")
        same = {f"{noun}_id": before[noun]["id"] for noun in nouns if before[noun]}
        offline = {role: {"provider": "offline"} for role in ("simulator", "judge")}
        asked = {"name": "The next one", "generate": True, "max_turns": 1, **offline, **same}
        made = api.post("/experiments", json=asked)
        id_ = made.raise_for_status().json()["id"]
        until(lambda: api.get(f"/experiments/{id_}").json()["status"] == "finished", "the next one is finished")
        after = api.get(f"/experiments/{id_}").json()
    page.reload()
    trend = page.get_by_role("figure")
    expect(trend).to_have_count(1)
    expect(trend).to_contain_text(before["llm_config"]["name"])
    trend.get_by_text("As a table").click()
    rows = trend.get_by_role("row")
    expect(rows).to_have_count(3)
    for row, one in zip((rows.nth(1), rows.nth(2)), (after, before), strict=True):
        expect(row.get_by_role("link", name=one["name"])).to_have_attribute("href", f"/p/1/experiments/{one['id']}")
        expect(row).to_contain_text(f"{round(100 * one['results']['goal']['value'])}%")
