"""The detectors have numbers of their own: precision and recall on labelled messages, pinned and in the docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from personae.simulation.policies import policies
from tests.running import ROOT
from tests.simulation.policies.labelled import FILES, read, scores
from tests.simulation.validity.labelled import Score

PAGE = ROOT / "docs" / "behaviours.md"
BEGIN, END = "<!-- numbers of the detectors: written by tests/simulation/policies -->", "<!-- end of the numbers -->"
LEAST_PRECISION, LEAST_RECALL = 0.9, 0.66
"""Over all behaviours, on messages that were not used to mend the detectors."""


def table() -> str:
    """The numbers as they stand in the docs."""
    tuned, held_out = (scores(read(name)) for name in FILES)
    lines = [
        "| behaviour | tuned on: precision | recall | held out: precision | recall |",
        "|---|---|---|---|---|",
    ]
    for name in policies.names():
        lines.append(f"| `{name}` | {_shown(tuned[name])} | {_shown(held_out[name])} |")
    lines.append(f"| all | {_shown(_total(tuned.values()))} | {_shown(_total(held_out.values()))} |")
    return "\n".join(lines)


def _total(parts: Iterable[Score]) -> Score:
    total = Score()
    for part in parts:
        total.right += part.right
        total.wrong += part.wrong
        total.missed += part.missed
    return total


def _shown(score: Score) -> str:
    said, there = score.right + score.wrong, score.right + score.missed
    return f"{score.precision:.2f} ({score.right} of {said}) | {score.recall:.2f} ({score.right} of {there})"


def test_every_behaviour_has_messages_that_show_it_and_hard_ones_that_do_not_in_both_halves() -> None:
    count = Counter((name, one.behaviour, one.shows) for name in FILES for one in read(name))
    assert {name for _, name, _ in count} == set(policies.names())
    assert min(count.values()) >= 4
    assert all(sum(n for (_, name, _), n in count.items() if name == behaviour) >= 15 for behaviour in policies.names())


def test_the_detectors_hold_on_what_they_were_not_mended_by() -> None:
    total = _total(scores(read("held_out")).values())
    assert total.precision >= LEAST_PRECISION
    assert total.recall >= LEAST_RECALL


def test_the_docs_have_the_numbers_of_today() -> None:
    """Where they are not, `python -m tests.simulation.policies.test_detectors_measured` writes them."""
    page = PAGE.read_text(encoding="utf-8")
    assert page.split(BEGIN)[1].split(END)[0].strip() == table()


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
