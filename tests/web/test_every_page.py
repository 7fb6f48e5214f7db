"""What holds for every page of the workbench, by walking them all."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from personae.core.conversation import DISCLAIMER
from personae.server.web._static import _all as static_files
from tests.server.people import ANN, BOB, PASSWORD, add_person
from tests.web.conftest import Example
from tests.web.every_page import filled, pages, routes
from tests.web.serving import browser, fresh
from tests.web.texts import extracted, known

FIRST_KIB, LATER_KIB = 120, 40
SIZES_TOO = {"rules": {"target-size": {"enabled": True}}}
"""Of WCAG 2.2, and off in axe by itself."""
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
LOOKS: tuple[tuple[str, int, Literal["light", "dark"], dict[str, Any]], ...] = (
    ("en", 1360, "light", SIZES_TOO),
    ("de", 390, "dark", WCAG | SIZES_TOO),
)
"""Language, width, scheme, and what axe looks at: the first time what it knows beyond WCAG 2.2 AA, too."""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One for the whole walk, without a trace: a context and a trace for each page cost more than the page."""
    made = browser.new_page(locale="en-GB")
    yield made
    made.context.close()


@pytest.mark.parametrize("path", pages())
def test_a_page_is_accessible_and_fits_light_and_wide_dark_and_narrow(page: Page, example: Example, path: str) -> None:
    """Nothing for axe, no complaint of the browser, nothing to scroll sideways; narrow in German, as it is longer.

    At 680 px it is what 200 % zoom leaves of a common screen.
    """
    address = example.url + filled(path, example.ids)
    for language, width, scheme, options in LOOKS:
        page.context.add_cookies([{"name": "language", "value": language, "url": example.url}])
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200
        assert page.locator("html").get_attribute("lang") == language
        for seen in (width, 680):
            page.set_viewport_size({"width": seen, "height": 860})
            assert page.evaluate("document.documentElement.scrollWidth") <= seen
        page.set_viewport_size({"width": width, "height": 860})
        found = Axe().run(page, options={"resultTypes": ["violations"]} | options)
        assert found.violations_count == 0, f"{width} px, {scheme}: {found.generate_report()}"


@pytest.mark.parametrize("path", pages())
def test_a_page_is_light_on_the_wire_and_says_what_it_measures(example: Example, path: str) -> None:
    with browser(example.server) as client:
        answer = client.get(filled(path, example.ids))
    html = len(gzip.compress(answer.content))
    files = sum(len(file.compressed) for name, file in static_files().items() if name in answer.text)
    assert html <= LATER_KIB * 1024
    assert html + files <= FIRST_KIB * 1024
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    if shows_simulation(answer.text):
        assert f">{DISCLAIMER}</aside>" in answer.text, "say {% set simulated = true %} in its template"


def shows_simulation(html: str) -> bool:
    """Whether a page shows a share, or a part that numbers and talk of simulations stand in."""
    parts = r'class="[^"]*\b(?:rate|rate-plot|heat|plot|big|turns|bubble|ending)\b'
    return bool(re.search(parts, html) or re.search(r"\d\s?%", re.sub(r"<[^>]*>", " ", html)))


def test_what_shows_a_simulation_is_known() -> None:
    assert shows_simulation('<span class="rate"><strong>none</strong></span>')
    assert shows_simulation("<td>62 %</td>")
    assert not shows_simulation('<a href="?search=7%20">100 personas</a>')


def test_strangers_see_no_project_and_viewers_change_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    with fresh(sqlite_template, tmp_path, host="0.0.0.0") as server:
        add_person(server, ANN, "admin")
        add_person(server, BOB, "viewer")
        with browser(server) as stranger:
            answer = stranger.get("/p/1")
            assert answer.url.path == "/sign-in"
            assert answer.url.params["next"] == "/p/1"
        nothing = dict.fromkeys(
            ("persona_id", "group_id", "collection_id", "template_id", "llm_config_id", "criterion_set_id"), 2**40
        )
        with browser(server) as ann, browser(server) as bob:
            for person, email in ((ann, ANN), (bob, BOB)):
                signed_in = person.post("/sign-in", data={"email": email, "password": PASSWORD, "next": "/p/1"})
                assert signed_in.url.path == "/p/1"
            for path in pages():
                if path.startswith("/p/"):
                    elsewhere = ann.get(path.partition("?")[0].replace("{project_id}", "999").format_map(_any(nothing)))
                    assert elsewhere.status_code == 404, path
            for path in routes("POST"):
                if path.startswith("/p/"):
                    refused = bob.post(path.replace("{project_id}", "1").format_map(_any(nothing)))
                    assert refused.status_code == 403, path
            assert bob.post("/sign-out").url.path == "/sign-in"
            assert bob.get("/p/1").url.path == "/sign-in"


class _any(dict[str, int]):  # noqa: N801 - a mapping, used like a function
    def __missing__(self, key: str) -> int:
        return 2**40


def test_every_text_is_translated() -> None:
    german = known("de")
    there = {message.id: message for message in german if message.id}
    wanted = {message.id for message in extracted() if message.id}
    missing = [id_ for id_ in wanted if id_ not in there or not all(_strings(there[id_].string))]
    assert not missing, f"run `make texts`, and write into src/personae/server/web/texts/de.po: {missing}"
    assert not [message.id for message in german if message.id and message.fuzzy], (
        "marked as a guess, and so not used: run `make texts`"
    )
    assert set(there) <= wanted, f"gone from the pages, run `make texts`: {set(there) - wanted}"
    wrong = {message.id: errors for message, errors in german.check()}
    assert not wrong


def _strings(string: object) -> tuple[object, ...]:
    return tuple(string) if isinstance(string, tuple | list) else (string,)
