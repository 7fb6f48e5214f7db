"""Settings: people, keys and what was changed, as an admin of a server that others can reach."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from tests.server.people import ANN, BOB, PASSWORD, add_person
from tests.server.running import Server
from tests.web.conftest import Complaints
from tests.web.serving import fresh


def test_an_admin_gives_roles_invites_and_makes_keys(
    page: Page, browser: Browser, sqlite_template: Path, tmp_path: Path, complaints: Complaints
) -> None:
    complaints.expected = ["400 (Bad Request)"]  # more at once than the server allows
    with fresh(sqlite_template, tmp_path, host="0.0.0.0") as server:
        with ThreadPoolExecutor(1) as thread:  # for it has an event loop of its own, and Playwright's runs in this one
            for email, role_ in ((ANN, "admin"), (BOB, "viewer")):
                thread.submit(add_person, server, email, role_).result()
        settings = f"{server.url}/p/1/settings"
        page.goto(f"{server.url}/sign-in?next=/p/1/settings")
        page.get_by_label("E-mail address").fill(ANN)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Settings")

        members, keys = page.locator("#members"), page.locator("#keys")
        bob = members.locator("li").filter(has_text=BOB)
        role = bob.get_by_label(f"Role of {BOB}")
        role.select_option("editor")
        bob.get_by_role("button", name="Change").click()
        expect(page.locator(".toast")).to_contain_text(f"The role of {BOB} is changed.")
        expect(role).to_have_value("editor")
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(role).to_have_value("viewer")
        ann = members.locator("li").filter(has_text=ANN)
        ann.get_by_text("Remove", exact=True).click()
        ann.get_by_role("button", name=f"Remove {ANN}").click()
        expect(page.locator(".toast.bad")).to_contain_text("last admin")

        invitations = page.locator("#invitations")
        invitations.get_by_label("E-mail address").fill("carl@example.com")
        invitations.get_by_role("button", name="Invite").click()
        link = urlsplit(invitations.get_by_label("Send this link").input_value()).path
        page.goto(settings)
        expect(invitations.get_by_label("Send this link")).to_have_count(0)
        _joined(browser, server.url + link)
        page.goto(settings)
        expect(members.locator("li").filter(has_text="carl@example.com")).to_contain_text("Carl <i>")
        expect(invitations.locator("li")).to_contain_text("accepted")

        invitations.get_by_label("Role").select_option("viewer")
        invitations.get_by_role("button", name="Invite").click()
        page.goto(settings)
        invitations.get_by_role("button", name="Take back").click()
        expect(page.locator(".toast")).to_contain_text("The invitation is taken back.")
        expect(invitations.locator("li")).to_have_count(1)

        _chosen_for_experiments(page, server)
        keys.get_by_label("Name").fill("nightly <b>")
        keys.get_by_label("Role").select_option("viewer")
        keys.get_by_role("button", name="Make a key").click()
        key = keys.get_by_label("The new key").input_value()
        with httpx2.Client(base_url=server.url, headers={"X-API-Key": key}, trust_env=False) as program:
            assert program.get("/api/v0/projects/1/personas").status_code == 200
            page.goto(settings)
            expect(keys.get_by_label("The new key")).to_have_count(0)
            keys.locator("li").first.get_by_text("Revoke", exact=True).click()
            keys.get_by_role("button", name="Revoke nightly <b>").click()
            expect(keys.locator("li").first).to_contain_text("revoked")
            assert program.get("/api/v0/projects/1/personas").status_code == 401

        log = page.locator("#log")
        expect(log.locator("li").first).to_contain_text("revoke api key")
        log.get_by_role("link", name="api key").first.click()
        expect(log.locator("li")).to_have_count(2)
        bob.get_by_text("Remove", exact=True).click()
        bob.get_by_role("button", name=f"Remove {BOB}").click()
        expect(bob).to_have_count(0)


def _chosen_for_experiments(page: Page, server: Server) -> None:
    """A judge and a ceiling of the project, seen by who makes an experiment, and undone."""
    with server.client() as api:
        model = {"name": "Strict <b>", "provider": "openai", "llm_model_name": "judge-large", "api_key": "k"}
        api.post("/llm_configs", json=model).raise_for_status()
        page.reload()
        chosen = page.locator("#experiments")
        judge, ceiling = chosen.get_by_label("Judge"), chosen.get_by_label("Ceiling in dollars")
        expect(judge.locator("option")).to_have_text(["This server's: offline", "Strict <b>"])
        judge.select_option(label="Strict <b>")
        ceiling.fill("2.5")
        chosen.get_by_label("Conversations at once").fill("65")
        chosen.get_by_role("button", name="Save").click()
        expect(chosen.locator(".wrong")).to_have_text("must be 64 or less: this server allows no more")
        expect(ceiling).to_have_value("2.5")
        chosen.get_by_label("Conversations at once").fill("")
        chosen.get_by_role("button", name="Save").click()
        expect(page.locator(".toast")).to_contain_text("Saved")
        expect(chosen.get_by_role("link", name="Strict <b>")).to_be_visible()
        assert api.get("/settings").json()["judge"] == {"llm_config_id": 1}
        page.goto(f"{server.url}/p/1/experiments/new")
        expect(page.get_by_label("Ceiling in dollars")).to_have_attribute("placeholder", "2.5")
        options = page.locator("#f-judge_id option")
        expect(options).to_have_text(["The project's: Strict <b>", "This server's: offline", "Strict <b>"])
        page.goto(f"{server.url}/p/1/settings")
        judge.select_option("")
        chosen.get_by_role("button", name="Save").click()
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(judge).to_have_value("1")


def _joined(browser: Browser, link: str) -> None:
    """Somebody else follows the link, in a browser of their own."""
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(link)
    assert Axe().run(page).violations_count == 0
    page.get_by_label("Your name").fill("Carl <i>")
    page.get_by_label("Password").fill("too short")
    page.get_by_role("button", name="Join").click()
    expect(page.locator(".wrong")).to_contain_text("10 characters")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    assert page.goto(link).status == 404  # type: ignore[union-attr]  # it was accepted
    page.context.close()
