"""Lines for a person: on stderr, so that what a command answers can be piped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.reports._text import visible

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Where people read along."""
    from rich.console import Console  # heavy, and a run that is told to be quiet has nothing to say

    return Console(stderr=True, highlight=False)


def say(line: str, style: str = "") -> None:
    """One line, with whatever names and errors it holds shown as text."""
    from rich.text import Text

    console().print(Text(visible(line), style=style), soft_wrap=True)
