"""Templates: one environment per language, so that a template's texts and numbers come out in it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from personae import __version__
from personae.core.conversation import DISCLAIMER
from personae.core.template import pieces
from personae.reports._text import label, tone, visible
from personae.server.web._complaints import said
from personae.server.web._static import static
from personae.server.web._texts import LANGUAGES, N_, catalogue

N_("simulated personas: measures behavior under synthetic users, not real traffic")  # core's DISCLAIMER
ENDINGS = (
    *(N_("goal met"), N_("goal failed"), N_("stuck"), N_("turn limit"), N_("bot refused"), N_("budget cut")),
    *(N_("cancelled"), N_("simulator error"), N_("bot error"), N_("not judged"), N_("no fair test")),
)
"""What `reports._text.label` says of terminations, and of what is in no rate."""
UNKNOWN = "\u2013"
"""A dash, where a number is not known."""


_kept = lru_cache(maxsize=10_000, typed=True)
"""For numbers, of which the same ones come again and again: babel takes as long for each as a template for a line."""


@cache
def environment(language: str) -> Environment:
    """Templates of the pages in a language; those of the HTML report under `reports/`."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(__package__), PrefixLoader({"reports": PackageLoader("personae.reports")})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]  # the extension's
    locale = Locale.parse(language)  # once: by its name it would be looked up for every number
    made.filters |= {
        "date": partial(date, locale=locale),
        "moment": partial(moment, locale=locale),
        "ago": partial(ago, locale=locale),
        "number": _kept(partial(format_decimal, locale=locale)),
        "compact": partial(format_compact_decimal, locale=locale, fraction_digits=1),
        "percent": _kept(partial(percent, locale=locale)),
        "dollars": _kept(partial(dollars, locale=locale)),
        "duration": _kept(partial(duration, locale=locale)),
        "marked": marked,
        "zip": zip,
        "ending": partial(ending, language=language),
        "said": partial(said, language=language),
        "situation": partial(situation, language=language),
        "tone": lambda name: tone(name.lower()),
    }
    made.globals |= {
        "static": static,
        "swap": swap,
        "languages": LANGUAGES,
        "version": __version__,
        "disclaimer": catalogue(language).gettext(DISCLAIMER),
    }
    return made


def swap(target: str, *others: str, how: str = "outerMorph") -> Markup:
    """Attributes of an element with `hx-get` or `hx-post`: of the page that comes back, put these parts into this one.

    Toasts come along. Without script the whole page comes, from the same address.
    """
    parts = ",".join([f"{other}:outerMorph" for other in others] + ["#toasts:beforeend"])
    return Markup('hx-target="{0}" hx-select="{0}" hx-swap="{1}" hx-select-oob="{2}"').format(target, how, parts)


def marked(text: str) -> Markup:
    """A text with its `{{column}}` placeholders marked."""
    mark = Markup('<mark class="placeholder">{{{{{}}}}}</mark>')
    parts = pieces(visible(text))  # text and name in turns
    return Markup("").join(mark.format(part) if number % 2 else escape(part) for number, part in enumerate(parts))


def percent(value: float | None, *, locale: Locale) -> str:
    """A share of 0 to 1 as whole per cent; a value close to 0 or 1 is not rounded to it."""
    if value is None:
        return UNKNOWN
    is_close = round(value * 100) in (0, 100) and value not in (0, 1)
    whole = locale.percent_formats[None].pattern  # "#,##0%", in German with a space before the sign
    return format_percent(value, whole.replace("#0", "#0.0") if is_close else whole, locale=locale)


def dollars(value: float | None, *, locale: Locale) -> str:
    """Money, with as many decimals as small sums need; a dash where it is not known."""
    if value is None:
        return UNKNOWN
    if 0 < value < 0.0001:
        return "< " + format_currency(0.0001, "USD", "¤0.0000", locale=locale, currency_digits=False)
    if 0 < value < 1:
        return format_currency(value, "USD", "¤#,##0.0000", locale=locale, currency_digits=False)
    return format_currency(value, "USD", locale=locale)


def duration(milliseconds: float | None, *, locale: Locale) -> str:
    """A time that something took, from milliseconds; a dash where it is not known."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 1000:
        return f"{format_decimal(round(milliseconds), locale=locale)} ms"
    return f"{format_decimal(round(milliseconds / 1000, 1), locale=locale)} s"


def date(value: datetime | str, *, locale: Locale) -> str:
    """A day."""
    return format_date(_time(value), locale=locale)


def moment(value: datetime | str, *, locale: Locale) -> str:
    """A day and a time of it, in UTC as it is stored."""
    time = _time(value)
    return f"{format_date(time, locale=locale)}, {format_time(time, format='short', locale=locale)} UTC"


def ago(value: datetime | str, now: datetime, *, locale: Locale) -> str:
    """How long ago it was."""
    return format_timedelta(_time(value) - now, add_direction=True, locale=locale)


def ending(name: str, *, language: str) -> str:
    """A termination, or a reason why something is in no rate, in words."""
    words: str = catalogue(language).gettext(label(name.lower()))
    return words


def situation(name: str, *, language: str) -> str:
    """What a row is called: its own name, or its number in words, as `experiments.inputs` writes it."""
    found = re.fullmatch(r"row (\d+)", name)
    words: str = catalogue(language).gettext("row %(number)s")
    return words % {"number": found[1]} if found else name


def _time(value: datetime | str) -> datetime:
    """Also from JSON, as `data` reads it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _shown(value: Any) -> Any:
    """What is foreign cannot act on the page: control characters and direction overrides become visible signs."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
