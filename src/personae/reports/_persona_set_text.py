"""A set of personas for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personae.generation.quality.corpus import Corpus
from personae.generation.quality.persona_set import Attribute, PersonaSet
from personae.reports._text import decimal, interval, one_line, percent, plural, visible

MOST_ATTRIBUTES, MOST_PAIRS = 25, 10


def show(found: PersonaSet, console: Console) -> None:
    """Print it: what must not be overlooked first."""
    told = ", ".join(f"{count} by {visible(name)}" for name, count in found.methods.items())
    console.print(Text(f"{plural(found.personas, 'persona')}: {told}", style="bold"))
    for line in found.warnings:
        console.print(Text(visible(line), style="bold red"), soft_wrap=True)
    if not found.warnings:
        console.print(Text("nothing stands out", style="green"))
    console.print()
    for title, heads, rows in tables(found):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=Text(title), title_justify="left")
        for head in heads:
            table.add_column(Text(head, style="dim"))
        for row in rows:
            table.add_row(*(Text(visible(cell)) for cell in row))
        console.print(table)
        console.print()


Rows = list[tuple[str, ...]]


def tables(found: PersonaSet) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """Title, headings and rows of each table that has rows."""
    attributes: Rows = [_attribute(one, found.personas) for one in found.attributes[:MOST_ATTRIBUTES]]
    if (more := len(found.attributes) - MOST_ATTRIBUTES) > 0:
        attributes.append((f"… and {more} more", "", "", "", ""))
    every: list[tuple[str, Sequence[str], Rows]] = [
        ("Coverage of attributes", ("attribute", "covered", "values", "evenness", "commonest"), attributes),
        (
            "Diversity against size",
            ("first", "difference", "(95 %)", "distinct pairs of words", "near-copies"),
            [
                (
                    str(one.personas), decimal(one.difference.value), interval(one.difference, "metric"),
                    decimal(one.distinct_pairs.value), percent(one.near_copies.value),
                )
                for one in found.sizes
            ],
        ),
        (
            "Quotas",
            ("attribute", "value", "target", "reached"),
            [
                (one.name, value, percent(target), percent(share))
                for one in found.quotas
                for value, target, share in one.rows
            ],
        ),
        (
            "Distances from the quotas",
            (
                "attribute", "Kolmogorov-Smirnov", "Wasserstein", "Jensen-Shannon", "Kullback-Leibler",
                "without the value",
            ),
            [
                (
                    one.name, decimal(one.ks), decimal(one.wasserstein), decimal(one.jensen_shannon),
                    decimal(one.kullback_leibler), str(one.missing),
                )
                for one in found.quotas
            ],
        ),
        (
            "Near-copies",
            ("persona", "and", "words in common", "bits apart"),
            [(one.one, one.other, percent(one.shared), str(one.bits)) for one in found.pairs[:MOST_PAIRS]],
        ),
        ("Contradictions", ("persona", "what"), [(name, what) for name, what in found.contradictions[:MOST_PAIRS]]),
        (
            "Texts",
            ("", "mean", "(95 %)"),
            [
                ("words of a description", decimal(found.words.value), interval(found.words, "metric")),
                ("reading ease (Flesch)", decimal(found.reading_ease.value), interval(found.reading_ease, "metric")),
                ("same text as another", str(found.same_text), ""),
                ("distinct words of a text (Distinct-1)", decimal(found.corpus.distinct_words), ""),
                ("distinct pairs of words of a text (Distinct-2)", decimal(found.corpus.distinct_pairs), ""),
                ("made up of others' words (Self-BLEU-2)", decimal(found.corpus.self_bleu), ""),
                ("bits of SimHash between two", decimal(found.corpus.bits_apart), _least(found.corpus)),
                ("pairs that fill in one form", percent(found.corpus.templated), f"of {found.corpus.pairs:,} pairs"),
            ],
        ),
    ]  # fmt: skip
    yield from ((title, heads, rows) for title, heads, rows in every if rows)


def _least(corpus: Corpus) -> str:
    return "" if corpus.least_bits_apart is None else f"the least {corpus.least_bits_apart}"


def _attribute(one: Attribute, personas: int) -> tuple[str, ...]:
    top = ", ".join(f"{one_line(value, 24)} {count}" for value, count in one.top[:3])
    return (
        one.name, f"{one.covered} of {personas}", str(one.distinct), "one value" if one.evenness is None
        else decimal(one.evenness), top,
    )  # fmt: skip
