"""The API's document: complete by construction, and its page works without any other host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from personae.server.app import API, create_app
from personae.server.openapi import operations
from personae.server.services import open_services
from personae.server.settings import ServerSettings
from tests.server.running import Server, running


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("openapi") / "personae.db"
    return create_app(open_services(ServerSettings(database=f"sqlite:///{path}", secret_key="x"))).openapi()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(f"sqlite:///{tmp_path_factory.mktemp('docs')}/personae.db") as server:
        yield server


def lacking(document: dict[str, Any], is_complete: Any) -> list[str]:
    return [f"{method} {path}" for path, method, operation in operations(document) if not is_complete(operation)]


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    assert lacking(document, lambda one: one.get("summary") and one.get("description") and one.get("tags")) == []


def test_every_tag_is_explained(document: dict[str, Any]) -> None:
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"] if tag["description"]} == used


def test_operation_ids_are_plain_names_and_each_is_used_once(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(ids) == sorted(set(ids))
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z_]+\.[a-z_]+", id_)] == []


def test_every_operation_of_a_project_tells_of_its_errors(document: dict[str, Any]) -> None:
    of_all, of_changes = {"401", "403", "404", "422"}, {"409"}
    missing = {
        f"{method} {path}": absent
        for path, method, operation in operations(document)
        if path.startswith(f"{API}/projects/{{project_id}}")
        and (absent := (of_all | (of_changes if method != "get" else set())) - set(operation["responses"]))
    }
    assert missing == {}


def test_every_answer_has_a_schema(document: dict[str, Any]) -> None:
    def is_told(answer: dict[str, Any]) -> bool:
        return any(content.get("schema") or content.get("itemSchema") for content in answer.get("content", {}).values())

    missing = [
        f"{method} {path} {status}"
        for path, method, operation in operations(document)
        for status, answer in operation["responses"].items()
        if not (status == "204" or status.startswith("3")) and not is_told(answer)
    ]
    assert missing == []


def test_every_json_body_has_an_example(document: dict[str, Any]) -> None:
    def is_complete(operation: dict[str, Any]) -> bool:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return True
        schema = content["schema"]
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return bool({"example", "examples"} & (set(schema) | set(content)))

    assert lacking(document, is_complete) == []


def test_the_document_is_served(small: Server, document: dict[str, Any]) -> None:
    served = httpx2.get(f"{small.url}/openapi.json", trust_env=False, timeout=60).json()
    assert served["paths"] == document["paths"]


def test_an_error_has_the_form_that_the_document_gives(small: Server) -> None:
    with small.client() as api:
        answer = api.post("/personas", json={"name": "x"})
    assert answer.json()["detail"] == "body.description: Field required"
    assert answer.json()["errors"] == [{"field": "body.description", "problem": "Field required"}]


@pytest.mark.slow  # Swagger draws every operation: a minute of the browser's CPU where four tests run at once
def test_the_docs_work_under_a_strict_policy_and_ask_no_other_host(small: Server, page: Page) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(120_000)  # the page draws every operation
    page.goto(f"{small.url}/docs")
    page.get_by_role("link", name="personas", exact=True).first.click()
    page.get_by_text("/api/v0/projects/{project_id}/personas", exact=True).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_placeholder("project_id").fill("1")
    with page.expect_response(lambda answer: "/api/v0/" in answer.url) as answered:
        page.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    assert [url for url in asked if not url.startswith((small.url, "data:"))] == []
    assert complaints == []
