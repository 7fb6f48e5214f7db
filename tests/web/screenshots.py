"""Pictures of every page of the example project: `python -m tests.web.screenshots [FOLDER] [PART OF A PATH]`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.server.running import running
from tests.web.every_page import filled, pages
from tests.web.serving import load_example

SIZES: dict[str, tuple[int, Literal["light", "dark"]]] = {
    "light": (1360, "light"),
    "dark": (1360, "dark"),
    "narrow": (390, "light"),
}


def main(folder: Path = Path("build/screenshots"), part: str = "") -> None:
    """Light, dark and narrow, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, running(f"sqlite:///{data}/personae.db") as server:
        ids = load_example(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for path in pages():
                if part in path:
                    _take(browser, server.url + filled(path, ids), folder / (_name(path) + ".png"))
            browser.close()


def _take(browser: Browser, address: str, file: Path) -> None:
    for size, (width, scheme) in SIZES.items():
        page = browser.new_page(viewport={"width": width, "height": 860}, color_scheme=scheme)
        page.goto(address)
        page.wait_for_load_state("networkidle")
        target = file.with_stem(f"{file.stem}-{size}")
        page.screenshot(path=target, full_page=True)
        page.close()
        print(target)


def _name(path: str) -> str:
    return re.sub(r"\W+", "-", path.replace("/p/{project_id}", "")).strip("-") or "home"


if __name__ == "__main__":
    main(*(kind(given) for kind, given in zip((Path, str), sys.argv[1:], strict=False)))
