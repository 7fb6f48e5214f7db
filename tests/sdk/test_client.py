"""Both clients do the same at a real server."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from personae.core.persona import Behaviour, KnownFact
from personae.errors import ConfigurationError, Conflict, InputError, NotFound, PersonaeError, ServerError
from personae.sdk import Client
from tests.sdk.conftest import Use
from tests.server.running import Server

_NUMBERS = count(1)


def fresh(name: str) -> str:
    """A name that no other test has."""
    return f"{name} {next(_NUMBERS)}"


async def every(found: Any) -> list[Any]:
    return [item async for item in found]


def test_a_persona_is_made_edited_compared_and_restored(use: Use) -> None:
    async def scenario(client: Any) -> None:
        ann = await client.personas.create(fresh("Ann"), "New here.", traits=["terse"], attributes={"age": 71})
        edited = await client.personas.update(ann.id, description="Back here.", note="came back")
        assert (edited.version, edited.description, edited.traits) == (2, "Back here.", ("terse",))
        assert [one.note for one in await every(client.personas.versions(ann.id))] == ["came back", ""]
        changes = await client.personas.diff(ann.id, 1, 2)
        assert [(one.field, one.before, one.after) for one in changes] == [("description", "New here.", "Back here.")]
        assert (await client.personas.restore(ann.id, 1)).description == "New here."
        assert (await client.personas.version(ann.id, 3)).note == "restores version 1"
        assert await client.personas.by_name(ann.name) == await client.personas.get(ann.id)
        assert (await client.personas.share(ann.id)).is_shared
        assert not (await client.personas.unshare(ann.id)).is_shared
        assert (await client.personas.archive(ann.id)).archived_at is not None
        await client.personas.unarchive(ann.id)
        await client.personas.delete(ann.id)

    use(scenario)


def test_behaviours_and_facts_are_kept_by_an_edit_of_something_else(use: Use) -> None:
    behaviours = (Behaviour(name="typos", probability=0.3), Behaviour(name="gives_up", intensity=2))
    facts = (KnownFact(name="order number", value="{{order}}"), KnownFact(name="zip", value="10115", when="never"))

    async def scenario(client: Any) -> None:
        maya = await client.personas.create(fresh("Maya"), "On her phone.", behaviours=behaviours, facts=facts)
        assert maya.placeholders == ("order",)
        edited = await client.personas.update(maya.id, description="In her car.")
        assert (edited.version, edited.behaviours, edited.facts) == (2, behaviours, facts)
        cleared = await client.personas.update(maya.id, behaviours=())
        assert (cleared.behaviours, cleared.facts) == ((), facts)
        assert (await client.personas.version(maya.id, 1)).behaviours == behaviours

    use(scenario)


def test_a_list_gives_all_its_pages(use: Use) -> None:
    async def scenario(client: Any) -> None:
        trait = fresh("many")
        text = "".join(f'{{"name": "{trait} {n:03}", "description": "x", "traits": ["{trait}"]}}\n' for n in range(250))
        done = await client.personas.import_text(text)
        assert (done.created, done.versions, done.unchanged) == (250, 0, 0)
        listed = await every(client.personas.list(traits=[trait]))
        assert [one.name for one in listed] == [f"{trait} {n:03}" for n in range(250)]
        assert await client.personas.export(traits=[trait]) == text

    use(scenario)


def test_a_group_gets_and_loses_members(use: Use) -> None:
    async def scenario(client: Any) -> None:
        ann, ben = [await client.personas.create(fresh(name), "x") for name in ("Ann", "Ben")]
        group = await client.persona_groups.create(fresh("All"), [ben.id], description="Everybody.")
        assert [one.id for one in (await client.persona_groups.add(group.id, ann.id)).members] == [ben.id, ann.id]
        assert (await client.persona_groups.remove(group.id, ben.id)).members_count == 1
        assert (await client.persona_groups.set_members(group.id, [ann.id, ben.id])).members[1].id == ben.id
        assert [one.name for one in (await client.personas.used_in(ann.id)).groups] == [group.name]
        renamed = await client.persona_groups.update(group.id, name=fresh("Some"))
        assert (await client.persona_groups.by_name(renamed.name)).description == "Everybody."
        assert renamed.name in [one.name for one in await every(client.persona_groups.list())]
        await client.persona_groups.delete(group.id)

    use(scenario)


def test_personas_are_generated_and_reviewed(use: Use) -> None:
    async def scenario(client: Any) -> None:
        assert "propose" in {one.name for one in await client.generations.methods()}
        setup: dict[str, Any] = {"n": 3, "options": {"context": "Lumen & Oak sells lamps by mail."}}
        with pytest.raises(InputError, match="has no embeddings"):
            await client.generations.preview("propose", embeddings_model="e", **setup)
        made = await client.generations.create("propose", name=fresh("ideas"), **setup)
        *_, last = await every(client.generations.events(made.id))
        assert (last.data["status"], last.data["made"]) == ("SUCCESS", 3)
        ended = await client.generations.wait(made.id, timeout_s=60, every_s=0.1)
        assert (ended.made, ended.review["open"], ended.is_under_way) == (3, 3, False)
        first, second, _ = await every(client.generations.drafts(made.id))
        assert (await client.generations.accept(first, name="Ann of the lamps")).final["name"] == "Ann of the lamps"
        assert (await client.generations.reject(second, "unrealistic")).state == "rejected"
        assert (await client.generations.take_back(second)).state == "open"
        assert (await client.generations.report(made.id))["personas"] == 3
        taken = await client.generations.take(made.id)
        assert (taken.count, taken.collection_id) == (1, None)
        with pytest.raises(Conflict, match="nothing to cancel"):
            await client.generations.cancel(made.id)
        more = await client.generations.resume(made.id, n=4)
        assert (await client.generations.wait(more.id, every_s=0.1)).made == 4
        assert made.id in [one.id for one in await every(client.generations.list())]
        await client.generations.delete(made.id)

    use(scenario)


def test_projects_and_keys(use: Use) -> None:
    async def scenario(client: Any) -> None:
        assert [one.id for one in await every(client.projects.list())] == [1]
        assert (await client.projects.current()).name == "Default project"
        key = await client.api_keys.create(fresh("nightly"), role="viewer")
        assert key.key.startswith(key.prefix)
        assert key.key not in repr(key)
        await client.api_keys.revoke(key.id)
        assert [one.revoked_at is not None for one in await every(client.api_keys.list()) if one.id == key.id] == [True]

    use(scenario)


async def _twice(client: Any) -> None:
    name = fresh("Ann")
    for _ in range(2):
        await client.personas.create(name, "x")


REFUSALS: list[tuple[Callable[[Any], Any], type[PersonaeError], str]] = [
    (lambda client: client.personas.get(10**9), NotFound, "there is no persona 1000000000 in this project"),
    (lambda client: client.personas.by_name("nobody"), NotFound, "there is no persona 'nobody'"),
    (lambda client: client.personas.create(" ", "x"), InputError, "body.name: String should have at least 1"),
    (lambda client: client.personas.import_text('{"name": "x"}'), InputError, "personas.jsonl:1: description: is miss"),
    (lambda client: client.personas.import_file("nothing.csv"), InputError, "nothing.csv: cannot be read: No such"),
    (_twice, Conflict, "a persona is called 'Ann"),
]


def test_refusals_are_errors_of_their_kind(use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def scenario(client: Any) -> None:
        for call, kind, said in REFUSALS:
            with pytest.raises(kind) as caught:
                await call(client)
            assert str(caught.value).startswith(said)

    use(scenario)


def test_problems_of_a_file_come_with_their_places(server: Server) -> None:
    with Client(server.url, api_key=server.key) as client, pytest.raises(InputError) as caught:
        client.personas.import_text('{"name": "x", "description": "y"}\n{"name": "z"}\n')
    assert [(one["line"], one["field"]) for one in caught.value.details["errors"]] == [(2, "description")]


def test_a_wrong_key_is_said_to_be_one(server: Server) -> None:
    with (
        Client(server.url, api_key="pk_wrong") as client,
        pytest.raises(ConfigurationError, match="unknown or revoked"),
    ):
        client.personas.by_name("Ann")


def test_address_key_and_project_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONAE_URL", server.url + "/")
    monkeypatch.setenv("PERSONAE_API_KEY", server.key)
    with Client() as client:
        assert client.projects.current().id == 1
    monkeypatch.setenv("PERSONAE_PROJECT", "Other")
    with Client() as client, pytest.raises(NotFound, match=r"no project 'Other' .* there is: 'Default project' \(1\)"):
        client.projects.current()


def test_a_server_that_is_not_there_is_told_after_the_last_try() -> None:
    with Client("http://127.0.0.1:1", retries=0) as client, pytest.raises(ServerError) as caught:
        client.personas.get(1)
    assert caught.value.retryable
    assert str(caught.value).startswith("http://127.0.0.1:1 does not answer: ")
