"""J5, J6 and the beginning of J7: run, watch and stop safely; find what is wrong; run again."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page, expect

from tests.running import COMMAND, environment, until
from tests.server.running import Server
from tests.web.conftest import Complaints, Example
from tests.web.serving import load_example

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp\x1b[31m"
LONG = "bla " * 20_000
REPLIES = ["What is your order number?", f"<script>alert(2)</script> {LONG}", "It takes 30 days."]


class Api:
    """The API of a server on loopback, to bring what a journey begins with."""

    def __init__(self, url: str) -> None:
        self._base = f"{url}/api/v0/projects/1"

    def post(self, path: str, **body: Any) -> Any:
        return self._call("POST", path, json=body)

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = httpx2.request(method, self._base + path, timeout=30, trust_env=False, **more)
        assert answer.is_success, answer.text
        return answer.json()


def library(api: Api, *, latency_ms: float) -> dict[str, int]:
    """Two groups' worth of names, one hostile; two collections; a bot that takes its time; two templates."""
    people = [api.post("/personas", name=name, description="Patient.")["id"] for name in ("Ann", HOSTILE, "Cy")]
    rows = [
        {"persona_goal": f"Learn how long refund {n} takes.", "expected_conversation_outcome": "30 days"}
        for n in range(4)
    ]
    columns = [
        {"name": "persona_goal", "column_type": "persona_goal"},
        {"name": "expected_conversation_outcome"},
    ]
    api.post("/prompt_templates", name="asks", messages=[{"role": "user", "content": "{{topic}}?"}])
    return {
        "group": api.post("/persona_groups", name="Testers", persona_ids=people)["id"],
        "refunds": api.post("/collections", name="Refunds", collection_type="PERSONA", columns=columns, variables=rows)[
            "id"
        ],
        "topics": api.post("/collections", name="Topics", columns=[{"name": "topic"}], variables=[{"topic": "tea"}])[
            "id"
        ],
        "template": api.post(
            "/prompt_templates", name="shop", messages=[{"role": "system", "content": "You work in a shop."}]
        )["id"],
        "bot": api.post(
            "/llm_configs", name="Slow bot", provider="mock", mock={"replies": REPLIES, "latency_ms": latency_ms}
        )["id"],
        "criteria": api.post("/criterion_sets", name="Manners", criteria=[{"criterion_str": "Is it polite?"}])["id"],
    }


def test_j5_run_watch_and_stop_safely(page: Page, tmp_path: Path, complaints: Complaints) -> None:
    """Two tabs watch; the run is paused, the server is killed and comes back, and both tabs end with the results."""
    complaints.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "ERR_EMPTY_RESPONSE", "Failed to fetch"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as servers:

        def serve() -> subprocess.Popen[bytes]:
            process = servers.enter_context(_serving(port, tmp_path))
            until(lambda: _answers(url), "the server answers")
            return process

        first = serve()
        api = Api(url)
        ids = library(api, latency_ms=400)

        page.goto(f"{url}/p/1/experiments")
        expect(page.get_by_text("No experiment yet")).to_be_visible()
        page.keyboard.press("n")
        page.get_by_label("Single answers").check()
        page.get_by_label("Collection", exact=True).select_option("Refunds (4) – Persona")
        expect(page.get_by_text("Refunds is a Persona collection")).to_be_visible()
        expect(page.get_by_label("Prompt template").locator("option")).to_have_text(["None", "shop v1"])
        plan = page.locator("#plan")
        expect(plan).to_contain_text("Choose a group")
        page.get_by_label("Persona group").select_option("Testers (3)")
        expect(plan.locator(".figure")).to_have_text(re.compile(r"^12\s+conversations$"))
        page.get_by_label("Repeats of each").fill("0")
        expect(plan.get_by_text("greater than or equal to 1")).to_be_visible()
        page.get_by_label("Repeats of each").fill("2")
        expect(plan).to_contain_text(re.compile(r"3\s+personas\s+×\s+4\s+rows\s+×\s+2\s+repeats"))
        expect(plan.locator(".figure")).to_contain_text("24")
        plan.get_by_text("Read one prompt").click()
        expect(plan.locator(".prompt")).to_contain_text("Learn how long refund 0 takes.")
        page.get_by_label("Bot", exact=True).select_option("Slow bot")
        page.get_by_label("Criterion set").select_option("Manners")
        page.get_by_label("Name").fill("Refunds, live")
        page.get_by_label("Ceiling in dollars").fill("3")
        page.wait_for_url(re.compile(rf"persona_group_id={ids['group']}.*budget_usd=3"))
        plan.get_by_role("button", name="Start").click()

        page.wait_for_url(re.compile(r"/experiments/1$"))
        second = page.context.new_page()
        complaints.listen(second)
        second.goto(page.url)
        for tab in (page, second):  # nobody reloads
            expect(tab.locator(".talk-turns li").first).to_be_visible()
            expect(tab.locator("#talks")).to_contain_text("<script>alert(2)</script>", timeout=15_000)
            expect(tab.locator("#grid .spot[data-at][href]").first).to_be_visible(timeout=20_000)
            expect(tab.locator("[data-number=finished]")).not_to_have_text("0")
        expect(page.locator("#grid")).to_contain_text("<img src=x onerror=alert(1)>⟨U+202E⟩gnp␛[31m")

        page.get_by_label("Ceiling in dollars").fill("7")
        page.get_by_role("button", name="Set").click()
        expect(page.locator("#live")).to_contain_text("of $7.00")
        page.get_by_role("button", name="Pause").click()
        for tab in (page, second):
            expect(tab.get_by_role("button", name="Resume")).to_be_visible(timeout=15_000)
        held = api.get("/experiments/1")["finished"]
        assert held < 24

        first.kill()
        first.wait()
        expect(second.get_by_text("The connection is lost")).to_be_visible(timeout=15_000)
        serve()
        expect(second.get_by_text("The connection is lost")).to_be_hidden(timeout=30_000)
        second.get_by_role("button", name="Resume").click()
        for tab in (second, page):
            expect(tab.locator(".hero .big")).to_be_visible(timeout=60_000)
            expect(tab.locator("#head")).to_contain_text("finished")
        assert api.get("/experiments/1")["finished"] == 24


@contextmanager
def _serving(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server at a port of one's own choice, so that it can come back there. Nobody reads its log: it is a file."""
    arguments = ("serve", "--port", str(port), "--database", f"sqlite:///{folder}/personae.db", "--data-folder", folder)
    variables = environment(PERSONAE_SECRET_KEY="the same")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([*COMMAND, *arguments], cwd=folder, env=variables, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


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
    first = talks.locator("[data-step] a").first
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


def test_j7_run_again_and_what_can_be_done_afterwards(page: Page, server: Server) -> None:
    """The same again with another bot; a draft; rated again; tried again; deleted by its name."""
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
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#head")).to_contain_text("finished", timeout=30_000)
    expect(page.locator("#errors")).to_contain_text("bot error")
    page.locator("#errors a").first.click()
    expect(page.locator("#conversations .error-text").first).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Try the failed ones again").click()
    expect(page.locator("#head")).to_contain_text("finished", timeout=30_000)

    page.goto(f"{server.url}/p/1/experiments")
    expect(page.locator("[data-step]")).to_have_count(2)
    page.get_by_label("Search by name").fill("(2)")
    expect(page.locator("[data-step]")).to_have_count(1)
    page.locator("[data-step] a").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Rate again").click()
    page.get_by_label("Reasoning").select_option("fast")
    page.get_by_role("button", name="Rate again").click()
    expect(page.locator("#head")).to_contain_text("finished", timeout=30_000)

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Its name").fill("another")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("That is not its name.")).to_be_visible()
    page.get_by_label("Its name").fill("Lumen & Oak (example) (2)")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("is deleted")
    expect(page.locator("[data-step]")).to_have_count(1)
