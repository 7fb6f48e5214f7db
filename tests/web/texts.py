"""The catalogues of the pages: `python -m tests.web.texts` brings in texts that are new, and leaves out what is gone.

Sorted, and without the places of the texts, so that two people who add pages rarely touch the same lines.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from personae.server.web._texts import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT / "src/personae/server/web/texts"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def extracted() -> Catalog:
    """Every text of the pages."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods = [(one["pattern"], one["method"]) for one in mappings]
    options = {one["pattern"]: {k: v for k, v in one.items() if k not in ("pattern", "method")} for one in mappings}
    catalogue = Catalog()
    for _, _, text, _, context in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        catalogue.add(text, context=context)
    return catalogue


def known(language: str) -> Catalog:
    """What is translated."""
    with (TEXTS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Bring every catalogue up to date."""
    for language in LANGUAGES:
        if language == "en":
            continue
        catalogue, found = known(language), extracted()
        catalogue.update(found, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        for message in catalogue:  # nothing is matched by guess: it marks texts that are both alone and with a plural
            message.flags.discard("fuzzy")
        with (TEXTS / f"{language}.po").open("wb") as file:
            write_po(file, catalogue, width=120, omit_header=True, sort_output=True, no_location=True)
        missing = [message.id for message in catalogue if message.id and not message.string]
        print(f"{language}: {len(catalogue)} texts, {len(missing)} to translate")


if __name__ == "__main__":
    update()
