"""A server with pages to look at, and the ids of what its example holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.running import until
from tests.server.running import Server, running

HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@contextmanager
def fresh(template: Path, folder: Path, **settings: Any) -> Iterator[Server]:
    """A server on an empty database of its own."""
    path = folder / "personae.db"
    shutil.copy(template, path)
    with running(f"sqlite:///{path}", **settings) as server:
        yield server


def browser(server: Server) -> httpx2.Client:
    """What a browser without script asks."""
    return httpx2.Client(base_url=server.url, headers=HTML, timeout=60, trust_env=False, follow_redirects=True)


def load_example(server: Server) -> dict[str, int]:
    """Load the example as somebody at the page would, wait until it is finished, and give the ids of its parts."""
    with browser(server) as client:
        answer = client.post("/p/1/example")
        assert answer.status_code == 200, answer.text
    with server.client() as api:

        def first(path: str) -> dict[str, Any]:
            found: dict[str, Any] = api.get(path).raise_for_status().json()["items"][0]
            return found

        proposed = {
            "method": "propose",
            "n": 4,
            "options": {"context": "Lumen & Oak sells lamps. Returns take 30 days."},
        }
        api.post("/generations", json=proposed).raise_for_status()
        until(lambda: first("/generations")["status"] == "finished", "the drafts are there")
        drafts = f"/generations/{first('/generations')['id']}/drafts"
        until(lambda: first("/experiments")["status"] == "finished", "the example is finished")
        return {
            "project_id": 1,
            "persona_id": first("/personas")["id"],
            "version": 1,
            "group_id": first("/persona_groups")["id"],
            "collection_id": first("/collections")["id"],
            "template_id": first("/prompt_templates")["id"],
            "llm_config_id": first("/llm_configs")["id"],
            "criterion_set_id": first("/criterion_sets")["id"],
            "experiment_id": (experiment := first("/experiments")["id"]),
            "generation_id": first("/generations")["id"],
            "draft_id": first(drafts)["id"],
            "response_id": first(f"/responses?experiment_id={experiment}")["id"],
        }
