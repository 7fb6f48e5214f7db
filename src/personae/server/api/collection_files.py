"""Collections as files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from personae.server.collection_files import MEDIA_TYPES, Format, Writing, read_rows
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.openapi import files
from personae.server.row_intake import collection_of, columns_of, open_collection, take_in
from personae.server.schemas.collection import Imported
from personae.server.uploads import Upload, in_file, read_upload
from personae.store import rows

router = APIRouter(prefix="/projects/{project_id}/collections/{collection_id}", tags=["collections"])


@router.get("/export", response_class=StreamingResponse, responses=files(MEDIA_TYPES.values()))
async def export_collection(
    project: Viewer,
    collection_id: Id,
    format: Annotated[Format, Query(description="What kind of file.")] = "jsonl",  # noqa: A002 - a query parameter
) -> StreamingResponse:
    """All rows as a file, which `import` and, for a PERSONA collection, `personae simulate --scenarios` read."""
    async with project.reading() as connection:
        collection = await collection_of(connection, project.id, collection_id)
    writing = Writing(format, columns_of(collection), collection["collection_type"] != "STANDARD")
    name = f"collection-{collection_id}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_written(project, collection_id, writing), 200, headers, MEDIA_TYPES[format])


@router.post("/import")
async def import_collection(
    project: Editor,
    collection_id: Id,
    file: Upload,
    skip_existing: Annotated[bool, Query(description="Leave out rows that are there already.")] = False,
) -> Imported:
    """Add the rows of a JSONL, JSON, YAML or CSV file: all of them, or none and what is wrong, with line and field."""
    async with project.reading() as connection:
        columns = columns_of(await collection_of(connection, project.id, collection_id))
    given = await read_upload(file, lambda path: read_rows(path, columns))
    with in_file(file):
        async with project.changing() as change:
            collection = await open_collection(change.connection, project.id, collection_id)
            made = await take_in(change, project, collection, given, skip_existing=skip_existing)
    return Imported(created=len(made), skipped=len(given) - len(made))


async def _written(project: ProjectAccess, collection_id: int, writing: Writing) -> AsyncIterator[bytes]:
    """Bit by bit, without holding a connection while the other side takes its time."""
    yield writing.head().encode()
    last = 0
    while True:
        async with project.reading() as connection:
            some = await rows.after(connection, collection_id, last)
        if not some:
            break
        last = some[-1]["id"]
        yield writing.text(some).encode("utf-8", "replace")
    yield writing.tail(is_empty=not last).encode()
