"""Whatever is sent to any operation, in or out of its schema: no 500, and answers are as the document says."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from personae.server import api, operations
from personae.server.app import create_app
from personae.server.services import open_services
from personae.server.settings import ServerSettings
from tests.databases import KINDS
from tests.postgres import Postgres
from tests.server.running import running

load_all_checks()
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {"sqlite": 6, "postgresql": 3}
NO_HTTP = b"Invalid HTTP request received."
"""What uvicorn says to what it cannot read at all, such as an address of 100 KB: that never reaches our application."""
LEFT_OUT = {
    "llm_configs.test_llm_config": "asks whatever address the config names",
    "llm_configs.test_new_llm_config": "asks whatever address it is given",
    "responses.generate_response": "asks whatever address the config names",
    "tryouts.try_bot": "asks whatever address the config names",
    "auth.change_password": "takes its time on purpose",
    "auth.login": "takes its time on purpose, and locks out who tries too often",
}
"""Operations with tests of their own, and why not here."""


def document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return create_app(open_services(ServerSettings(database=f"sqlite:///{folder}/p.db", secret_key="x"))).openapi()


STAGES = {"get": "read", "post": "change", "put": "change", "patch": "change", "delete": "delete"}
"""What each method does. Changes come after what reads, deletions last, so that there is something to look at."""


def stages() -> list[tuple[str, str]]:
    """Stage and file of the API's operations, found in its text: to build the application takes each worker seconds."""
    found = {
        (STAGES[method], path.stem)
        for path in (*Path(api.__file__).parent.glob("[!_]*.py"), Path(operations.__file__))
        for method in re.findall(r"^@router\.(\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    return sorted(found, key=lambda one: (["read", "change", "delete"].index(one[0]), one[1]))


@cache
def documented() -> dict[tuple[str, str], list[APIOperation[Any, Any, Any, Any]]]:
    """By stage and file."""
    found = [one.ok() for one in schemathesis.openapi.from_dict(document()).get_all_operations() if isinstance(one, Ok)]
    by_place = defaultdict(list)
    for one in found:
        if not is_left_out(one.definition.raw):
            file, _, _ = str(one.definition.raw["operationId"]).partition(".")
            by_place[STAGES[one.method], file].append(one)
    return dict(by_place)


def is_left_out(operation: dict[str, Any]) -> bool:
    is_endless = any("text/event-stream" in answer.get("content", {}) for answer in operation["responses"].values())
    is_to_come = "501" in operation["responses"]
    return is_endless or is_to_come or operation["operationId"] in LEFT_OUT


@dataclass(frozen=True)
class Target:
    """A server with one of each noun in it."""

    url: str
    kind: str
    session: requests.Session


@pytest.fixture(scope="module", params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    url = fresh(request, tmp_path_factory.mktemp("schema"))
    with running(url) as server, requests.Session() as session:
        session.trust_env = False
        with server.client("") as client:
            fill(client)
        yield Target(server.url, request.param, session)


def fresh(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "personae.db")
        return f"sqlite:///{folder / 'personae.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.create(request.getfixturevalue("postgres_template"))


def fill(client: httpx2.Client) -> None:
    """One of each noun, with the id 1."""
    columns = [{"name": "persona_goal", "column_type": "persona_goal"}, {"name": "order", "column_type": "text"}]
    made = {
        "personas": {"name": "Ann", "description": "In a hurry."},
        "persona_groups": {"name": "All", "persona_ids": [1]},
        "collections": {"name": "Rows", "collection_type": "PERSONA", "columns": columns},
        "collections/1/entries": {"input_values": {"persona_goal": "Cancel the order.", "order": "17"}},
        "prompt_templates": {"name": "Bot", "messages": [{"role": "system", "content": "You are a bot."}]},
        "criterion_sets": {"name": "Good"},
        "criteria": {"criteria": [{"criterion_str": "Is it polite?", "label": None}], "criterion_set_id": 1},
        "llm_configs": {"name": "Mock", "inference_type": "custom_api", "provider": "mock"},
    }
    for path, body in made.items():
        answer = client.post(f"/{path}", json=body)
        assert answer.status_code < 300, f"{path}: {answer.text}"


@pytest.mark.parametrize(("stage", "file"), stages())
def test_operations_answer_as_the_document_says(stage: str, file: str, target: Target) -> None:
    for operation in documented().get((stage, file), ()):
        check(operation, target)


def test_every_operation_has_a_stage_and_a_file() -> None:
    assert set(documented()) <= set(stages())


def check(operation: APIOperation[Any, Any, Any, Any], target: Target) -> None:
    @seed(20260501)
    @settings(
        max_examples=EXAMPLES[target.kind],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=sent_to(operation))
    def answers_well(case: Case[Any]) -> None:
        aim(case)
        answer = case.call(target.url, target.session, timeout=30, allow_redirects=False)
        if answer.content != NO_HTTP:
            case.validate_response(answer, checks=CHECKS)

    answers_well()


def sent_to(operation: APIOperation[Any, Any, Any, Any]) -> SearchStrategy[Case[Any]]:
    """What fits the operation's schema, and what does not where anything can be sent to it."""
    sent: SearchStrategy[Case[Any]] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.body or operation.query or operation.path_parameters:
        sent |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return sent


def aim(case: Case[Any]) -> None:
    """Mostly at what is there: who hits nothing sees 404s alone."""
    for name, value in (case.path_parameters or {}).items():
        if re.fullmatch(r"-?\d+", str(value)) and int(value) % 3:
            case.path_parameters[name] = 1
