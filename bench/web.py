"""(j) The workbench where much is stored: server time, bytes and toggling, and an experiment that many tabs watch."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page

from bench.finished import RARE
from bench.library import Library, Sizes, fill
from bench.measure import RunError
from bench.rows import Row, Target
from bench.server import Server, serving
from bench.tabs import Tabs
from bench.tools import Work
from bench.watching import cost_of_watching
from tests.chromium import chromium
from tests.web.every_page import filled, pages

SERVER_MS, TOGGLE_MS, TABS_PERCENT = 150, 150, 25
FIRST_KIB, AFTER_KIB = 120, 40
TABS = 20
_MORE_PAGES = (
    "/p/{project_id}/personas?search=order",
    "/p/{project_id}/personas?trait=order&group={large_group}&page=7",
    "/p/{project_id}/collections/{large_collection_id}",
    "/p/{project_id}/experiments?search=9&number=5",
    "/p/{project_id}/experiments/new?persona_group_id={large_group}&collection_id={large_collection_id}",
    "/p/{project_id}/experiments/{large_experiment_id}",
    f"/p/{{project_id}}/experiments/{{large_experiment_id}}?text={RARE}",
    "/p/{project_id}/experiments/{large_experiment_id}?validity=invalid&fault=bot",
    "/p/{project_id}/experiments/{large_experiment_id}?verdict=NO&sort_by=duration-desc&page=50",
    "/p/{project_id}/conversations/{large_response_id}?experiment_id={large_experiment_id}&sort_by=worst",
    "/p/{project_id}/compare?before={earlier_experiment_id}&after={experiment_id}",
    "/p/{project_id}/compare?before={before_id}&after={large_experiment_id}",
)
"""States in which a page has the most to do, beside those that every page is tested in."""
_QUICK = Sizes(200, 3_600, 100, 10_000, large=(40, 30), plan=(60, 3_000))


def web_row(*, quick: bool) -> Row:
    """All of it."""
    sizes = _QUICK if quick else Sizes()
    row = Row(
        f"(j) the workbench with {sizes.personas:,} personas, {sizes.rows:,} rows, {sizes.experiments:,} experiments, "
        f"{sizes.responses:,} responses"
    )
    with tempfile.TemporaryDirectory() as name:
        library = fill(Path(name), sizes)
        row.notes += [f"not looked at, for nothing is stored to be shown: `{one}`" for one in left_out(library)]
        with serving(Path(name)) as server:
            row.targets += _server_times(server, library, 10 if quick else 40)
            with chromium() as browser:
                row.targets += _bytes(server, library, browser)
                row.targets.append(_toggle(server, library, browser, 10 if quick else 40))
    row.try_target(f"CPU of the server for {TABS} tabs, of one core", tabs_percent, TABS_PERCENT, "%")
    return row


def addresses(library: Library) -> list[str]:
    """Every page of a project, and states of it, as far as the library has what they show."""
    return [one for one in _all_pages() if set(re.findall(r"{(\w+)}", one)) <= _ids(library, 0).keys()]


def left_out(library: Library) -> list[str]:
    """The others."""
    return [one for one in _all_pages() if one not in addresses(library)]


def _all_pages() -> list[str]:
    return [one for one in pages() if one.startswith("/p/")] + list(_MORE_PAGES)


def _ids(library: Library, number: int) -> dict[str, int]:
    """Others for each look, so that nothing which was kept for the same page helps."""
    before, after = library.large
    return library.at(number) | {
        "large_group": library.plan["persona_group_id"],
        "large_collection_id": library.plan["collection_id"],
        "before_id": before,
        "large_experiment_id": after,
        "large_response_id": library.large_responses[number % len(library.large_responses)],
        "earlier_experiment_id": library.ids["experiment_id"][-1 - number],
    }


def _server_times(server: Server, library: Library, times: int) -> Iterator[Target]:
    """What a browser waits for each page, from asking to the last byte."""
    with httpx2.Client(base_url=server.url, timeout=60, trust_env=False, headers={"accept": "text/html"}) as client:
        for address in addresses(library):
            took = []
            for number in range(times + 1):
                path = filled(address, _ids(library, number))
                began = time.perf_counter()
                answer = client.get(path, follow_redirects=True)
                took.append(1000 * (time.perf_counter() - began))
                if answer.status_code != 200:
                    raise RunError(f"{path} answered {answer.status_code}")
            first, rest = took[0], took[1:]
            p50, p95 = statistics.median(rest), statistics.quantiles(rest, n=20)[-1]
            shown = address.removeprefix("/p/{project_id}") or "home"
            yield Target(f"`{shown}`, p95 (p50 {p50:.0f} ms, first {first:.0f} ms)", p95, SERVER_MS, "ms")


def _bytes(server: Server, library: Library, browser: Browser) -> Iterator[Target]:
    """The heaviest page for a browser that has seen nothing yet, and the heaviest for one that has seen it before."""
    first: list[tuple[float, str]] = []
    after: list[tuple[float, str]] = []
    for address in addresses(library):
        url = server.url + filled(address, _ids(library, 0))
        context = browser.new_context()
        page = context.new_page()
        seen = _Bytes(page)
        for found in (first, after):
            seen.sum = 0
            page.goto(url)
            page.wait_for_load_state("networkidle")
            found.append((seen.sum / 1024, address.removeprefix("/p/{project_id}") or "home"))
        context.close()
    for what, found, limit in (("the first time", first, FIRST_KIB), ("after that", after, AFTER_KIB)):
        size, where = max(found)
        yield Target(f"over the wire {what}, the heaviest page (`{where}`)", size, limit, "KiB")


class _Bytes:
    """How much a page took from the network, headers and compressed bodies; nothing for what the browser had."""

    def __init__(self, page: Page) -> None:
        self.sum = 0.0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, Any]) -> None:
        self.sum += event["encodedDataLength"]


_TOGGLED = """([button, roster]) => new Promise((done) => {
  const before = document.querySelectorAll(roster).length;
  const began = performance.now();
  new MutationObserver((_, observer) => {
    if (document.querySelectorAll(roster).length === before) return;
    observer.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  }).observe(document.body, { childList: true, subtree: true });
  document.querySelector(button).click();
})"""


def _toggle(server: Server, library: Library, browser: Browser, times: int) -> Target:
    """From the click on + or on the check mark until the group beside shows it."""
    page = browser.new_page()
    page.goto(f"{server.url}/p/1/personas?group={library.ids['group_id'][0]}")
    took = []
    for number in range(times):
        button = f"#library li:nth-child({1 + number // 2}) .act .round"
        page.wait_for_function("!document.querySelector('.htmx-request')")
        took.append(float(page.evaluate(_TOGGLED, [button, "#group .roster li"])))
    page.close()
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    return Target(f"a toggled persona until the roster shows it, p95 (p50 {p50:.0f} ms)", p95, TOGGLE_MS, "ms")


def tabs_percent() -> float:
    """What tabs take of one core of the server while an experiment runs."""
    return 100 * cost_of_watching(
        Work(1000, 8, 32, 200), lambda url, id_: Tabs(url, id_, TABS), settling_s=6, seconds=20
    )
