"""Reports of the sample run, and a real Chromium to open them in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from personae.reports import ReportSource, reports
from tests.reports.samples import sample_rows, write_rows


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("these tests open pages in a real browser: apt-get update && apt-get install -y chromium")
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    args = [*quiet.split(), "--disable-component-update", "--disable-sync"]
    return {"executable_path": chromium, "args": args}


@pytest.fixture(scope="session")
def base_url() -> str:
    """No page is served here. (The plugin's own fixture of this name is of a form that pytest warns about.)"""
    return ""


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> ReportSource:
    return ReportSource.from_file(write_rows(sample_rows(), tmp_path_factory.mktemp("run") / "results.jsonl"))


@pytest.fixture(scope="session")
def report(source: ReportSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample run's page."""
    out = tmp_path_factory.mktemp("page") / "report.html"
    reports.get("html")().write(source, out)
    return out
