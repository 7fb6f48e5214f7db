"""The browser of all tests of pages: Debian's Chromium, and of it the program that has no windows of its own.

That one shows the same pages in two thirds of the CPU time: it draws no tabs and no address bar, which the other one
does even where nobody sees them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

_QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


def launch_arguments() -> dict[str, Any]:
    """What Playwright starts. Raises LookupError, with how to mend it, where there is no Chromium."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        raise LookupError(
            "pages are opened in a real browser: apt-get update && apt-get install -y chromium-headless-shell"
        )
    return {"executable_path": program, "args": [*_QUIET.split(), "--disable-component-update", "--disable-sync"]}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser by itself, for who is no test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_arguments())
        yield browser
        browser.close()
