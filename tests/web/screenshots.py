"""Pictures of every page of the example project: `python -m tests.web.screenshots [FOLDER] [PART OF A PATH]`.

Whole pages into the folder, to look at; windows of some into docs/images, where the guide shows them. The
stylesheet asks for Inter first: with Debian's fonts-inter they look as designed.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

from tests.chromium import chromium
from tests.server.running import Server, running
from tests.web.api import Api
from tests.web.every_page import filled, pages
from tests.web.serving import load_example
from tests.web.slow_bot import SlowBot, slow_bot

DOCS = Path(__file__).resolve().parents[2] / "docs/images"
SHOWN = {
    "personas": "workbench-personas",
    "experiments-experiment_id": "workbench-results",
    "conversations-response_id": "workbench-conversation",
    "running": "workbench-running",
}
"""Pictures of the guide, by the name of the page."""
SIZES: dict[str, tuple[int, Literal["light", "dark"]]] = {
    "light": (1360, "light"),
    "dark": (1360, "dark"),
    "narrow": (390, "light"),
}
HEIGHT = 860
EMPTY = ("", "/personas", "/collections", "/criteria", "/templates", "/llm-configs", "/experiments", "/compare")
REPLIES = (
    "Happy to help. May I have your order number?",
    "A lamp can be returned for a full refund within 30 days of delivery: print the label and send the lamp back.",
    "All lamps have a warranty of 3 years. A repair takes about 10 days, and a courier collects the lamp.",
)


def main(folder: Path = Path("build/screenshots"), part: str = "") -> None:
    """Light, dark and narrow, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running(f"sqlite:///{data}/personae.db") as server,
        slow_bot(REPLIES) as bot,
        chromium() as browser,
    ):
        looks = {
            look: browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme).new_page()
            for look, (width, scheme) in SIZES.items()
        }
        for path in EMPTY:
            if part in path:
                _take(looks, f"{server.url}/p/1{path}", folder, f"empty{path.replace('/', '-')}")
        ids = load_example(server)
        for path in pages():
            if part in path:
                _take(looks, server.url + filled(path, ids), folder, _name(path))
        if part in "running":
            _take(looks, _under_way(server, bot, ids, looks["light"]), folder, "running")


def _take(looks: dict[str, Page], address: str, folder: Path, name: str) -> None:
    for look, page in looks.items():
        page.goto(address)
        page.screenshot(path=folder / f"{name}-{look}.png", full_page=True, animations="disabled")
        if look == "light" and name in SHOWN:
            _show(page, DOCS / f"{SHOWN[name]}.webp")
    print(name)


def _show(page: Page, file: Path) -> None:
    """What a window shows, small enough for the guide: Chromium alone writes WebP."""
    browser = page.context.new_cdp_session(page)
    taken = browser.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
    file.write_bytes(base64.b64decode(taken["data"]))


def _under_way(server: Server, bot: SlowBot, ids: dict[str, int], page: Page) -> str:
    """The address of an experiment that has come half way, and waits for its bot."""
    api = Api(server.url)
    shop = api.post("/llm_configs", name="Shop bot", provider="custom_api", llm_base_url=bot.url)
    made = api.post(
        "/experiments",
        name="After the new returns page",
        persona_group_id=ids["group_id"],
        collection_id=ids["collection_id"],
        criterion_set_id=ids["criterion_set_id"],
        llm_config_id=shop["id"],
        budget_usd=5,
        generation_params={"max_connections": 6},
        generate=True,
    )
    address = f"{server.url}/p/1/experiments/{made['id']}"
    page.goto(address)
    bot.let(18)
    expect(page.locator("[data-number=finished]")).not_to_have_text("0", timeout=60_000)
    expect(page.locator("#talks .from-bot")).to_have_count(8, timeout=60_000)
    return address


def _name(path: str) -> str:
    return re.sub(r"\W+", "-", path.replace("/p/{project_id}", "")).strip("-") or "home"


if __name__ == "__main__":
    main(*(kind(given) for kind, given in zip((Path, str), sys.argv[1:], strict=False)))
