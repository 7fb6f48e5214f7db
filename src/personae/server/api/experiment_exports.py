"""Exports: an experiment's results as `personae simulate` writes them, and every report made of them."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from personae.errors import NotFound
from personae.rating.card import JudgeCard
from personae.reports import ReportSource, reports
from personae.server.deps import MAX_ID, Id, ProjectAccess, Viewer
from personae.server.experiments.agreement import card
from personae.server.experiments.result_rows import result_rows
from personae.server.openapi import files
from personae.store import experiments
from personae.store.columns import Record
from personae.store.engine import dumped

router = APIRouter(prefix="/projects/{project_id}/experiments/{experiment_id}/export", tags=["experiments"])

Format = Literal["jsonl", "csv", "html", "json", "junit"]
_TYPES: dict[Format, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "junit": "application/xml",
}
_IN_A_PAGE = "sandbox allow-scripts allow-popups"
"""The report is a page of its own: whatever stands in a transcript, it cannot act as this site."""


@router.get("", response_class=StreamingResponse, responses=files(_TYPES.values()))
async def export_experiment(
    project: Viewer,
    experiment_id: Id,
    format: Annotated[Format, Query(description="`jsonl` is the result file of `personae simulate`.")] = "jsonl",  # noqa: A002 - the parameter's name on the wire
    download: Annotated[bool, Query(description="As a file to keep, instead of one to look at.")] = True,
    checked_by_id: Annotated[
        int | None,
        Query(ge=1, le=MAX_ID, description="The experiment whose labels check the judge. Null: this one's own."),
    ] = None,
) -> Response:
    """All results as a file: JSONL, CSV, the HTML report, its summary as JSON, or JUnit XML."""
    async with project.reading() as connection:
        row = await experiments.get(connection, project.id, experiment_id)
    if row is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    headers = {"Content-Security-Policy": _IN_A_PAGE} if format == "html" else {}
    if download:
        headers["Content-Disposition"] = _disposition(row["name"], format)
    if format == "jsonl":
        return StreamingResponse(lines(project, experiment_id), media_type=_TYPES[format], headers=headers)
    folder = tempfile.TemporaryDirectory(prefix="personae-export-")
    try:
        known = await card(project, experiment_id if checked_by_id is None else checked_by_id)
        out = await _report(project, row, known, format, Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(out, media_type=_TYPES[format], headers=headers, background=BackgroundTask(folder.cleanup))


async def lines(project: ProjectAccess, experiment_id: int) -> AsyncIterator[bytes]:
    """The rows of a result file, some at a time."""
    async for some in result_rows(project, experiment_id):
        yield "".join(dumped(row) + "\n" for _, row in some).encode()


async def _report(
    project: ProjectAccess, experiment: Record, known: JudgeCard | None, kind: Format, folder: Path
) -> Path:
    rows, out = folder / f"{_file_name(experiment['name'])}.jsonl", folder / f"report.{kind}"
    with rows.open("wb") as file:
        async for some in lines(project, experiment["id"]):
            file.write(some)
    report = reports.get(kind)()
    await asyncio.to_thread(lambda: report.write(replace(ReportSource.from_file(rows), card=known), out))
    return out


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).strip("._") or "experiment"


def _disposition(name: str, kind: Format) -> str:
    suffix = {"junit": "xml"}.get(kind, kind)
    return f"attachment; filename=\"{_file_name(name)}.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}.{suffix}"
