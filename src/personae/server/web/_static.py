"""Files of the pages, under an address that changes with their content, so that browsers keep them for good."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from starlette.responses import Response

from personae.errors import NotFound

router = APIRouter()

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_STYLES = (
    ("personae.reports", "static/style.css"),
    ("personae.reports", "static/comparison.css"),
    (__package__, "static/workbench.css"),
)
"""The look of the reports, and over it what only the workbench has: one stylesheet."""
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class File:
    """One file, plain and compressed."""

    plain: bytes
    compressed: bytes
    media_type: str


@cache
def _all() -> dict[str, File]:
    """Every file by its path under `static/`."""
    found = dict(_under(files(__package__) / "static", ""))
    found["style.css"] = b"\n".join((files(package) / path).read_bytes() for package, path in _STYLES)
    return {
        path: File(data, gzip.compress(data, mtime=0), _TYPES[path.rpartition(".")[2]]) for path, data in found.items()
    }


def _under(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for one in folder.iterdir():
        if one.is_dir():
            found += _under(one, f"{prefix}{one.name}/")
        elif one.name.rpartition(".")[2] in _TYPES:
            found.append((prefix + one.name, one.read_bytes()))
    return found


@cache
def _version() -> str:
    """Of all files together: modules find each other by relative addresses."""
    digest = sha256()
    for path, file in sorted(_all().items()):
        digest.update(path.encode() + b"\0" + file.plain)
    return digest.hexdigest()[:12]


def static(path: str) -> str:
    """The address of a file. Raises KeyError where there is none: `vendor/` is filled by the build."""
    return f"/static/{_version()}/{path}" if _all()[path] else ""


@router.get("/static/{version}/{path:path}")
async def static_file(request: Request, version: str, path: str) -> Response:
    """The file as it is now; kept for good if that is what was asked for."""
    file = _all().get(path)
    if file is None:
        raise NotFound(f"there is no file {path!r}")
    headers = {"Cache-Control": _KEPT if version == _version() else "no-cache", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(file.plain, media_type=file.media_type, headers=headers)
    return Response(file.compressed, media_type=file.media_type, headers=headers | {"Content-Encoding": "gzip"})
