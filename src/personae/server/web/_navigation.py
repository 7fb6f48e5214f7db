"""The navigation: the one list that a new page is entered in, if it is to be there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from personae.server.web._texts import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of a project."""

    page: str
    """Name of its file."""
    label: str
    path: str
    """Under the project's address."""
    section: str = ""


NAVIGATION = (
    Entry("home", N_("Home"), ""),
    Entry("experiments", N_("Experiments"), "/experiments"),
    Entry("compare", N_("Compare"), "/compare"),
    Entry("personas", N_("Personas"), "/personas", N_("Library")),
    Entry("generations", N_("Generate"), "/generations", N_("Library")),
    Entry("collections", N_("Collections"), "/collections", N_("Library")),
    Entry("templates", N_("Prompt templates"), "/templates", N_("Library")),
    Entry("llm_configs", N_("LLM configs"), "/llm-configs", N_("Library")),
    Entry("criteria", N_("Criteria"), "/criteria", N_("Library")),
    Entry("settings", N_("Settings"), "/settings", N_("Project")),
)


def sections(pages: Iterable[str]) -> list[tuple[str, list[Entry]]]:
    """The entries whose page is there, section by section."""
    known = set(pages)
    shown = [entry for entry in NAVIGATION if entry.page in known]
    return [(section, list(group)) for section, group in groupby(shown, key=lambda entry: entry.section)]
