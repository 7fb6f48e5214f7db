"""An experiment from its first persona to its last rating, with both clients."""

from __future__ import annotations

from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from personae.errors import Conflict, InputError, NotFound
from tests.sdk.conftest import Use

_NUMBERS = count(1)


def fresh(name: str) -> str:
    """A name that no other test has."""
    return f"{name} {next(_NUMBERS)}"


async def prepared(client: Any) -> dict[str, Any]:
    """What an experiment of two personas and two rows is made of."""
    ids = [(await client.personas.create(fresh(name), "Terse, asks about {{topic}}.")).id for name in ("Ann", "Ben")]
    group = await client.persona_groups.create(fresh("All"), ids)
    rows = [{"persona_goal": f"Ask about {topic}.", "topic": topic} for topic in ("refunds", "returns")]
    columns = [{"name": "persona_goal", "column_type": "persona_goal"}, "topic"]
    table = await client.collections.create(fresh("Table"), columns=columns, rows=rows, collection_type="PERSONA")
    criteria = await client.criterion_sets.create(
        fresh("Set"), ["Is the bot polite?", ("date", "Does it name a date?")]
    )
    bot = await client.llm_configs.create(
        fresh("bot"), provider="mock", mock={"replies": ["Hello.", "It takes a day."]}
    )
    return {
        "persona_group_id": group.id,
        "collection_id": table.id,
        "criterion_set_id": criteria.id,
        "llm_config_id": bot.id,
        "max_turns": 2,
    }


async def every(found: Any) -> list[Any]:
    return [item async for item in found]


def test_an_experiment_is_looked_at_run_watched_read_and_rated_again(use: Use) -> None:
    async def scenario(client: Any) -> None:
        setup = await prepared(client)
        seen = await client.experiments.preview(**setup)
        assert (seen.personas, seen.rows, seen.conversations, seen.problems) == (2, 2, 4, ())
        assert seen.detectable is None  # so few see no difference at all
        made = await client.experiments.create(fresh("Run"), **setup)
        assert made.status == "draft"
        member = (await client.persona_groups.get(setup["persona_group_id"])).members[0]
        assert [one.id for one in (await client.personas.used_in(member.id)).experiments] == [made.id]
        await client.experiments.run(made.id)
        steps: list[Any] = []
        done = await client.experiments.wait(made.id, on_progress=steps.append, every_s=0.05, timeout_s=60)
        assert (done.status, done.finished, done.failed, done.rated) == ("finished", 4, 0, 4)
        assert steps[-1].finished == 4
        assert done.disclaimer
        found = await every(client.responses.list(experiment_id=made.id))
        assert Counter(one.persona.id for one in found) == {one.id: 2 for one in done.personas}
        assert await client.responses.get(found[0].id) == found[0]
        assert (await client.responses.annotate(found[0].id, "odd")).annotation == "odd"
        said = await client.responses.label(found[0].id, "YES", criterion_id=found[0].ratings[1].criterion.id)
        assert await client.responses.labels(found[0].id) == (said,)
        assert [one["criterion"] for one in await client.experiments.labels(made.id)] == ["date"]
        agreed = await client.experiments.agreement(made.id)
        assert [(one.criterion, one.n) for one in agreed.criteria] == [("date", 1)]
        await client.responses.unlabel(said.id)
        assert (await client.experiments.agreement(made.id)).criteria == ()
        assert [rating.criterion.label for rating in found[0].ratings] == [None, "date"]
        assert (await client.personas.used_in(found[0].persona.id)).experiments[0].id == made.id
        assert [row["key"] for row in await every(client.experiments.result_rows(made.id))] == [
            one.key for one in found
        ]
        assert b"<html" in await client.experiments.export(made.id, "html")
        other = await client.criterion_sets.create(fresh("Other"), ["Is it short?"])
        await client.experiments.rerate(made.id, criterion_set_id=other.id)
        await client.experiments.wait(made.id, every_s=0.05, timeout_s=60)
        again = await client.responses.get(found[0].id)
        assert [rating.criterion.criterion_str for rating in again.ratings] == ["Is it short?"]
        await client.experiments.delete(made.id)
        with pytest.raises(NotFound):
            await client.experiments.get(made.id)

    use(scenario)


def test_a_run_can_be_watched_until_its_end(use: Use) -> None:
    async def scenario(client: Any) -> None:
        setup = await prepared(client)
        slow = await client.llm_configs.create(fresh("slow"), provider="mock", mock={"latency_ms": 700})
        made = await client.experiments.create(fresh("Run"), run=True, **setup | {"llm_config_id": slow.id})
        events = await every(client.experiments.events(made.id))
        assert {event.kind for event in events} >= {"progress", "response", "end"}
        assert (events[-1].kind, events[-1].data["finished"]) == ("end", 4)
        assert (await client.experiments.by_name(made.name)).status == "finished"

    use(scenario)


def test_a_run_is_paused_resumed_and_cancelled(use: Use) -> None:
    async def scenario(client: Any) -> None:
        setup = await prepared(client)
        slow = await client.llm_configs.create(
            fresh("slow"), provider="mock", mock={"latency_ms": 300}, max_connections=1
        )
        made = await client.experiments.create(fresh("Run"), run=True, **setup | {"llm_config_id": slow.id})
        await client.experiments.pause(made.id)
        assert (await client.experiments.wait(made.id, every_s=0.05, timeout_s=60)).status == "paused"
        assert (await client.experiments.set_budget(made.id, 2.5)).budget_usd == 2.5
        await client.experiments.resume(made.id)
        await client.experiments.cancel(made.id)
        assert (await client.experiments.wait(made.id, every_s=0.05, timeout_s=60)).status == "cancelled"

    use(scenario)


def test_what_is_missing_is_said_before_any_call(use: Use) -> None:
    async def scenario(client: Any) -> None:
        setup = await prepared(client)
        persona = await client.personas.create(fresh("Cem"), "Asks about {{nothing}}.")
        await client.persona_groups.add(setup["persona_group_id"], persona.id)
        assert "{{nothing}}" in (await client.experiments.preview(**setup)).problems[0]
        with pytest.raises(InputError, match=r"\{\{nothing\}\}"):
            await client.experiments.create(fresh("Run"), run=True, **setup)

    use(scenario)


def test_a_result_file_is_put_in_taken_out_and_rated_again(use: Use, tmp_path: Path) -> None:
    async def scenario(client: Any) -> None:
        made = await client.experiments.create(fresh("Run"), run=True, **await prepared(client))
        await client.experiments.wait(made.id, every_s=0.05, timeout_s=60)
        file = tmp_path / f"{fresh('results')}.jsonl"
        file.write_bytes(await client.experiments.export(made.id))
        copy = await client.experiments.import_file(file)
        assert (copy.name, copy.finished) == (file.stem, 4)
        beside = await client.experiments.compare(made.id, copy.id)
        assert (beside.pairs, beside.same, beside.forced) == (4, 4, False)
        ids = [one.id for one in await every(client.responses.list(experiment_id=copy.id))]
        assert sorted(one.after_response_id for one in beside.paired_conversations) == ids
        rules = {"rules": [{"rule": "goal", "at_least": 0.8}, {"rule": "errors", "at_most": 0.9}]}
        decided = await client.experiments.gate(copy.id, rules, baseline_id=made.id)
        assert {check.rule["kind"]: check.verdict for check in decided.checks}["errors"] == "PASS"
        assert await client.experiments.export(copy.id) == file.read_bytes()
        other = await client.criterion_sets.create(fresh("Other"), ["Is it short?"])
        await client.experiments.rerate(copy.id, criterion_set_id=other.id)
        rated = await client.experiments.wait(copy.id, every_s=0.05, timeout_s=60)
        assert (rated.status, rated.problem, rated.rated) == ("finished", None, 4)
        with pytest.raises(Conflict, match="cannot be compared") as refused:
            await client.experiments.compare(made.id, copy.id)
        assert refused.value.details["incomparable"]
        assert (await client.experiments.compare(made.id, copy.id, force=True, most=0)).paired_conversations == ()

    use(scenario)


def test_collections_templates_criteria_and_configs(use: Use) -> None:
    async def scenario(client: Any) -> None:
        table = await client.collections.create(fresh("Table"), rows=[{"topic": "refunds"}])
        assert (
            await client.collections.add_rows(table.id, [{"topic": "refunds"}, {"topic": "x"}], skip_existing=True) == 1
        )
        row = await client.collections.add_row(table.id, {"topic": "y"})
        await client.collections.update_row(table.id, row.id, {"topic": "z"})
        rows = await every(client.collections.rows(table.id))
        assert [one.input_values["topic"] for one in rows] == ["refunds", "x", "z"]
        await client.collections.delete_row(table.id, row.id)
        await client.collections.update(table.id, name=fresh("Renamed"), description="d")
        assert (await client.collections.get(table.id)).variables_count == 2
        await client.collections.clear(table.id)
        await client.collections.delete(table.id)

        name = fresh("Template")
        first = await client.prompt_templates.create(name, "You help with {{topic}}.")
        assert await client.prompt_templates.create(name, "You help with {{topic}}.") == first
        second = await client.prompt_templates.create(name, "You help.")
        assert (await client.prompt_templates.by_name(name)).id == second.id
        assert (await client.prompt_templates.by_name(name, version=1)).placeholders == ("topic",)
        await client.prompt_templates.delete(second.id)

        questions = await client.criterion_sets.create(fresh("Set"), ["Is it polite?"])
        (added,) = await client.criterion_sets.add(questions.id, [("short", "Is it short?")])
        assert (await client.criterion_sets.edit(added.id, label="brief")).label == "brief"
        await client.criterion_sets.remove(added.id)
        assert len((await client.criterion_sets.by_name(questions.name)).criteria) == 1
        await client.criterion_sets.delete(questions.id)

        bot = await client.llm_configs.create(fresh("bot"), provider="mock")
        assert (await client.llm_configs.update(bot.id, description="d")).description == "d"
        assert bot.name in [one.name for one in await every(client.llm_configs.list())]
        assert (await client.llm_configs.test(bot.id)).verdict
        await client.llm_configs.delete(bot.id)

    use(scenario)
