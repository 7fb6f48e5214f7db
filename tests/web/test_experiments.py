"""J6 and the beginning of J7: find what is wrong; run again."""

from __future__ import annotations

import json
import re
from functools import partial

from playwright.sync_api import Browser, Page, Route, expect

from tests.running import until
from tests.server.running import Server
from tests.web.api import Api
from tests.web.conftest import Complaints, Example
from tests.web.serving import load_example


def test_j6_find_what_is_wrong(page: Page, browser: Browser, example: Example) -> None:
    """From the headline to the conversation that shows it, with every choice in the address; also without script."""
    page.goto(f"{example.url}/p/1/experiments")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/experiments/\d+$"))
    expect(page.locator(".hero")).to_contain_text("95% interval")
    page.locator(".hero").get_by_role("link", name="Show where not").click()
    page.wait_for_url(re.compile("goal_achieved=false#conversations"))
    talks = page.locator("#conversations")
    expect(talks).to_contain_text("8 of 32")
    talks.get_by_label("Persona").select_option("Rex Calloway")
    expect(talks).to_contain_text("1 of 32")
    expect(page).to_have_url(re.compile(r"persona_id=\d+.*goal_achieved=false"))
    first = talks.locator("[data-step] a.strong").first
    address = str(first.get_attribute("href"))
    assert re.search(r"/p/1/conversations/\d+\?experiment_id=\d+&persona_id=\d+&goal_achieved=false", address)
    talks.get_by_role("link", name="Show all").click()
    expect(talks.locator("[data-step]").first).to_contain_text("stuck")  # the worst ones come first
    page.locator(".columns a").last.click()
    expect(talks.locator(".tag.is-on")).to_contain_text("Time")
    page.go_back()
    talks.get_by_label("Text").fill("warranty")
    expect(talks).to_contain_text(re.compile(r"\b\d+ of 32"))
    expect(page).to_have_url(re.compile("text=warranty"))
    expect(talks.get_by_label("Text")).to_be_focused()
    page.locator("#grid thead a").nth(2).click()
    expect(talks).to_contain_text("8 of 32")
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Table (CSV)").click()
    assert download.value.suggested_filename.endswith(".csv")

    plain = browser.new_context(java_script_enabled=False)
    reader = plain.new_page()
    reader.goto(f"{example.url}/p/1/experiments/{example.ids['experiment_id']}?goal_achieved=false&sort_by=turns-desc")
    expect(reader.locator("#conversations")).to_contain_text("8 of 32")
    reader.locator("[name=sort_by]").select_option("worst")
    reader.get_by_role("button", name="Show", exact=True).click()
    expect(reader.locator("#conversations")).to_contain_text("8 of 32")
    plain.close()


def test_j7_run_again_and_what_can_be_done_afterwards(page: Page, server: Server, complaints: Complaints) -> None:
    """The same again with another bot; a draft; rated again; tried again; deleted by its name."""
    complaints.expected = ["status of 400"]
    ids = load_example(server)
    api = Api(server.url)
    failing = api.post("/llm_configs", name="Half", provider="mock", mock={"replies": ["Yes."], "fail_every": 2})["id"]
    one = f"{server.url}/p/1/experiments/{ids['experiment_id']}"
    page.goto(one)
    page.keyboard.press("r")
    expect(page.get_by_label("Name")).to_have_value("Lumen & Oak (example) (2)")
    expect(page.locator("#plan .figure")).to_contain_text("32")
    page.get_by_label("Bot", exact=True).select_option("Half")
    page.wait_for_url(re.compile(f"llm_config_id={failing}"))
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.get_by_text("Not started yet")).to_be_visible()
    page.route("**/events", partial(_late, api), times=1)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#head")).to_contain_text("finished")
    expect(page.locator("#errors")).to_contain_text("bot error")
    page.locator("#errors a").first.click()
    expect(page.locator("#conversations .error-text").first).to_be_visible()
    blamed = page.get_by_role("link", name=re.compile(r"^bot \d+$"))
    count = (blamed.text_content() or "").removeprefix("bot ")
    blamed.click()
    talks = page.locator("#conversations")
    expect(talks).to_contain_text(f"{count} of 32")
    expect(talks.get_by_label("Fault")).to_have_value("bot")
    unfair = talks.locator("td .chip").filter(has_text="no fair test")
    expect(unfair.first).to_be_visible()
    talks.locator("[data-step] a.strong").first.click()
    expect(page.locator(".page-head")).to_contain_text(f"1 of {count}")
    page.keyboard.press("j")
    expect(page.locator(".page-head")).to_contain_text(f"2 of {count}")
    expect(page.locator(".answers")).to_contain_text("Fault: bot")
    page.locator(".page-head .title a").click()
    expect(talks).to_contain_text(f"{count} of 32")
    talks.get_by_label("Fault").select_option("")
    talks.get_by_label("Fair test").select_option("counted")
    expect(page).to_have_url(re.compile(r"validity=counted.*fault=(&|$)"))
    expect(unfair).to_have_count(0)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Try the failed ones again").click()
    expect(page.locator("#head")).to_contain_text("finished")

    page.goto(f"{server.url}/p/1/experiments")
    expect(page.locator("[data-step]")).to_have_count(2)
    page.get_by_label("Search by name").fill("(2)")
    expect(page.locator("[data-step]")).to_have_count(1)
    page.locator("[data-step] a.strong").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Rate again").click()
    page.get_by_label("Reasoning").select_option("fast")
    page.get_by_role("button", name="Rate again").click()
    expect(page.locator("#head")).to_contain_text("finished")

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Its name").fill("another")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("That is not its name.")).to_be_visible()
    page.get_by_label("Its name").fill("Lumen & Oak (example) (2)")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("is deleted")
    expect(page.locator("[data-step]")).to_have_count(1)


def _late(api: Api, route: Route) -> None:
    """The page hears of a run that goes on, and when it looks the run is over: the server's page has no such part."""
    path = re.sub(r".*(/experiments/\d+)/events", r"\1", route.request.url)
    until(lambda: api.get(path)["status"] == "finished", "it is over")
    said = {"status": "running", "finished": -1, "rated": 0, "failed": 0, "spent_usd": 0}
    route.fulfill(content_type="text/event-stream", body=f"event: progress\ndata: {json.dumps(said)}\n\n")
