"""What the API refuses is said in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import personae
from personae.server.web._complaints import COMPLAINTS, said
from tests.server.running import Server
from tests.web.serving import browser

SOURCE = Path(personae.__file__).parent
OF_LIBRARIES = (
    "Input should",
    "String should",
    "List should",
    "Field required",
    "Extra inputs",
    "Not Found",
    "Method Not",
)


def test_what_the_api_refuses_is_german_on_german_pages(server: Server) -> None:
    page = "/p/1/personas"
    persona, config = {"name": "Änne <b>", "description": "Kauft Lampen."}, {"name": "Bot", "provider": "openai"}
    asked: tuple[tuple[str, dict[str, str] | None, int, str], ...] = (
        (page, persona | {"description": " "}, 422, "Darf nicht leer sein"),
        (page, persona, 200, "Kauft Lampen."),
        (page, persona, 409, "Eine Persona heißt schon &#39;Änne &lt;b&gt;&#39;"),
        ("/p/1/groups", {"name": ""}, 422, "Darf nicht leer sein"),
        (f"{page}/999", None, 404, "In diesem Projekt gibt es nicht: Persona 999"),
        ("/p/1/nothing", None, 404, "Unter dieser Adresse gibt es nichts"),
        ("/p/7", None, 404, "Es gibt kein Projekt 7, oder Sie dürfen es nicht sehen"),
        ("/p/1/llm-configs", config | {"timeout": "0"}, 422, "Muss mindestens 1 sein"),
        (
            "/p/1/llm-configs",
            config | {"provider": "custom_api"},
            422,
            "Die Art &#39;custom_api&#39; braucht eine Adresse",
        ),
    )
    with browser(server) as client:
        client.cookies.set("language", "de")
        for path, form, status, expected in asked:
            answer = client.get(path) if form is None else client.post(path, data=form)
            assert (answer.status_code, expected in answer.text) == (status, True), (path, form, expected)


def test_every_complaint_is_one_of_the_api() -> None:
    """One that is worded anew there would else be English here, and nobody would notice."""
    code = "".join(
        path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py")) if "/web/" not in str(path)
    )
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted((SOURCE / "server/web").glob("[!_]*.py")))
    joined = re.sub(r'"\s*\n?\s*f?"', "", code + pages)  # texts of several lines
    for text in COMPLAINTS:
        if not text.startswith(OF_LIBRARIES):
            parts = [part for part in re.split(r"%\(\w+\)s", text) if len(part) > 3]
            assert all(part.strip("'") in joined for part in parts), text


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("row 3: the goal (ziel) is blank", "row 3: Das Ziel (ziel) ist leer"),
        ("a: Field required; b: must not be blank", "a: Bitte ausfüllen; b: darf nicht leer sein"),
        ("the bot answered 500: %(name)s %s", "the bot answered 500: %(name)s %s"),
        ("a persona is called '100 %(x)s\u202e' already", "Eine Persona heißt schon '100 %(x)s\u202e'"),
    ],
)
def test_a_complaint_is_found_behind_its_place_and_all_else_stays(text: str, german: str) -> None:
    assert said(text, "de") == german
    assert said(text, "en") == text
