"""The texts of the pages: English in the templates, other languages in `texts/*.po`, read once when first needed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""What the pages speak, each by its own name. Each but English has a catalogue, which is complete: a test says so."""


def N_(text: str) -> str:  # noqa: N802 - gettext's name for it
    """Marks a text for the catalogue where it is not yet translated."""
    return text


class _Texts(Translations):
    def gettext(self, message: str) -> str:
        """Also of a text that the catalogue has as the singular of a number, which Python 3.11 does not look for."""
        found: str = super().gettext(message)
        return self.ngettext(message, message, 1) if found == message else found


@cache
def catalogue(language: str) -> Translations:
    """The texts in a language of LANGUAGES; of English, those of the templates."""
    if language == "en":
        return Translations()
    compiled = BytesIO()
    with (files(__package__) / "texts" / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return _Texts(compiled)


def language_of(chosen: str, accepted: str) -> str:
    """The language that was chosen, or else the best of an `Accept-Language` header; English where we speak none."""
    if chosen in LANGUAGES:
        return chosen
    wishes = []
    for place, wish in enumerate(accepted.split(",")[:20]):
        tag, _, quality = wish.partition(";q=")
        try:
            wishes.append((-float(quality or 1), place, tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(wishes) if tag in LANGUAGES), "en")
