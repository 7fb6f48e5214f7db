"""J1: from nothing to a first result, and to the conversation that shows what is wrong."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.server.running import Server


def test_j1_the_example_shows_within_a_minute_what_one_gets(page: Page, browser: Browser, server: Server) -> None:
    """Load it, see it end without a reload, open the worst conversation, and answer where the judge was wrong."""
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Three steps to a first result")).to_be_visible()
    page.get_by_role("button", name="Load the example").click()
    expect(page.locator(".toast")).to_contain_text("The example is there")
    page.get_by_role("link", name="Lumen & Oak (example)").first.click()
    expect(page.locator(".hero .big")).to_have_text("75%")
    expect(page.locator(".honesty")).to_be_visible()
    page.locator(".hero").get_by_role("link", name="Show where not").click()
    page.locator("#conversations [data-step] a").first.click()

    place, ending = page.locator(".page-head .actions"), page.locator(".ending .chip")
    expect(place).to_contain_text("1 of 8")
    expect(ending).to_have_text("stuck")
    quote = page.locator("a.quote").first
    quote.click()
    marked = page.locator("mark", has=page.locator(f"[id='{str(quote.get_attribute('href'))[1:]}']"))
    expect(marked).to_be_in_viewport()
    assert str(marked.text_content()).strip() in str(quote.locator("q").text_content())
    page.keyboard.press("j")
    expect(place).to_contain_text("2 of 8")
    page.keyboard.press("k")
    expect(place).to_contain_text("1 of 8")

    note = page.get_by_label("Note")
    note.fill("Ask <i>them</i>.")
    page.get_by_role("button", name="Keep the note").click()
    kept = page.locator(".toast").filter(has_text="The note is kept.")
    expect(note).to_have_value("Ask <i>them</i>.")
    kept.get_by_role("button", name="Undo").click()
    expect(note).to_have_value("")
    answer = page.locator(".answer").filter(has=page.get_by_role("heading", name=re.compile("^on-topic")))
    expect(answer.locator(".chip")).to_have_text("no")
    answer.get_by_text("Answer it yourself").click()
    answer.get_by_label("Why").fill("It answers what was asked.")
    answer.get_by_role("button", name="Yes").click()
    expect(answer.locator(".chip")).to_have_text("yes")
    expect(answer).to_contain_text("It answers what was asked.")
    expect(answer).to_contain_text("Answered by a person")

    shared = browser.new_page()
    shared.goto(server.url + str(page.locator("[data-share]").get_attribute("href")))
    expect(shared.locator(".ending .chip")).to_have_text("stuck")
    shared.close()
    page.get_by_role("link", name="Lumen & Oak (example)").click()
    expect(page.locator("#conversations")).to_contain_text("8 of 32")
    expect(page.locator(".measures tr").filter(has_text="on-topic")).to_contain_text("25 of 32")
