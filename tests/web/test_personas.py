"""The personas' page: a library written in place, groups beside it, and personas tried by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.server.running import Server
from tests.web.conftest import Complaints

NASTY = "<script>alert(1)</script> \u202e\x1b[31m {{order id}}"


def row(page: Page, name: str) -> Locator:
    return page.locator(".persona-row").filter(has=page.get_by_role("link", name=name, exact=True))


def toast(page: Page, text: str) -> Locator:
    found = page.locator(".toast").filter(has_text=text)
    expect(found.last).to_be_visible()
    return found.last


def write(page: Page, name: str, description: str, traits: str = "") -> None:
    """A new persona, by the keyboard alone."""
    page.locator("h1").click()
    page.keyboard.press("n")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(description)
    if traits:
        page.get_by_label("Traits").fill(traits)
        page.get_by_label("Traits").press("Control+Enter")
    else:
        page.keyboard.press("Control+Enter")
    toast(page, f"{name} is in the library.")


def add(api: Any, name: str, **body: Any) -> int:
    return int(
        api.post("/personas", json={"name": name, "description": "Somebody."} | body).raise_for_status().json()["id"]
    )


def test_j3_a_set_of_personas_that_one_trusts_is_built_from_nothing(
    page: Page, server: Server, complaints: Complaints
) -> None:
    """Write, mark, group, narrow, edit, compare, restore, share, archive: undone where it can be."""
    complaints.expected = ["status of 422", "status of 409"]
    page.goto(f"{server.url}/p/1/personas")
    expect(page.get_by_role("heading", name="Who are your users?")).to_be_visible()

    page.get_by_role("link", name="Write the first persona").click()
    page.get_by_label("Name", exact=True).fill("Ann")
    description = page.get_by_label("Persona description")
    description.fill("In a hurry. Bought the lamp {{order id}} at {{ shop }}, and {{")
    expect(page.locator("marked-text").first.locator("mark.placeholder")).to_have_text(["{{order id}}", "{{ shop }}"])
    expect(page.locator("marked-text").first.locator(".tag")).to_have_text(["order id", "shop"])
    page.get_by_label("Traits").fill("terse\nimpatient")
    page.get_by_label("Name of the attribute").last.fill("age")
    page.get_by_label("Value of the attribute").first.fill("34")
    expect(page.get_by_label("Name of the attribute")).to_have_count(2)
    page.get_by_label("Name of the attribute").last.fill("region")
    page.get_by_label("Value of the attribute").nth(1).fill("north")
    page.get_by_text("Behaviours, facts and an own goal").click()
    page.get_by_label("Behaviour", exact=True).first.select_option("typos")
    page.get_by_label("Share of messages").first.fill("7")
    page.get_by_label("Name of the fact").first.fill("order")
    page.get_by_label("Value of the fact").first.fill("LO-7")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".wrong")).to_contain_text("less than or equal to 1")
    expect(description).to_have_value("In a hurry. Bought the lamp {{order id}} at {{ shop }}, and {{")
    page.get_by_label("Share of messages").first.fill("0,5")
    page.get_by_role("button", name="Save").click()
    toast(page, "Ann is in the library.")
    with server.client() as api:
        ann = api.get("/personas").json()["items"][0]
    assert (ann["traits"], ann["attributes"]) == (["terse", "impatient"], {"age": 34, "region": "north"})
    assert (ann["behaviours"][0]["name"], ann["behaviours"][0]["probability"]) == ("typos", 0.5)
    assert (ann["facts"][0]["value"], ann["placeholders"]) == ("LO-7", ["order id", "shop"])

    write(page, "Ben", "Polite, and easily lost.", "polite")
    write(page, "Cem", "Pushes back.", "terse")
    expect(page.locator(".persona-row")).to_have_count(3)

    page.get_by_label("Name of the group").fill("First week")
    page.get_by_role("button", name="Create group").click()
    for name in ("Ann", "Cem"):
        row(page, name).get_by_role("button", name=f"{name} in the group").click()
        expect(page.locator(".roster")).to_contain_text(name)
        expect(row(page, name).get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#group")).to_contain_text("2 personas")
    page.get_by_role("button", name="Take Cem out").click()
    toast(page, "Cem is out of the group.")
    expect(row(page, "Cem").get_by_role("button")).to_have_attribute("aria-pressed", "false")
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(page.locator(".roster li")).to_have_count(2)
    expect(page.get_by_role("link", name="Run experiment…")).to_have_attribute(
        "href", re.compile(r"persona_group_id=\d+$")
    )

    page.keyboard.press("/")
    page.keyboard.type("lost")
    expect(page.locator(".persona-row")).to_have_count(1)
    expect(page).to_have_url(re.compile("search=lost"))
    page.get_by_label("Search name or description").fill("")
    expect(page.locator(".persona-row")).to_have_count(3)
    page.get_by_text("Filter", exact=True).click()
    page.locator(".facets").get_by_role("link", name="terse 2").click()
    expect(page.locator(".persona-row")).to_have_count(2)
    page.locator(".facets").get_by_role("link", name="34 1").click()
    expect(page.locator(".persona-row")).to_have_count(1)
    assert "trait=terse" in page.url
    page.reload()
    expect(page.locator(".persona-row")).to_have_count(1)
    page.go_back()
    expect(page.locator(".persona-row")).to_have_count(2)
    page.get_by_role("link", name="Show all").click()

    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Ben", exact=True)).to_be_focused()
    for is_in in ("true", "false"):
        page.keyboard.press("x")
        expect(row(page, "Ben").get_by_role("button")).to_have_attribute("aria-pressed", is_in)
    page.keyboard.press("Enter")
    expect(description).to_have_value("Polite, and easily lost.")
    page.keyboard.press("Escape")
    expect(description).to_have_count(0)
    row(page, "Ben").get_by_role("link", name="Ben").click()
    description.fill("Polite, and never lost.")
    page.get_by_label("Why it is changed").fill("He learned.")
    page.get_by_role("button", name="Save").click()
    toast(page, "Ben is saved as version 2.").get_by_role("button", name="Undo").click()
    toast(page, "as in version 1 again")
    expect(row(page, "Ben")).to_contain_text("easily lost")

    row(page, "Ben").get_by_role("link", name="Ben").click()
    page.get_by_role("link", name="Version 3").click()
    page.get_by_role("link", name="Version 2").click()
    expect(page.locator("del")).to_have_text("easily")
    expect(page.locator("ins")).to_have_text("never")
    expect(page.locator(".versions")).to_contain_text("He learned.")
    page.get_by_role("button", name="Restore version 2").click()
    toast(page, "as in version 2 again")

    page.get_by_role("link", name="Personas").last.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ben")
    with server.client() as api:
        api.put(f"/personas/{add(api, 'Dan')}", json={"name": "Dan", "description": "d"})
        ben = next(one["id"] for one in api.get("/personas").json()["items"] if one["name"] == "Ben")
        api.put(f"/personas/{ben}", json={"name": "Ben", "description": "Somebody else wrote this."})
    description.fill("I wrote this.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".wrong")).to_contain_text("while you changed version 4")
    expect(description).to_have_value("I wrote this.")
    page.get_by_role("button", name="Share with the organization").click()
    toast(page, "Ben is shared")
    page.get_by_role("button", name="Archive").click()
    toast(page, "Ben is in the archive.")
    expect(row(page, "Ben")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(row(page, "Ben").locator(".chip")).to_have_text("shared")


def test_a_persona_is_tried_from_both_seats(page: Page, server: Server, complaints: Complaints) -> None:
    complaints.expected = ["status of 400"]
    with server.client() as api:
        ann = add(api, "Ann", description="Bought a lamp at {{shop}}.", goal="Find out how to return the lamp.")
        template = {"name": "shop", "messages": [{"role": "system", "content": "Returns take 30 days."}]}
        api.post("/prompt_templates", json=template).raise_for_status()
    page.goto(f"{server.url}/p/1/personas?edit={ann}")
    page.get_by_role("link", name="Try it").click()
    expect(page.locator(".honesty")).to_be_visible()
    page.get_by_label("{{shop}}").fill("Lumen & Oak")
    page.get_by_label("What the persona wants").fill("Ask about the {{product}}.")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".wrong")).to_contain_text("{{product}}")
    page.get_by_label("What the persona wants").fill("Find out how to return the lamp.")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".turn")).to_have_count(1)
    answer = page.get_by_label("Your answer as the bot")
    expect(answer).to_be_focused()
    page.keyboard.type("Which order is it?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".from-bot")).to_contain_text("Which order is it?")
    expect(page.locator(".turn")).to_have_count(3)
    expect(answer).to_have_value("")
    expect(answer).to_be_focused()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".turn")).to_have_count(1)
    for _ in range(20):
        if page.locator(".ending").count():
            break
        said = page.locator(".turn").count()
        answer.fill("You can return the lamp within 30 days: send it back in its box. Is there anything else?")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".turn")).not_to_have_count(said)
    expect(page.locator(".ending .chip")).to_have_text(re.compile("goal met|goal failed|stuck"))

    page.get_by_role("link", name="You are the persona").click()
    expect(page.get_by_text("There is no bot yet")).to_be_visible()
    with server.client() as api:
        api.post("/llm_configs", json={"name": "rules", "provider": "offline"}).raise_for_status()
    page.reload()
    page.get_by_label("Prompt template").select_option("shop")
    page.get_by_label("Your message as the persona").fill("How long do returns take?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".from-bot .bubble")).to_contain_text("30 days")
    expect(page.locator(".from-user .bubble")).to_have_text("How long do returns take?")


def test_two_browsers_fill_one_group_and_neither_undoes_the_other(
    page: Page, browser: Browser, server: Server, complaints: Complaints
) -> None:
    with server.client() as api:
        for name in ("Ann", "Ben", "Cem"):
            add(api, name)
        api.post("/persona_groups", json={"name": "All"})
    other = browser.new_page()
    complaints.listen(other)
    for one in (page, other):
        one.goto(f"{server.url}/p/1/personas")
    row(page, "Ann").get_by_role("button").click()
    expect(page.locator(".roster li")).to_have_count(1)
    row(other, "Ben").get_by_role("button").click()
    expect(other.locator(".roster li")).to_have_count(2)  # also what the other browser did
    row(other, "Ann").get_by_role("button").click()  # which does not know yet that she is in
    expect(row(other, "Ann").get_by_role("button")).to_have_attribute("aria-pressed", "true")
    row(page, "Cem").get_by_role("button").click()
    expect(page.locator(".roster li")).to_have_count(3)
    other.get_by_role("button", name="Take Ben out").click()
    expect(other.locator(".roster")).to_contain_text("Cem")  # what the server answered
    page.reload()
    expect(page.locator(".roster")).to_contain_text(re.compile("Ann.*Cem", re.DOTALL))
    expect(page.locator(".roster li")).to_have_count(2)
    other.close()


def test_hostile_texts_are_text_and_survive_the_editor(
    page: Page, server: Server, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expected = ["status of 422"]
    with server.client() as api:
        long = {"description": f"{NASTY} {'long' * 20_000}", "domain_knowledge": "long" * 250_000}
        bad = add(api, NASTY, **long, traits=[NASTY], attributes={NASTY: NASTY})
        before = api.get(f"/personas/{bad}").json()
        api.post("/persona_groups", json={"name": NASTY, "persona_ids": [bad]}).raise_for_status()
    page.goto(f"{server.url}/p/1/personas")
    expect(page.locator(".persona-row h2")).to_contain_text("<script>alert(1)</script> ⟨U+202E⟩␛[31m")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1360
    assert len(page.content()) < 100_000
    page.locator(".persona-row h2 a").click()
    page.set_viewport_size({"width": 390, "height": 860})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("Why it is changed").fill("Nothing is.")
    page.get_by_role("button", name="Save").click()
    toast(page, "is as before")
    with server.client() as api:
        assert api.get(f"/personas/{bad}").json() == before

    file = tmp_path / "people.jsonl"
    file.write_text('{"name": "Eve", "description": "From a file."}\n{"name": ""}\n')
    page.get_by_text("Import and export").click()
    page.get_by_label("A file of personas").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("people.jsonl:2: name: must not be blank")
    file.write_text('{"name": "Eve", "description": "From a file."}\n')
    page.get_by_text("Import and export").click()
    page.get_by_label("A file of personas").set_input_files(file)
    page.get_by_label("and into the group").check()
    page.get_by_role("button", name="Import").click()
    toast(page, "1 new, 0 changed, 0 as they were.")
    expect(page.locator(".roster li")).to_have_count(2)
    page.get_by_text("Import and export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="JSONL").last.click()
    assert Path(download.value.path()).read_text().count("\n") == 2
