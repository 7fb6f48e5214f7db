"""People answer what the judge answered, by keys alone, and see afterwards how far they agree."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.experiments.runs import Said, file
from tests.server.running import Server
from tests.web.conftest import Complaints

PEOPLE = [Said(persona=f"P{number}", goal=number < 3, criteria={"polite": number != 1}) for number in range(4)]
WHY = "secret words of the judge"


def test_the_judge_is_checked_by_keys_without_a_look_at_it(
    page: Page, server: Server, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expected = ["status of 422"]
    path = file(tmp_path / "run.jsonl", PEOPLE, bot="b")
    path.write_text(path.read_text().replace('"reasoning":""', f'"reasoning":"{WHY}"'))
    with server.client() as api:
        made = api.post("/experiments/import", files={"file": (path.name, path.read_bytes())}).raise_for_status().json()
        first = api.get("/responses", params={"experiment_id": made["id"]}).json()["items"][0]
        other = {"criterion_id": made["criterion_set"]["criteria"][0]["id"], "label": "YES", "rater": "bob"}
        api.put(f"/responses/{first['id']}/labels", json=other).raise_for_status()
    page.goto(f"{server.url}/p/1/experiments/{made['id']}")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Check the judge yourself").click()
    place = page.locator(".page-head .actions")
    expect(place).to_contain_text("1 of 8")
    page.get_by_role("heading", level=1).click()
    seen = []
    for number in range(1, 9):
        expect(place).to_contain_text(f"{number} of 8")
        seen.append(page.locator("main").inner_text())
        page.keyboard.press("n" if number == 4 else "u" if number == 5 else "y")
    assert not any(WHY in text or "goal met" in text for text in seen)
    expect(page.get_by_role("heading", level=1)).to_have_text("The judge and you")
    expect(page.locator("main")).to_contain_text("1 other person has answered here")
    expect(page.locator("main section.card")).to_have_count(2)

    page.keyboard.press("b")
    expect(place).to_contain_text("8 of 8")
    expect(page.locator("form.answers")).to_contain_text("You said: yes")
    page.keyboard.press("t")
    page.keyboard.type("It never answers.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("It never answers.")
    page.locator("button[value=NO]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The judge and you")
    with server.client() as api:
        labels = [one for one in api.get(f"/experiments/{made['id']}/labels").json() if one["rater"] != "bob"]
    assert sorted(one["label"] for one in labels) == ["NO", "NO", *["YES"] * 5, "unsure"]
    assert [one["note"] for one in labels if one["label"] == "NO"][-1] == "It never answers."
