"""The OpenAPI document: what FastAPI finds out by itself, and what is the same for all operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from personae import __version__
from personae.core.conversation import DISCLAIMER

DESCRIPTION = f"""Simulated users for chatbots: a library of personas, the collections and criteria they are used with,
experiments, and what came out of them. {DISCLAIMER.capitalize()}.

The `elluminate` SDK works unchanged on this API, and so does our own, `personae.sdk`.

- Everything belongs to a project. Send an API key in `X-API-Key`; a server on loopback needs none.
- Lists come in pages: `page` from 1, `limit` items each, and `count` is how many there are in all pages.
- Every error is `{{"detail": text}}`: what is wrong, where, and how to mend it.
"""
_WRITES = {"post", "put", "patch", "delete"}
_PROBLEM = {
    "title": "Problem",
    "description": "What is wrong, where, and how to mend it. Some errors have more keys, such as the id in the way.",
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"title": "Detail", "type": "string"}},
    "example": {"detail": "there is no persona 7 in this project"},
}
_INVALID = {
    "title": "Invalid",
    "description": "The request does not have the form that is described here.",
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {"title": "Detail", "type": "string"},
        "errors": {
            "title": "Errors",
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
    "example": {
        "detail": "body.name: Field required",
        "errors": [{"field": "body.name", "problem": "Field required"}],
    },
}
_SAYS = {
    "400": "It cannot be done with these values: `detail` says which one, and why.",
    "401": "No credentials, or wrong ones.",
    "403": "The role in the project does not allow it.",
    "404": "There is nothing by this id in this project.",
    "409": "It is there already, or something else is in the way.",
    "413": "The body is larger than the server takes.",
    "422": "The request does not have the form that is described here.",
    "502": "A service that this one asks did not answer as it should.",
    "503": "The database does not answer at the moment. Nothing was done; try again after `Retry-After` seconds.",
}


Responses = dict[int | str, dict[str, Any]]


def files(media_types: Iterable[str]) -> Responses:
    """For a route that answers with a file in one of these forms."""
    content = {media_type.partition(";")[0]: {"schema": {"title": "Content"}} for media_type in media_types}
    return {200: {"description": "The file.", "content": content}}


def problems(*statuses: int) -> Responses:
    """For a route with errors beyond those that all of its kind have."""
    return {status: {"description": _SAYS[str(status)]} for status in statuses}


EVENTS: Responses = {
    200: {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
"""For a route that answers with a stream of them."""


def operation_id(route: APIRoute) -> str:
    """`noun.function`, such as `personas.list_personas`: readable, and the same for as long as nobody renames them."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}.{route.name}"


class Documented(FastAPI):
    """An application whose document tells of the errors that all its operations have in common."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            title="personae",
            version=__version__,
            description=DESCRIPTION,
            docs_url=None,  # ours needs no other host: see docs_page.py
            redoc_url=None,
            generate_unique_id_function=operation_id,
            **options,
        )

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            for replaced in ("HTTPValidationError", "ValidationError"):
                schemas.pop(replaced, None)
            schemas |= {"Problem": _PROBLEM, "Invalid": _INVALID}
            for path, method, operation in operations(document):
                _add_errors(path, method, operation)
        return document


def tags(modules: Sequence[ModuleType]) -> list[dict[str, str]]:
    """What each tag is about: the docstring of the module that is named like it, or of the first that uses it."""
    told: dict[str, str] = {}
    for module in modules:
        for tag in module.router.tags:
            if tag not in told or module.__name__.endswith(f".{tag.replace('-', '_').replace(' ', '_')}"):
                told[tag] = (module.__doc__ or "").strip()
    return [{"name": tag, "description": description} for tag, description in told.items()]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation of `document`, with its path and method."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _add_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI describes a body that is not ours
    for status in _errors(path, method, operation):
        responses.setdefault(status, {"description": _SAYS[status]})
    for status, answer in responses.items():
        if status >= "400" and not answer.get("content"):
            schema = "Invalid" if status == "422" else "Problem"
            answer["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _errors(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    """The errors that an operation can have by what it is."""
    has_body = "requestBody" in operation
    if has_body:
        yield "413"
    if has_body or "parameters" in operation:
        yield "422"
    if not path.startswith("/api/"):
        return
    yield "503"
    if has_body or "parameters" in operation:
        yield from ("400", "404")
    if operation.get("security"):
        yield from ("401", "403")
    if method in _WRITES:
        yield "409"
