"""Persona libraries as files: the formats that `personae simulate` reads.

Its paths stand where the library's own have an id, so that this file's routes must be known first: they are, by name.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile

from personae.core.persona import Persona as PersonaRecord
from personae.errors import InputError
from personae.server.api._persona_filters import PersonaFilterDep
from personae.server.deps import Editor, Viewer
from personae.server.openapi import files
from personae.server.schemas.persona_file import Format, Imported, ImportedPersonas, beyond_limits
from personae.server.uploads import Upload, read_upload
from personae.sources import read_personas, text_of_personas
from personae.store import personas

router = APIRouter(prefix="/projects/{project_id}/personas", tags=["personas"])

MOST_PERSONAS = 20_000
"""In one file."""


@router.get(
    "/export",
    response_class=Response,
    responses=files(format_.media_type for format_ in Format),
)
async def export_personas(
    project: Viewer,
    chosen: PersonaFilterDep,
    format_: Annotated[Format, Query(alias="format", description="Of the file.")] = Format.JSONL,
) -> Response:
    """The project's own personas as a file that gives them back; with `group_id` the group's, shared ones too."""
    async with project.reading() as connection:
        rows, _ = await personas.find(
            connection,
            project.id,
            name=chosen.name,
            is_archived=chosen.archived,
            is_own=chosen.group_id is None,
            group_id=chosen.group_id,
            matches=chosen.matches if chosen.looks_inside else None,
        )
    file = Path(f"personas.{format_}")
    records = [PersonaRecord.model_validate(row["record"]) for row in rows]
    text = await asyncio.to_thread(text_of_personas, file, records)
    return Response(
        text.encode(),
        media_type=format_.media_type,
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


@router.post("/import")
async def import_personas(
    project: Editor,
    file: Upload,
    format_: Annotated[
        Format | None, Query(alias="format", description="Of the file, where its name does not say it.")
    ] = None,
) -> ImportedPersonas:
    """Take in all personas of a file, or none: new names are created, known ones get a new version where they differ.

    400 where anything in the file cannot be taken, with `errors`: line, field and problem of each.
    """
    records = {one.name: one.as_dict() for one in await _read(file, format_)}
    async with project.changing() as change:
        done = await personas.take_in(
            change.connection,
            project.id,
            records,
            author=project.actor,
            note="imported",
            now=project.services.now(),
        )
        counts = Counter(outcome for _, _, outcome in done.values())
        changed = [id_ for id_, _, outcome in done.values() if outcome != "unchanged"]
        change.log("import", "persona", "", created=counts["created"], versions=counts["version"], ids=changed[:1000])
    return ImportedPersonas(
        created=counts["created"],
        versions=counts["version"],
        unchanged=counts["unchanged"],
        items=[
            Imported.model_validate({"name": name, "persona_id": id_, "version": version, "outcome": outcome})
            for name, (id_, version, outcome) in done.items()
        ],
    )


async def _read(upload: UploadFile, format_: Format | None) -> list[PersonaRecord]:
    """Raises InputError."""

    def read(path: Path) -> list[PersonaRecord]:
        return read_personas(f"{format_}:{path}" if format_ else path, goal_required=False, check=beyond_limits)

    found = await read_upload(upload, read)
    if len(found) > MOST_PERSONAS:
        raise InputError(f"holds more than {MOST_PERSONAS:,} personas: split it", file=upload.filename)
    return found
