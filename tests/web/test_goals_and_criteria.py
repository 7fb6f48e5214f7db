"""J4: goals and criteria are written without code."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.server.running import Server
from tests.web.conftest import Complaints, Example


def toast(page: Page, text: str) -> Locator:
    found = page.locator(".toast").filter(has_text=text)
    expect(found.last).to_be_visible()
    return found.last


def paste(cell: Locator, text: str) -> None:
    cell.evaluate(
        """(cell, text) => {
          const held = new DataTransfer();
          held.setData("text/plain", text);
          cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_j4_goals_are_written_in_a_grid(page: Page, server: Server, complaints: Complaints) -> None:
    """Preset, columns, cells in place, a spreadsheet's cells, undo, and what no column fills."""
    complaints.expected = ["status of 400", "status of 422"]
    with server.client() as api:
        persona = {"name": "Ann", "description": "Bought the {{product}} at {{shop}}."}
        ann = api.post("/personas", json=persona).raise_for_status().json()["id"]
        api.post("/persona_groups", json={"name": "All", "persona_ids": [ann]}).raise_for_status()
    page.goto(f"{server.url}/p/1/collections")
    expect(page.get_by_role("heading", name="What do your users want?")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("Returns <b>")
    expect(page.get_by_role("radio", name="Persona")).to_be_checked()
    page.get_by_role("button", name="Create").click()
    toast(page, "Returns <b> is there.")
    expect(page.locator("#lint")).to_contain_text("No column fills:")
    expect(page.locator("#lint .tag")).to_have_text(["{{product}}", "{{shop}}"])

    page.get_by_text("1 column", exact=True).click()
    new = page.locator(".column-rows > li").last
    new.get_by_label("Name").fill("persona_goal")
    new.get_by_role("button", name="Add the column").click()
    expect(page.locator(".column-rows .wrong")).to_contain_text("two columns are called 'persona_goal'")
    for name, type_, choices in (("product", "text", ""), ("mood", "category", "calm\nangry")):
        new = page.locator(".column-rows > li").last
        if not new.is_visible():
            page.get_by_text("column", exact=False).filter(has_text="columns").click()
        new.get_by_label("Name").fill(name)
        new.get_by_label("Type").select_option(type_)
        if choices:
            new.get_by_label("Choices").fill(choices)
        new.get_by_role("button", name="Add the column").click()
        expect(page.locator(".grid thead")).to_contain_text(name)
        page.locator("summary").filter(has_text="columns").click()
    expect(page.locator("#lint .tag").first).to_have_text("{{shop}}")

    page.get_by_label("persona_goal, new row").fill("Return the lamp.")
    page.get_by_label("product, new row").fill("Halo")
    page.get_by_label("product, new row").press("Enter")
    toast(page, "The row is there.")
    expect(page.get_by_label("persona_goal, row 1")).to_have_value("Return the lamp.")
    expect(page.get_by_label("persona_goal, new row")).to_have_value("")

    paste(page.get_by_label("product, row 1"), "Halo 2\tangry\nArc\tcalm\nArc\tfurious")
    expect(page.locator("#paste .wrong")).to_contain_text("furious")
    paste(page.get_by_label("product, row 1"), "Halo 2\tangry\nArc\tcalm\n")
    toast(page, "1 new rows, 1 written over.")
    expect(page.get_by_label("product, row 2")).to_have_value("Arc")
    expect(page.get_by_label("mood, row 1")).to_have_value("angry")
    expect(page.get_by_label("persona_goal, row 1")).to_have_value("Return the lamp.")

    page.get_by_label("persona_goal, row 2").fill("Cancel {{product}}.")
    page.get_by_label("persona_goal, row 2").press("Enter")
    saved = toast(page, "Saved.")
    expect(page.get_by_label("persona_goal, new row")).to_be_focused()
    assert goals(server) == ["Return the lamp.", "Cancel {{product}}."]
    saved.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("persona_goal, row 2")).to_have_value("")
    page.get_by_label("Delete row 1").click()
    toast(page, "The row is deleted.").get_by_role("button", name="Undo").click()
    expect(page.get_by_label("persona_goal, row 2")).to_have_value("Return the lamp.")

    page.get_by_text("Import and export").click()
    page.get_by_label("A file of rows").set_input_files(
        {"name": "more.csv", "mimeType": "text/csv", "buffer": b"persona_goal,product,mood\nAsk,Arc,calm\n"}
    )
    page.get_by_role("button", name="Import", exact=True).click()
    toast(page, "1 rows are there")
    assert goals(server) == ["", "Return the lamp.", "Ask"]


def test_j4_criteria_and_a_prompt_are_written(page: Page, server: Server, complaints: Complaints) -> None:
    """A set with questions that get versions, and a template that gets them too."""
    complaints.expected = ["status of 409"]
    page.goto(f"{server.url}/p/1/criteria")
    page.get_by_role("link", name="Write the first set").click()
    page.get_by_label("Name", exact=True).fill("Polite <i>")
    page.get_by_role("button", name="Create").click()
    for question in ("Is the bot polite?", "Is it brief?"):
        page.get_by_label("New question").fill(question)
        page.get_by_role("button", name="Add").click()
        toast(page, "The criterion is there.")
    page.get_by_label("Question 2").fill("Is the bot polite?")
    page.get_by_role("form", name="Criterion 2").get_by_role("button", name="Save").click()
    expect(page.locator(".wrong")).to_contain_text("asks this already")
    page.get_by_label("Question 2").fill("Is it short?")
    page.get_by_role("form", name="Criterion 2").get_by_role("button", name="Save").click()
    toast(page, "Saved as version 2.").get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Question 2")).to_have_value("Is it brief?")
    page.get_by_role("form", name="Criterion 1").get_by_role("button", name="Delete").click()
    toast(page, "The criterion is deleted.").get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Question 2")).to_have_value("Is the bot polite?")

    page.goto(f"{server.url}/p/1/templates?new=1")
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_label("Text of message 1").fill("Sell {{product}}.")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("marked-text .tag")).to_have_text(["product"])
    page.get_by_role("button", name="Save as the next version").click()
    expect(page.locator(".wrong")).to_contain_text("has a version with this content already")
    page.get_by_label("Text of message 1").fill("Sell {{product}} to {{name}}.")
    page.get_by_role("button", name="Save as the next version").click()
    toast(page, "Shop is saved as version 2.")
    expect(page.get_by_role("navigation", name="Versions").get_by_role("link")).to_have_text(["version 2", "version 1"])


def test_j4_criteria_are_tried_on_conversations_before_they_are_used(page: Page, example: Example) -> None:
    """The cost first, then the verdicts beside the transcripts."""
    page.goto(f"{example.url}/p/1/criteria/{example.ids['criterion_set_id']}")
    page.get_by_role("link", name="Try it").click()
    expect(page.locator("#tried article")).to_have_count(3)
    page.get_by_label("How many").select_option("1")
    expect(page.locator("#cost")).to_contain_text("One conversation · one call")
    assert "count=1" in page.url
    page.get_by_role("button", name="Rate them").click()
    expect(page.locator("#tried .answer")).to_have_count(5)
    expect(page.locator("#tried .answer").first).to_contain_text("Does the bot remember what the user told it")
    expect(page.locator("#tried .answer .chip").first).to_have_text(re.compile("^(yes|no)$"))
    expect(page.locator("#tried")).to_contain_text("Rated by offline")


def goals(server: Server) -> list[Any]:
    with server.client() as api:
        (found,) = api.get("/collections").json()["items"]
        rows = api.get(f"/collections/{found['id']}/entries").json()["items"]
    return [row["input_values"]["persona_goal"] for row in rows]
