"""J7: did my change help? Two experiments beside each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.experiments.runs import Said, file
from tests.server.running import Server

HOSTILE = "<b>Ada\u202e</b> 100% (%s)"
RUDE = f"Go away. <script>alert(1)</script> \u202e\x1b[31m {'x' * 1_000_000}"
PEOPLE = [Said(persona=HOSTILE if n == 0 else f"P{n:02}", criteria={"polite": True}) for n in range(40)]


def test_j7_a_change_is_held_against_what_was_before(page: Page, server: Server, tmp_path: Path) -> None:
    """What got worse, how sure that is, where two transcripts part, what is unpaired, and what cannot be compared."""
    worse = [replace(said, goal=n >= 25, reply="No." if n < 25 else "Done.") for n, said in enumerate(PEOPLE)]
    worse[30] = replace(worse[30], criteria={"polite": False}, reply=RUDE)
    for name, said, metadata in (
        ("old", [*PEOPLE, Said(persona="Old only")], {}),
        ("new", worse, {}),
        ("other", PEOPLE, {"judge_model": "100% <i>other</i>"}),
    ):
        import_(server, file(tmp_path / f"{name}.jsonl", said, bot=name, metadata=metadata))
    page.goto(f"{server.url}/p/1/compare")
    page.get_by_label("Before the change").select_option("old")
    page.get_by_label("After the change").select_option("new")
    page.get_by_role("button", name="Compare them").click()
    expect(page.get_by_role("heading", name="The goal is reached less often")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Goal achieved")
    for text in ("100%", "38%", "points", "p < 0.001", "McNemar", "h =", "worse"):
        expect(row).to_contain_text(text)
    expect(page.get_by_role("row").filter(has_text="polite")).to_contain_text("no difference shown")
    outcomes = page.get_by_role("navigation", name="Which pairs")
    expect(outcomes.get_by_role("link")).to_have_text(["Worse 26", "Better 0", "Same 14", "Unpaired 1"])
    assert "<b>Ada" in (page.locator(".pair-list li").first.text_content() or "")

    page.get_by_role("row").filter(has_text="polite").get_by_role("link", name="%").nth(1).click()
    expect(page.locator("#conversations")).to_contain_text("39 of 40")
    expect(page.locator("#conversations").get_by_label("Criterion").locator(":checked")).to_have_text("polite")
    page.go_back()

    page.get_by_role("row").filter(has_text="polite").get_by_role("link", name="1", exact=True).click()
    expect(outcomes.locator("[aria-current]")).to_contain_text("polite: Worse 1")
    expect(page.locator(".pair-list li")).to_have_count(1)
    outcomes.get_by_role("link", name="polite: Worse 1").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pages")).to_contain_text("2 of 3")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pair-list li")).to_have_count(6)
    page.locator(".pair-list li a").last.click()
    expect(page.locator("#side-by-side h2")).to_have_text("P30")
    before, after = (page.locator("#side-by-side").get_by_label(side, exact=True) for side in ("Before", "After"))
    for side, words in ((before, "Done."), (after, "Go away.")):
        expect(side.locator(".turn.parts")).to_have_count(1)
        expect(side.locator(".turn.parts")).to_contain_text(words)
        expect(side.locator(".turn.parts")).to_contain_text("they part here")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1360
    expect(after).to_contain_text("polite no")
    shared = page.url
    page.goto(shared)
    expect(page.locator("#side-by-side h2")).to_have_text("P30")
    after.get_by_role("link", name="After").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("P30")
    expect(page.locator(".from-bot .bubble")).to_contain_text("Go away. <script>alert(1)</script> ⟨U+202E⟩␛[31m xxx")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1360
    page.go_back()

    page.get_by_role("link", name="Unpaired 1").click()
    expect(page.locator(".pair-list li")).to_contain_text(["Old only"])
    expect(page.locator(".pair-list li")).to_contain_text(["only here"])
    page.get_by_role("link", name="Swap").click()
    expect(page.get_by_role("heading", name="The goal is reached more often")).to_be_visible()

    page.get_by_label("After the change").select_option("other")
    page.get_by_role("button", name="Compare them").click()
    expect(page.get_by_role("heading", name="These two cannot be compared")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="judge model")).to_contain_text("100% <i>other</i>")
    page.get_by_role("link", name="Compare all the same").click()
    expect(page.get_by_role("heading", name="Not comparable, compared all the same")).to_be_visible()
    page.get_by_role("link", name="Better 26").click()
    expect(page.get_by_role("heading", name="Not comparable, compared all the same")).to_be_visible()


def import_(server: Server, path: Path) -> None:
    with server.client() as api:
        api.post("/experiments/import", files={"file": (path.name, path.read_bytes())}).raise_for_status()
