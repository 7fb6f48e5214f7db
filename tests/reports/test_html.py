"""The page, in a real Chromium: it reads without a script, filters with one, and nothing in it acts on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from personae.core.conversation import DISCLAIMER, Turn
from personae.core.rating import Quote, Rating
from personae.core.result import SimulationResult
from personae.core.validity import Finding, judged
from personae.reports import ReportSource
from personae.reports.html import HtmlReport
from tests.reports.samples import make, sample_results

VIEWS = ["overview", "conversations", "conversation"]


@pytest.fixture
def troubles(page: Page) -> Iterator[list[str]]:
    """Console messages, errors, dialogs and requests that leave the file. A test fails that leaves one."""
    found: list[str] = []
    page.on("console", lambda message: found.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("dialog", lambda dialog: found.append(f"dialog: {dialog.message}"))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else found.append(request.url)
    )
    yield found
    assert found == []


@pytest.fixture
def opened(page: Page, report: Path, troubles: list[str]) -> Page:
    page.goto(report.as_uri())
    return page


def key_of(view: str, source: ReportSource) -> str:
    """What stands behind # for a view: for `conversation`, one with a quote that is found and one that is not."""
    if view != "conversation":
        return view
    return next(one.key for one in source.results() if one.goal_achieved is False and one.scenario.label[0] == "C")


def visible_rows(page: Page) -> int:
    return page.locator("tr[data-id]:visible").count()


def write(tmp_path: Path, *results: SimulationResult, report: HtmlReport | None = None) -> str:
    out = tmp_path / "report.html"
    (report or HtmlReport()).write(ReportSource.from_results(results), out)
    return out.as_uri()


def test_the_headline_has_its_interval_its_counts_and_what_was_left_out(opened: Page) -> None:
    hero = opened.locator(".hero")
    expect(hero).to_contain_text("39%")
    expect(hero).to_contain_text("95% interval 24% to 57%")
    expect(hero).to_contain_text("14 of 36, 18 clusters")
    expect(opened.locator(".headline")).to_contain_text("5 of 41 conversations")
    expect(opened.locator(".headline")).to_contain_text("2× HTTP 500 from the bot")


def test_the_honesty_line_stands_at_the_top_and_at_the_bottom(opened: Page) -> None:
    assert opened.get_by_text(DISCLAIMER, exact=True).count() == 2
    assert opened.locator(".honesty").bounding_box()["y"] < 120  # type: ignore[index]


def test_a_turn_that_the_judge_saw_in_part_says_so(page: Page, tmp_path: Path, troubles: list[str]) -> None:
    turns = (Turn("user", "Hi."), Turn("assistant", "long " * 5_000))
    result = make(turns=turns)
    page.goto(f"{write(tmp_path, result)}#{result.key}")
    expect(page.locator(".turn").nth(1)).to_contain_text("too long: the judge saw its beginning and its end")
    expect(page.locator(".turn").nth(0)).not_to_contain_text("too long")


def test_counts_on_an_axis_stand_there_once(page: Page, tmp_path: Path, troubles: list[str]) -> None:
    page.goto(write(tmp_path, make(), make(persona="Bo")))
    chart = page.get_by_role("img", name="Replies per conversation")
    counts = chart.locator("g.role-axis-label").nth(1).locator("text").all_text_contents()
    assert counts == ["0", "1", "2"]


def test_an_unknown_price_is_said(opened: Page) -> None:
    expect(opened.locator("#overview")).to_contain_text("no price is known for 164 calls")


def test_a_filter_narrows_the_list_and_stands_in_the_address(opened: Page, troubles: list[str]) -> None:
    opened.get_by_role("link", name="Conversations", exact=True).click()
    assert visible_rows(opened) == 41
    opened.locator("select[name=persona]").select_option("Kofi, sceptical")
    opened.locator("select[name=verdict]").select_option("no")
    shown = visible_rows(opened)
    assert 0 < shown < 8
    expect(opened.locator("#count")).to_have_text(f"{shown} of 41 conversations")
    assert opened.url.endswith("#conversations&persona=Kofi%2C%20sceptical&verdict=no")
    opened.goto("about:blank")
    opened.go_back()
    assert visible_rows(opened) == shown
    expect(opened.locator("select[name=persona]")).to_have_value("Kofi, sceptical")
    opened.get_by_role("button", name="Clear", exact=True).click()
    assert visible_rows(opened) == 41
    assert opened.url.endswith("#conversations")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("stop=bot_error", 2),
        ("error=error", 4),
        ("error=out", 5),
        ("scenario=Cancel%20before%20renewal", 13),
        ("q=kanalgata%20BERGEN", 11),
        ("q=there%20is%20no%20such%20word", 0),
    ],
)
def test_an_address_opens_the_list_with_its_filter(page: Page, report: Path, query: str, count: int) -> None:
    page.goto(f"{report.as_uri()}#conversations&{query}")
    assert visible_rows(page) == count
    assert page.get_by_text("No conversation is like this").is_visible() == (count == 0)


def test_what_was_no_fair_test_is_filtered_and_its_words_are_marked(
    page: Page, tmp_path: Path, troubles: list[str]
) -> None:
    fair, unfair = make(persona="Ann"), make(persona="Ben")
    turns = (Turn("user", "*sighs* I want a refund."), *unfair.conversation.turns[1:])
    finding = Finding("meta_text", 1, "*sighs*", "a stage direction", "invalid")
    unfair = replace(unfair, conversation=replace(unfair.conversation, turns=turns), validity=judged((finding,)))
    page.goto(write(tmp_path, replace(fair, validity=judged(())), unfair))
    page.get_by_role("link", name="simulator 1").click()
    expect(page.get_by_label("Fault")).to_have_value("simulator")
    assert visible_rows(page) == 1
    page.locator("tr[data-id]:visible a").click()
    page.locator(".validity a.quote").click()
    expect(page.locator("mark.is-marked")).to_have_text("*sighs*")
    expect(page.locator(".conversation:visible .validity")).to_contain_text("fault: simulator")


def test_a_cell_of_the_heat_table_leads_to_its_conversations(opened: Page) -> None:
    row = opened.locator(".heat tr", has_text="Refund of a double charge")
    row.get_by_role("link", name="33%").first.click()
    expect(opened.locator("#conversations")).to_be_visible()
    assert visible_rows(opened) == 8
    expect(opened.locator("select[name=scenario]")).to_have_value("Refund of a double charge")


def test_the_worst_come_first(opened: Page) -> None:
    verdicts = opened.locator("tr[data-id]").evaluate_all("rows => rows.map(row => row.dataset.verdict)")
    assert verdicts[0] == "no"
    assert verdicts == sorted(verdicts, key=["no", "yes", "none"].index) or verdicts.index("yes") > verdicts.index("no")
    assert verdicts[-1] == "yes"


def test_an_address_opens_one_conversation(page: Page, report: Path, source: ReportSource) -> None:
    page.goto(f"{report.as_uri()}#{key_of('conversation', source)}")
    expect(page.locator(".conversation:visible")).to_have_count(1)
    expect(page.locator(".conversation:visible")).to_contain_text("Rosa, night-shift nurse")
    expect(page.locator(".turn:visible").first).to_contain_text("I want to cancel my yearly plan")


def test_clicking_a_quote_marks_its_very_words(page: Page, report: Path, source: ReportSource) -> None:
    page.goto(f"{report.as_uri()}#{key_of('conversation', source)}")
    link = page.locator("a.quote:visible").first
    words = link.locator("q").inner_text()
    link.click()
    marked = page.locator("mark.is-marked")
    expect(marked).to_have_count(1)
    assert marked.inner_text() == words
    expect(marked).to_be_in_viewport()


def test_a_quote_that_nobody_said_says_so(page: Page, report: Path, source: ReportSource) -> None:
    page.goto(f"{report.as_uri()}#{key_of('conversation', source)}")
    expect(page.locator(".quote.lost:visible")).to_contain_text("not found in the transcript")


def test_keys_go_through_what_the_filter_shows(page: Page, report: Path) -> None:
    page.goto(f"{report.as_uri()}#conversations&persona=Kofi%2C%20sceptical")
    keys = page.locator("tr[data-id]:visible").evaluate_all("rows => rows.map(row => row.dataset.id)")
    for key in [keys[0], keys[1], keys[2]]:
        page.keyboard.press("j")
        expect(page.locator(".conversation:visible")).to_have_attribute("id", key)
    expect(page.locator("#place")).to_have_text(f"3 of {len(keys)}")
    page.keyboard.press("k")
    expect(page.locator(".conversation:visible")).to_have_attribute("id", keys[1])
    assert page.url.endswith(f"#{keys[1]}&persona=Kofi%2C%20sceptical")
    page.keyboard.press("Escape")
    expect(page.locator(".conversation:visible")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("jk")
    expect(page.get_by_label("Search")).to_have_value("jk")


# Dark pages of the same stylesheet are looked at in tests/web, on every run.
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(page: Page, report: Path, source: ReportSource, view: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{report.as_uri()}#{key_of(view, source)}")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_needs_no_sideways_scrolling(page: Page, report: Path, source: ReportSource, view: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{report.as_uri()}#{key_of(view, source)}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_all_of_it_can_be_read_without_a_script(browser: Browser, report: Path, source: ReportSource) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    expect(page.locator(".conversation")).to_have_count(41)
    for one in (page.locator(".conversation").first, page.locator(".conversation").last, page.locator("#overview")):
        expect(one).to_be_visible()
    expect(page.locator(".filters")).to_be_hidden()
    page.goto(f"{report.as_uri()}#{key_of('conversation', source)}")
    page.locator(f"[id='{key_of('conversation', source)}'] a.quote").first.click()
    assert re.search(r"-q0-0$", page.url)
    context.close()


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "</script><script>alert(3)</script>",
    "</style><style>*{display:none}</style>",
    "\x1b[31mred\x1b[0m \x00 bell \x07",
    "right \u202e to left \u2066 isolate",
    "half \ud800 a pair",
    "{{ 7 * 7 }} {% raw %} <!-- comment --> &lt;escaped&gt;",
    "javascript:alert(4)",
    "\u05e9\u05dc\u05d5\u05dd \u200f!",
]


def test_hostile_content_is_shown_and_does_nothing(page: Page, tmp_path: Path, troubles: list[str]) -> None:
    results = []
    for number, text in enumerate(HOSTILE):
        turns = (Turn("user", text), Turn("assistant", text, 5.0))
        rating = Rating(text, False, text, (Quote(2, text, True), Quote(9, text, True)))
        one = make(
            persona=f"{number} {text}", scenario=f"{number} {text}", turns=turns, ratings=(rating,), traits=(text,)
        )
        one = replace(one, key=f"{number}-{text}", metadata={"bot": text, "versions": {text: text}})
        broken = make(persona=f"{number} {text}", epoch=2, turns=turns, termination="bot_error", error=text)
        results += [one, broken]
    uri = write(tmp_path, *results)
    page.goto(uri)
    expect(page.locator("#overview")).to_be_visible()
    page.goto(f"{uri}#conversations")
    assert visible_rows(page) == len(results)
    page.locator("select[name=persona]").select_option(label=f"0 {HOSTILE[0]}")
    assert visible_rows(page) == 2
    page.get_by_role("button", name="Clear", exact=True).click()
    for _ in results:
        page.keyboard.press("Escape")
        page.keyboard.press("j")
    expect(page.locator(".conversation:visible")).to_have_count(1)
    text = page.locator(".reader").text_content() or ""
    assert "<script>alert(1)</script>" in text
    assert "␛[31mred␛[0m ␀ bell ␇" in text
    assert "⟨U+202E⟩" in text
    assert "half \ufffd a pair" in text
    assert "{{ 7 * 7 }}" in text
    assert page.locator("img").count() == 0


def test_a_line_of_a_megabyte_is_folded_and_does_not_widen_the_page(page: Page, tmp_path: Path) -> None:
    long = "x" * 1_000_000 + "needle"
    rating = Rating("Short", False, "Too long.", (Quote(2, "needle", True),))
    result = make(turns=(Turn("user", "Hi"), Turn("assistant", long)), ratings=(rating,))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{write(tmp_path, result)}#{result.key}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    fold = page.get_by_text("Show the rest of 1,000,006 characters")
    expect(fold).to_be_visible()
    page.locator("a.quote:visible").click()
    expect(page.locator("mark.is-marked")).to_have_text("needle")
    expect(page.locator("mark.is-marked")).to_be_in_viewport()


@pytest.mark.parametrize("results", [(), (make(),), (make(termination="bot_error", error="500", turns=(), goal=None),)])
def test_a_run_of_nothing_or_one_has_a_page(
    page: Page, tmp_path: Path, troubles: list[str], results: tuple[SimulationResult, ...]
) -> None:
    uri = write(tmp_path, *results)
    page.goto(uri)
    expect(page.locator("#title")).to_contain_text(f"{len(results)} conversation")
    if not results or results[0].goal_achieved is None:
        expect(page.locator(".hero")).to_contain_text("undefined")
    page.goto(f"{uri}#conversations")
    assert visible_rows(page) == len(results)
    assert Axe().run(page).violations_count == 0


def test_of_a_large_run_the_worst_and_a_sample_are_shown_and_it_says_so(page: Page, tmp_path: Path) -> None:
    uri = write(tmp_path, *sample_results(), report=HtmlReport(most=10))
    page.goto(f"{uri}#conversations")
    assert visible_rows(page) == 10
    expect(page.locator(".list-head")).to_contain_text("This page holds 10 of 41")
    verdicts = page.locator("tr[data-id]").evaluate_all("rows => rows.map(row => row.dataset.verdict)")
    assert verdicts[:5] == ["no"] * 5


def test_a_page_never_grows_far_beyond_its_limit(tmp_path: Path) -> None:
    heavy = [make(persona=f"P{n}", turns=(Turn("assistant", "y" * 50_000),)) for n in range(40)]
    write(tmp_path, *heavy, report=HtmlReport(most_bytes=500_000))
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


def test_the_same_results_make_the_same_page(source: ReportSource) -> None:
    assert HtmlReport().render(source) == HtmlReport().render(source)


def test_only_this_very_style_and_script_may_act(page: Page, tmp_path: Path) -> None:
    page.goto(write(tmp_path, make()))
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=new style=\"color: rgb(1, 2, 3)\">x</p>')")
    assert page.evaluate("getComputedStyle(document.getElementById('new')).color") != "rgb(1, 2, 3)"


def test_links_survive_names_with_signs(page: Page, tmp_path: Path) -> None:
    name = "50% & more = #1? ünï/cödé"
    page.goto(f"{write(tmp_path, make(persona=name), make())}#conversations&persona={quote(name, safe='')}")
    assert visible_rows(page) == 1


def test_where_all_were_no_fair_tests_the_rate_with_them_is_said_beside_what_is_undefined() -> None:
    unfair = judged((Finding("role_leak", 1, "How can I help", "it offers help", "invalid"),))
    page = HtmlReport().render(
        ReportSource.from_results([replace(make(persona=name), validity=unfair) for name in "ab"])
    )
    assert "None of 2 conversations was measured." in page
    assert "With the 2 that were no fair test: <strong>100%</strong>" in page
