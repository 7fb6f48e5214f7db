"""J2: a bot is connected, tried before it is stored, and its key never comes back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from lab.fake_bot import SECRET, FakeBots
from tests.server.running import Server
from tests.web.conftest import Complaints
from tests.web.test_goals_and_criteria import toast


def test_j2_a_bot_is_connected_and_tried(page: Page, server: Server, complaints: Complaints) -> None:
    """From nothing: what is wrong is said, the raw exchange is seen, and the key is written only."""
    complaints.expected = ["status of 400", "status of 422"]
    with FakeBots.in_thread() as bots:
        page.goto(f"{server.url}/p/1/llm-configs")
        page.get_by_role("link", name="Connect the first bot").click()
        page.get_by_label("Name", exact=True).fill("Shop <b>")
        check, key = page.locator("#check"), page.locator("#f-api_key")
        page.get_by_role("button", name="Test connection").click()
        expect(check).to_contain_text("needs an address")
        page.get_by_text("Paste a curl command").click()
        page.get_by_label("Command").fill(f"curl '{bots.url}/secret")
        page.get_by_role("button", name="Fill the form").click()
        expect(page.locator("#f-curl-wrong")).to_contain_text("cannot be read")
        page.get_by_label("Command").fill(
            f"curl '{bots.url}/secret' \\\n -H 'Authorization: Bearer {SECRET}' -H 'X-Lang: de' --data-raw "
            """'{"message": "Hello", "session": "s-7"}' --compressed"""
        )
        page.get_by_role("button", name="Fill the form").click()
        expect(page.get_by_label("Address")).to_have_value(f"{bots.url}/secret")
        expect(page.get_by_label("Name", exact=True)).to_have_value("Shop <b>")
        assert '"session": "{{session_id}}"' in page.get_by_label("Body as JSON").input_value()
        reply_path = page.get_by_label("Where the reply stands")
        reply_path.fill("data.answer")
        page.get_by_role("button", name="Test connection").click()
        expect(check.locator(".chip")).to_have_text("No answer")
        check.get_by_role("button", name="reply.text").click()
        expect(check.locator(".chip")).to_have_text("It answers, and forgets")
        expect(reply_path).to_have_value("reply.text")
        assert bots.requests[-1].headers["X-Lang"] == "de"
        key.fill("wrong-key")
        page.get_by_role("button", name="Test connection").click()
        expect(check.locator(".chip")).to_have_text("No answer")
        expect(check).to_contain_text("answered 401")
        key.fill(SECRET)
        page.get_by_label("Body as JSON").fill('{"message": "{{message}}"')
        page.get_by_role("button", name="Create").click()
        expect(page.locator(".wrong")).to_contain_text("is not JSON")
        page.get_by_label("Body as JSON").fill('{"message": "{{message}}"}')
        key.fill(SECRET)
        page.get_by_role("button", name="Create").click()
        toast(page, "Shop <b> is there.")

        expect(key).to_have_value("")
        page.get_by_role("button", name="Test connection").click()
        expect(check.locator(".chip")).to_have_text("It answers, and forgets")
        page.get_by_label("Address").fill(f"{bots.url}/session")
        page.get_by_label("Body as JSON").fill('{"message": "{{message}}", "session": "{{session_id}}"}')
        page.get_by_label("Where the session stands").fill("session")
        page.get_by_label("The bot remembers").check()
        page.get_by_role("button", name="Test connection").click()
        expect(check.locator(".chip")).to_have_text("It works")
        expect(check.get_by_text("You told me 7413.", exact=True)).to_be_visible()
        check.locator("summary").nth(1).click()
        expect(check.locator("pre").nth(2)).to_contain_text('"message": "Which number did I ask you to remember?"')
        expect(check.locator("pre").nth(3)).to_contain_text("You told me 7413.")
        expect(check.locator("pre").nth(2)).to_contain_text("Authorization: Bearer ***")
        assert SECRET not in page.content()
        assert bots.requests[-1].headers["Authorization"] == f"Bearer {SECRET}"

    page.get_by_label("Used where an experiment names no bot").check()
    page.get_by_role("button", name="Save").click()
    toast(page, "Shop <b> is saved.")
    with server.client() as api:
        (held,) = api.get("/llm_configs").json()["items"]
    assert (held["has_api_key"], held["is_default"]) == (True, True)
    assert held["custom_api_config"]["session_path"] == "session"
    page.get_by_label("Kind").select_option("offline")
    expect(page.get_by_label("Address")).to_be_hidden()
    page.get_by_label("Remove the stored key").evaluate("box => box.checked = true")
    page.get_by_role("button", name="Save").click()
    toast(page, "Shop <b> is saved.")
    with server.client() as api:
        (held,) = api.get("/llm_configs").json()["items"]
    assert (held["provider"], held["has_api_key"], held["custom_api_config"]) == ("offline", False, None)
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Where is your bot?")).to_be_visible()
