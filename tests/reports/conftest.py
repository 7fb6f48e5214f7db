"""Reports of the sample run."""

from __future__ import annotations

from pathlib import Path

import pytest

from personae.reports import ReportSource, reports
from tests.reports.samples import sample_rows, write_rows


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> ReportSource:
    return ReportSource.from_file(write_rows(sample_rows(), tmp_path_factory.mktemp("run") / "results.jsonl"))


@pytest.fixture(scope="session")
def report(source: ReportSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample run's page."""
    out = tmp_path_factory.mktemp("page") / "report.html"
    reports.get("html")().write(source, out)
    return out
