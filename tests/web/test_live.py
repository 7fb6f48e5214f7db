"""J5: run, watch and stop safely."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
from playwright.sync_api import Page, expect

from tests.running import COMMAND, environment, until
from tests.web.api import Api
from tests.web.conftest import Complaints
from tests.web.slow_bot import SlowBot, slow_bot

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp\x1b[31m"
LONG = "bla " * 2_000
REPLIES = ["What is your order number?", f"<script>alert(2)</script> {LONG}", "It takes 30 days."]


def library(api: Api, bot_url: str) -> None:
    """A group with a hostile name in it, a collection of each kind, a template of each kind, and a bot."""
    people = [api.post("/personas", name=name, description="Patient.")["id"] for name in ("Ann", HOSTILE, "Cy")]
    api.post("/persona_groups", name="Testers", persona_ids=people)
    outcome = {"expected_conversation_outcome": "30 days"}
    rows = [{"persona_goal": f"Learn how long refund {n} takes."} | outcome for n in range(2)]
    columns = [{"name": "persona_goal", "column_type": "persona_goal"}, {"name": "expected_conversation_outcome"}]
    api.post("/collections", name="Refunds", collection_type="PERSONA", columns=columns, variables=rows)
    api.post("/collections", name="Topics", columns=[{"name": "topic"}], variables=[{"topic": "tea"}])
    api.post("/prompt_templates", name="asks", messages=[{"role": "user", "content": "{{topic}}?"}])
    api.post("/prompt_templates", name="shop", messages=[{"role": "system", "content": "You work in a shop."}])
    api.post("/llm_configs", name="Slow bot", provider="custom_api", llm_base_url=bot_url, timeout=300)
    api.post("/criterion_sets", name="Manners", criteria=[{"criterion_str": "Is it polite?"}])


def test_j5_run_watch_and_stop_safely(page: Page, tmp_path: Path, complaints: Complaints) -> None:
    """Two tabs watch a run that is paused, resumed, and survives its server: nobody reloads, both show the true end."""
    complaints.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "ERR_EMPTY_RESPONSE", "Failed to fetch"]
    port = _port()
    url = f"http://127.0.0.1:{port}"
    with slow_bot(REPLIES) as bot, ExitStack() as servers:
        first = servers.enter_context(_serving(port, tmp_path))
        api = Api(url)
        library(api, bot.url)
        _start(page, url)

        second = page.context.new_page()
        complaints.listen(second)
        second.goto(page.url)
        tabs = (page, second)
        bot.let(12)  # to some of the first conversations; all that run now wait for their third reply
        for tab in tabs:
            expect(tab.locator(".talk-turns li").first).to_be_visible()
            expect(tab.locator("#talks")).to_contain_text("<script>alert(2)</script>")
            expect(tab.locator("#grid .spot[data-at][href]").first).to_be_visible()
            expect(tab.locator("[data-number=finished]")).not_to_have_text("0")
        expect(page.locator("#grid")).to_contain_text("<img src=x onerror=alert(1)>⟨U+202E⟩gnp␛[31m")

        page.get_by_label("Ceiling in dollars").fill("7")
        page.get_by_role("button", name="Set").click()
        expect(page.locator("#live")).to_contain_text("of $7.00")
        with page.expect_response(re.compile("/pause$")):
            page.get_by_role("button", name="Pause").click()
        until(lambda: _has_paused(api, bot), "those under way are over")
        bot.let_none()
        for tab in tabs:
            expect(tab.get_by_role("button", name="Resume")).to_be_visible()
        held = api.get("/experiments/1")["finished"]
        assert 0 < held < 36
        second.get_by_role("button", name="Resume").click()
        for tab in tabs:
            expect(tab.get_by_role("button", name="Pause")).to_be_visible()

        first.kill()
        first.wait()
        for tab in tabs:
            expect(tab.get_by_text("The connection is lost")).to_be_visible()
        servers.enter_context(_serving(port, tmp_path))
        for tab in tabs:
            expect(tab.get_by_text("The connection is lost")).to_be_hidden()
        bot.let(1000)
        for tab in tabs:
            expect(tab.locator(".hero .big")).to_be_visible()
            expect(tab.locator("#head")).to_contain_text("finished")
        assert api.get("/experiments/1")["finished"] == 36


def _start(page: Page, url: str) -> None:
    """From no experiment to one that runs: what is missing is said, what it will be is counted."""
    page.goto(f"{url}/p/1/experiments")
    expect(page.get_by_text("No experiment yet")).to_be_visible()
    page.keyboard.press("n")
    page.get_by_label("Single answers").check()
    page.get_by_label("Collection", exact=True).select_option("Refunds (2) – Persona")
    expect(page.get_by_text("Refunds is a Persona collection")).to_be_visible()
    expect(page.get_by_label("Prompt template").locator("option")).to_have_text(["None", "shop v1"])
    plan = page.locator("#plan")
    expect(plan).to_contain_text("Choose a group")
    missing = page.locator("#way-persona_group_id")
    expect(missing).to_have_text("Choose a group: it is missing.")
    page.get_by_label("Persona group").select_option("Testers (3)")
    expect(missing).to_be_empty()
    expect(plan.locator(".figure")).to_have_text(re.compile(r"^6\s+conversations$"))
    page.get_by_label("Repeats of each").fill("0")
    expect(plan.get_by_text("greater than or equal to 1")).to_be_visible()
    page.get_by_label("Repeats of each").fill("6")
    expect(plan).to_contain_text(re.compile(r"3\s+personas\s+×\s+2\s+rows\s+×\s+6\s+repeats"))
    expect(plan.locator(".figure")).to_contain_text("36")
    plan.get_by_text("Read one prompt").click()
    expect(plan.locator(".prompt")).to_contain_text("Learn how long refund 0 takes.")
    page.get_by_label("Bot", exact=True).select_option("Slow bot")
    page.get_by_label("Criterion set").select_option("Manners")
    page.get_by_label("Name").fill("Refunds, live")
    page.get_by_label("Ceiling in dollars").fill("3")
    page.get_by_text("More settings").click()
    page.get_by_label("At once, at most").fill("4")
    page.wait_for_url(re.compile(r"budget_usd=3.*max_connections=4"))
    plan.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/experiments/1$"))


def _has_paused(api: Api, bot: SlowBot) -> bool:
    bot.let(1)
    time.sleep(0.2)  # between one reply and the next: so few conversations begin before the pause is seen
    return bool(api.get("/experiments/1")["status"] == "paused")


def _port() -> int:
    """A free one that no connection out of this machine is given meanwhile: the server comes back to it."""
    for port in range(20_000 + os.getpid() % 10_000, 32_768):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")


@contextmanager
def _serving(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server at a port of one's own choice, so that it can come back there. Nobody reads its log: it is a file."""
    arguments = ("serve", "--port", str(port), "--database", f"sqlite:///{folder}/personae.db", "--data-folder", folder)
    variables = environment(PERSONAE_SECRET_KEY="the same")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([*COMMAND, *arguments], cwd=folder, env=variables, stdout=log, stderr=log)
        try:
            until(lambda: _answers(port), "the server answers")
            yield process
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
