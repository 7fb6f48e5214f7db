"""Generation on pages: from a product text to personas in the library, reviewed by keys."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.server.running import Server
from tests.web.conftest import Complaints

PRODUCT = "Lumen & Oak sells lamps by mail. Returns take 30 days. Lamps have a warranty of two years."


def press(page: Page, key: str) -> None:
    page.locator("h1").click()
    page.keyboard.press(key)


def test_drafts_are_generated_from_a_product_text_reviewed_by_keys_and_join_the_library(
    page: Page, server: Server, complaints: Complaints
) -> None:
    complaints.expected = ["status of 422", "status of 400"]
    page.goto(f"{server.url}/p/1/generations")
    expect(page.get_by_role("heading", name="Nothing generated yet")).to_be_visible()
    press(page, "n")
    expect(page.get_by_label("From a product text")).to_be_checked()
    page.get_by_label("The product", exact=True).fill(PRODUCT)
    expect(page.locator("#plan .figure")).to_have_text("10 personas")
    page.get_by_label("How many").fill("4")
    expect(page.locator("#plan .figure")).to_have_text("4 personas")
    page.get_by_label("By quota").check()
    expect(page.get_by_label("Quotas", exact=True)).to_have_value("")
    page.get_by_label("Quotas", exact=True).fill("attributes: [")
    expect(page.locator("#plan .wrong")).to_contain_text("line 1")
    page.get_by_label("From a product text").check()
    expect(page.get_by_label("The product", exact=True)).to_have_value(PRODUCT)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#head .chip")).to_have_text("finished")
    expect(page.locator(".draft-list li")).to_have_count(4)

    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.locator("#left")).to_have_text("4 wait")
    first = page.locator("#what").inner_text()
    press(page, "a")
    expect(page.locator("#left")).to_have_text("3 wait")
    press(page, "z")
    expect(page.locator("#what")).to_have_text(first)
    press(page, "a")
    expect(page.locator("#what")).not_to_have_text(first)
    press(page, "b")
    expect(page.locator("#draft .chip").first).to_have_text("accepted")
    press(page, "n")
    press(page, "e")
    page.get_by_label("Description").fill("She waits for her lamp, and writes late at night.")
    page.get_by_label("Description").press("Control+Enter")
    expect(page.locator("#left")).to_have_text("2 wait")
    press(page, "s")
    expect(page.get_by_role("heading", name="Similar ones")).to_be_visible()
    press(page, "r")
    press(page, "4")
    expect(page.locator("#left")).to_have_text("1 waits")
    press(page, "a")
    expect(page.get_by_role("heading", name="All is reviewed")).to_be_visible()
    press(page, "n")
    expect(page.get_by_text("3 accepted, 1 rejected, 0 disputed")).to_be_visible()
    page.get_by_role("link", name="Rejected").click()
    page.locator(".draft-list a").click()
    expect(page.locator(".flags")).to_contain_text("unrealistic")
    page.go_back()
    page.get_by_label("Name of the group").fill("First ideas")
    page.get_by_role("button", name="Put them into the library").click()
    expect(page.locator(".roster li")).to_have_count(3)
    expect(page.locator(".roster")).to_contain_text("She waits for her lamp")
    with server.client() as api:
        assert api.get("/persona_groups").json()["items"][0]["name"] == "First ideas"
        assert {one["provenance"]["method"] for one in api.get("/personas").json()["items"]} == {"propose"}
    page.get_by_role("link", name="How good is the set?").click()
    expect(page.get_by_role("heading", name="What must not be overlooked")).to_be_visible()


def test_queries_after_topics_that_are_proposed_become_a_collection(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/p/1/generations/new")
    page.get_by_label("The product", exact=True).fill(PRODUCT)
    page.get_by_label("Single queries").check()
    expect(page.locator("textarea[name='options.topics']")).to_have_value("")
    page.get_by_role("button", name="Propose from the text").click()
    expect(page.locator("textarea[name='options.topics']")).to_have_value(re.compile("- topic: "))
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator("#head .chip")).to_have_text("finished")
    page.get_by_role("link", name="Review", exact=True).click()
    for _ in range(3):
        expect(page.locator("#draft")).to_be_visible()
        said = page.locator("#what").inner_text()
        page.get_by_role("button", name="Accept").click()
        expect(page.locator("#what", has_text=said)).to_have_count(0)
    page.get_by_role("link", name="Use what is accepted").click()
    page.get_by_role("button", name="Make the collection").click()
    expect(page).to_have_url(re.compile(r"/collections/\d+"))
    expect(page.get_by_text("expected_outcome").first).to_be_visible()
