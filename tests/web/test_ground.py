"""What all pages stand on: errors as pages, preferences that last, and reading without a script."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from playwright.sync_api import Browser, Page, expect

from tests.server.running import Server
from tests.web.serving import browser as plain


def test_an_error_is_a_page_with_a_way_on_and_in_a_part_a_word(server: Server) -> None:
    """Also where the fault is ours: what is stored cannot be read."""
    asked: list[tuple[str, int, str]] = [
        ("/p/1/nothing", 404, "Nothing is here"),
        ("/p/1/personas/999", 404, "there is no persona 999 in this project"),
        ("/p/1/personas?page=0", 422, "page: Input should be greater than or equal to 1"),
        ("/p/1/personas?attribute=broken", 400, "must be NAME=VALUE"),
    ]
    with plain(server) as client:
        for path, status, says in asked:
            answer = client.get(path)
            assert (answer.status_code, says in answer.text) == (status, True), answer.text
            assert "<main" in answer.text
            assert 'href="/"' in answer.text
            part = client.get(path, headers={"hx-request": "true", "hx-request-type": "partial"})
            assert (part.status_code, part.headers["hx-retarget"]) == (status, "#toasts")
            assert part.text.count("<toast-note") == 1
            assert "<main" not in part.text
        with server.client() as api:
            api.post("/personas", json={"name": "Ann", "description": "d"}).raise_for_status()
        with closing(sqlite3.connect(server.services.database.url.database or "")) as database, database:
            database.execute("UPDATE persona_versions SET record = '{}'")
        broken = client.get("/p/1/personas")
        assert (broken.status_code, "Something went wrong on the server" in broken.text) == (500, True)
        assert "Error" not in broken.text


def test_preferences_last_and_hold_on_every_page(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/p/1/personas?search=x")
    page.get_by_text("View", exact=True).click()
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(re.compile("search=x$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_text("View", exact=True).click()
    page.get_by_role("button", name="Off").click()
    page.keyboard.press("n")
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    page.get_by_text("View", exact=True).click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Keine Persona ist so")).to_be_visible()
    page.goto(f"{server.url}/p/1")
    html = page.locator("html")
    for name, value in (("lang", "de"), ("data-theme", "dark"), ("data-keys", "off")):
        expect(html).to_have_attribute(name, value)


def test_pages_are_read_and_forms_are_sent_without_a_script(browser: Browser, server: Server) -> None:
    with server.client() as api:
        for name in ("Ann", "Ben"):
            api.post("/personas", json={"name": name, "description": "d"}).raise_for_status()
        api.post("/persona_groups", json={"name": "All"}).raise_for_status()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/p/1/personas")
    page.get_by_role("button", name="Ann in the group All").click()
    expect(page.locator(".roster")).to_contain_text("Ann")
    page.get_by_role("button", name="Take Ann out").click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".roster li")).to_have_count(1)
    page.get_by_label("Search name or description").fill("ben")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".persona-row")).to_have_count(1)
    page.get_by_role("link", name="Ben").click()
    page.get_by_label("Persona description").fill("Somebody else.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Ben is saved as version 2.")
    assert not page.locator(".needs-js:visible").count()
    context.close()
