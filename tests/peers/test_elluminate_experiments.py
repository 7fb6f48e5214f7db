"""Experiments, responses and ratings by the real elluminate SDK, unmodified."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elluminate import AsyncClient, Client, evaluate
from elluminate.exceptions import APIError, ConflictError, NotFoundError, ServerError
from elluminate.schemas import (
    CollectionColumn,
    Experiment,
    PromptResponse,
    PromptResponseFilter,
    RatingMode,
    RatingValue,
    ResponsesSampleFilter,
    ResponsesSampleSortBy,
)
from elluminate.schemas.conversation import UCEPayloadV1
from elluminate.schemas.generation_metadata import GenerationMetadata
from elluminate.schemas.generation_params import GenerationParams
from elluminate.schemas.scenario_set import ScenarioIn
from elluminate.streaming import TaskStatus

from lab.fake_llm import BAD_KEY, FakeLLM
from tests.peers.elluminate_world import TOPICS, World, brief_polls, named, world
from tests.server.running import Server, running

__all__ = ["brief_polls"]


@pytest.fixture
def either(database_url: str) -> Iterator[Server]:
    """A server of the test's own, on each of the two databases."""
    with running(database_url) as made:
        yield made


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all that does not depend on the database. Tests name what they make by `named`."""
    path = tmp_path_factory.mktemp("experiments") / "personae.db"
    shutil.copy(sqlite_template, path)
    with running(f"sqlite:///{path}") as made:
        yield made


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    with Client(base_url=server.url, api_key=server.key) as client:
        yield client


@pytest.fixture(scope="module")
def here(server: Server, client: Client) -> World:
    return world(server, client)


def roles(experiment: Experiment) -> set[tuple[str, ...]]:
    """Who spoke in which order, of each response."""
    return {tuple(_role(message) for message in response.messages) for response in experiment.rated_responses}


def _role(message: Any) -> str:
    return str(message["role"] if isinstance(message, dict) else message.role)


# --- on both databases ------------------------------------------------------------------------------------------


def test_a_persona_experiment_from_its_draft_to_its_end(either: Server) -> None:
    with Client(base_url=either.url, api_key=either.key) as client:
        made = world(either, client)
        draft = made.of_personas(description="Each persona in each row.")
        assert (draft.evaluation_mode, draft.generation_task_id, draft.rated_responses) == ("MULTI_TURN", None, [])

        done = draft.run(n_epochs=2)

        assert len(done.rated_responses) == 2 * 2 * 2
        assert {response.epoch for response in done.rated_responses} == {1, 2}
        assert {response.termination_reason for response in done.rated_responses} <= {
            "goal_met", "goal_failed", "stuck", "MAX_TURNS", "assistant_refused"
        }  # fmt: skip
        for response in done.rated_responses:
            said = [_role(message) for message in response.messages]
            assert said[:3] == ["system", "user", "assistant"]
            assert set(said) <= {"system", "user", "assistant"}
            assert response.response_str
            assert [rating.criterion.id for rating in response.ratings] == [one.id for one in made.criteria.criteria]
            assert all(rating.reasoning for rating in response.ratings)
            assert response.prompt.template_variables.input_values["topic"] in TOPICS
        assert done.results is not None
        assert (done.results.num_rated_responses, done.results.completed_epochs) == (8, 2)

        again = client.get_experiment(name=draft.name)
        assert again.model_dump() == client.get_experiment(id=draft.id).model_dump()
        assert [one.id for one in client.list_experiments(collection=made.scenarios)] == [draft.id]
        assert client.list_experiments(prompt_template=made.question) == []
        board = client._experiments.get_map(again)
        assert (board.num_samples, board.num_responses, len(board.samples)) == (4, 8, 4)
        assert all(sample.persona is not None and len(sample.responses) == 2 for sample in board.samples)
        second = client._experiments.get_map(again.id, page=2, limit=3)
        assert (second.num_samples, second.samples) == (4, board.samples[3:])

        client.delete_experiment(again)
        with pytest.raises(NotFoundError):
            client.get_experiment(id=draft.id)


def test_single_turns_by_the_blocking_call(either: Server) -> None:
    with Client(base_url=either.url, api_key=either.key) as client:
        made = world(either, client)
        done = made.of_questions(n_epochs=2, rating_mode=RatingMode.FAST)
        assert len(done.rated_responses) == 2 * len(TOPICS)
        assert {response.response_str for response in done.rated_responses} == {"It costs 5 euros."}
        assert {response.prompt.messages[0]["content"] for response in done.rated_responses} == {
            f"What does {topic} cost?" for topic in TOPICS
        }
        assert roles(done) == {("assistant",)}
        assert {response.termination_reason for response in done.rated_responses} == {None}
        kind_b = client._experiments.get(id=done.id, categorical_filters={"kind": ["B"]})
        assert kind_b.results is not None
        assert kind_b.results.num_rated_responses == 2
        added = done.add_responses(["It is free.", "Nothing."], made.questions.variables[:2])
        assert [(one.response_str, one.ratings) for one in added] == [("It is free.", []), ("Nothing.", [])]
        rated = done.rate_responses(added)
        assert [len(ratings) for ratings in rated] == [2, 2]
        assert done.results is not None
        assert done.results.num_rated_responses == 2 * len(TOPICS) + 2


@pytest.mark.anyio
async def test_the_asynchronous_client_does_the_same(either: Server) -> None:
    with Client(base_url=either.url, api_key=either.key) as client:
        made = world(either, client)
    async with AsyncClient(base_url=either.url, api_key=either.key) as client:
        draft = await client.create_experiment(
            "personas", made.bot_prompt, made.scenarios, made.bot, made.criteria, persona_group_id=made.group_id
        )
        done = await draft.arun()
        assert len(done.rated_responses) == 4
        assert (await client.get_experiment(name="personas")).model_dump() == (
            await client.get_experiment(id=done.id)
        ).model_dump()
        board = await client._experiments.aget_map(done)
        assert board.num_samples == 4

        events = [
            event async for event in client.stream_experiment(**made.asking(name="streamed"), polling_interval=0.1)
        ]
        assert events[-1].status is TaskStatus.SUCCESS
        assert events[-1].progress is not None
        assert events[-1].progress.percent_complete == 100
        streamed = events[-1].result
        assert streamed is not None
        assert len(streamed.rated_responses) == 3
        rated = [event async for event in client.stream_batch_rate(streamed.rated_responses, polling_interval=0.1)]
        assert rated[-1].is_success
        assert [len(ratings) for ratings in rated[-1].result] == [2, 2, 2]

        copy = await streamed.aclone("copied")
        added = await copy.aadd_responses(["One.", "Two."], made.questions.variables[:2])
        assert [response.response_str for response in added] == ["One.", "Two."]
        assert len(await copy.arate_responses()) == 2
        same, is_new = await client._experiments.aget_or_create("copied", made.question, made.questions)
        assert (same.id, is_new) == (copy.id, False)
        assert (await copy.await_for_evaluation(polling_interval=0.1)).status is TaskStatus.SUCCESS
        assert await client._ratings.arate(added[0])
        assert len(await client._responses.alist_samples(copy)) == 2
        assert (await client._responses.aget_stats()).total_responses == 4 + 3 + 2
        assert (await client._responses.aupdate_annotation(added[0], "Odd.")).annotation == "Odd."
        await client._responses.adelete(added[0])
        with pytest.raises(NotFoundError):
            await client._responses.aget(id=added[0].id)
        assert len((await copy.afetch_responses()).rated_responses) == 1
        await client.delete_experiment(copy)
        with pytest.raises(NotFoundError):
            await client.get_experiment(name="copied")


# --- every mode -------------------------------------------------------------------------------------------------


def test_the_example_of_the_seed_runs_to_its_end(here: World) -> None:
    """seeds/000, by the calls that SDK 1.5.2 has. It names no mode: the PERSONA collection selects it."""
    name = named("Support quality, multi-turn")
    experiment = here.client.create_experiment(
        name=name,
        collection=here.scenarios,
        prompt_template=here.bot_prompt,
        persona_group_id=here.group_id,
    )
    done = experiment.run()
    assert (done.evaluation_mode, len(done.rated_responses)) == ("MULTI_TURN", 4)
    assert all(response.termination_reason and not response.error for response in done.rated_responses)
    same, is_new = here.client._experiments.get_or_create(
        name=name, collection=here.scenarios, prompt_template=here.bot_prompt, persona_group_id=here.group_id
    )
    assert (same.id, is_new) == (experiment.id, False)


def test_get_or_create_runs_a_new_one_and_finds_an_old_one(here: World) -> None:
    asked = here.asking(generate=True, block=True)
    first, is_new = here.client._experiments.get_or_create(**asked)
    assert (is_new, len(first.rated_responses)) == (True, 3)
    again, is_new_again = here.client._experiments.get_or_create(**asked)
    assert (is_new_again, again.id) == (False, first.id)
    with pytest.raises(ConflictError):
        here.client.create_experiment(**here.asking(name=first.name))


def test_a_scenario_set_takes_the_place_of_a_collection(here: World) -> None:
    scenarios = here.client.create_scenario_set(named("scenarios"), fields=["topic"])
    scenarios.add_scenarios([_scenario("shipping"), _scenario("returns")])
    done = here.of_personas(collection=None, scenario_set=scenarios).run()
    assert len(done.rated_responses) == 4
    assert done.collection.id == scenarios.id
    assert all(response.prompt.template_variables.input_values["goal"] for response in done.rated_responses)


def _scenario(topic: str) -> ScenarioIn:
    return ScenarioIn(
        goal=f"Learn what {topic} costs.",
        expected_conversation_outcome="The assistant names a price.",
        field_values={"topic": topic},
    )


def test_the_older_form_brings_its_own_personas(here: World) -> None:
    rows = [
        {"persona_name": name, "persona_description": "Curious.", "goal_summary": "Learn the price.", "topic": "it"}
        for name in ("Ann", "Ben", "Cem")
    ]
    beta = here.client.create_collection(named("beta"), collection_type="PERSONA", variables=rows)
    done = here.client.run_experiment(named("beta"), here.bot_prompt, beta, here.bot, here.criteria)
    assert (done.evaluation_mode, len(done.rated_responses)) == ("MULTI_TURN", 3)
    board = here.client._experiments.get_map(done)
    assert (board.num_samples, [sample.persona for sample in board.samples]) == (3, [None] * 3)


def test_a_raw_input_is_asked_as_it_is(here: World) -> None:
    column = CollectionColumn(name="text", column_type="raw_input")
    asked = ["What is {{ this }}?", "Hello"]
    collection = here.client.create_collection(
        named("raw"), columns=[column], variables=[{"text": text} for text in asked]
    )
    done = here.client.run_experiment(named("raw"), None, collection, here.bot, criteria=["Is it polite?"])
    assert [response.prompt.messages for response in done.rated_responses] == [
        [{"role": "user", "content": text}] for text in asked
    ]
    assert roles(done) == {("assistant",)}


def test_a_recorded_conversation_is_answered_once(here: World) -> None:
    said = [
        {"role": "system", "content": "You sell shoes."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "What do they cost?"},
    ]
    column = CollectionColumn(name="talk", column_type="conversation")
    collection = here.client.create_collection(named("talks"), columns=[column])
    collection.add_many([{"talk": UCEPayloadV1.from_openai(messages=said).to_uce_dict()}])
    done = here.client.run_experiment(named("talks"), None, collection, here.bot, criteria=["Is it polite?"])
    [response] = done.rated_responses
    assert [dict(message) for message in response.prompt.messages] == said
    assert (len(response.messages), response.response_str) == (1, "You will.")


def test_a_response_column_is_rated_without_a_call(here: World) -> None:
    rows = [{"topic": topic, "answer": f"{topic} costs 3 euros."} for topic in TOPICS]
    collection = here.client.create_collection(named("answers"), variables=rows)
    column = next(column.id for column in collection.columns if column.name == "answer")
    done = here.of_questions(collection=collection, response_column_id=column, n_epochs=3, rating_version="mock")
    assert [response.response_str for response in done.rated_responses] == [row["answer"] for row in rows]
    assert (done.n_epochs, done.rating_version, done.response_column_id) == (1, "mock", column)
    took = [response.generation_metadata for response in done.rated_responses]
    assert [one.duration_seconds for one in took if one is not None] == [None] * len(rows)


# --- a run and after it -----------------------------------------------------------------------------------------


def test_a_failed_response_is_data_and_can_be_tried_again(here: World) -> None:
    with here.server.client() as api:
        flaky = {"provider": "mock", "mock": {"replies": ["It costs 5 euros."], "fail_every": 3}, "max_retries": 0}
        id_ = api.post("/llm_configs", json={"name": named("flaky"), **flaky}).raise_for_status().json()["id"]
    done = here.of_questions(llm_config=here.client.get_llm_config(id=id_))
    failed = [response for response in done.rated_responses if response.error]
    assert (len(failed), failed[0].messages, failed[0].ratings) == (1, [], [])
    assert done.results is not None
    assert (done.results.num_failed_responses, done.results.num_rated_responses) == (1, 2)

    here.client._responses.update_annotation(failed[0], "Look at this.")
    with pytest.raises(ConflictError, match="annotations"):
        done.retry_failed()
    kept = {response.id for response in done.rated_responses} - {failed[0].id}
    done.retry_failed(discard_annotations=True)
    assert not [response for response in done.rated_responses if response.error]
    assert kept < {response.id for response in done.rated_responses}
    assert len(done.rated_responses) == 3

    untouched = done.model_dump()
    done.retry_failed()
    assert {**done.model_dump(), "generation_task_id": 0} == {**untouched, "generation_task_id": 0}


def test_a_draft_is_run_once_with_what_the_run_chooses(here: World) -> None:
    draft = here.client.create_experiment(**here.asking())
    done = draft.run(n_epochs=2, generation_params=GenerationParams(temperature=0.5, max_connections=2))
    assert len(done.rated_responses) == 6
    again = here.client.get_experiment(id=draft.id, fetch_responses=False)
    assert (again.n_epochs, again.rated_responses) == (2, [])
    assert again.generation_params == GenerationParams(temperature=0.5, max_connections=2)
    with pytest.raises(APIError, match="run already"):
        draft.run()


def test_a_clone_is_a_draft_of_the_same(here: World) -> None:
    done = here.of_questions(rating_version="mock")
    clone = done.clone(named("clone"))
    assert (clone.generation_task_id, clone.rating_version) == (None, "mock")
    assert (clone.prompt_template, clone.collection.id, clone.criterion_set.id) == (
        done.prompt_template,
        done.collection.id,
        done.criterion_set.id,
    )
    assert len(clone.run().rated_responses) == 3
    assert done.clone(named("clone"), rating_version=None).rating_version != "mock"


def test_waiting_for_an_experiment_that_runs(here: World) -> None:
    begun = here.client._experiments.create(**here.asking(generate=True))
    assert begun.generation_task_id
    assert begun.wait_for_evaluation(polling_interval=0.1).status is TaskStatus.SUCCESS
    assert begun.wait_for_evaluation(polling_interval=0.1).status is TaskStatus.SUCCESS
    assert len(begun.fetch_responses().rated_responses) == 3
    with pytest.raises(ValueError, match="not an evaluation task"):
        begun.wait_for_evaluation(begun.generation_task_id, polling_interval=0.1)


def test_evaluate_does_all_in_one_call(here: World) -> None:
    done = evaluate(
        here.question.name,
        here.questions.name,
        here.criteria.name,
        here.bot.name,
        name=named("evaluated"),
        client=here.client,
    )
    assert len(done.rated_responses) == 3
    linked = here.client.create_prompt_template(named("linked"), "What is {{topic}}?")
    here.criteria.link_template(linked)
    by_link = evaluate(linked.name, here.questions, name=named("evaluated"), client=here.client)
    assert by_link.criterion_set.id == here.criteria.id
    assert {len(response.ratings) for response in by_link.rated_responses} == {2}


# --- responses --------------------------------------------------------------------------------------------------


def test_responses_that_are_generated_beside_the_run(here: World) -> None:
    done = here.of_questions()
    one = here.client._responses.generate(here.questions.variables[0], done)
    assert (one.response_str, len(one.ratings)) == ("It costs 5 euros.", 2)
    assert one.prompt.template_variables.id == here.questions.variables[0].id
    more = here.client._responses.generate_many(done, collection=here.questions)
    some = here.client._responses.generate_many(done, template_variables=here.questions.variables[:1])
    known = {response.id for response in done.rated_responses}
    assert (len(more), len(some), {response.id for response in [one, *more, *some]} & known) == (3, 1, set())
    assert len(done.fetch_responses().rated_responses) == 3 + 1 + 3 + 1
    personas = here.of_personas().run()
    assert len(here.client._responses.generate_many(personas, template_variables=here.scenarios.variables[:1])) == 2


def test_what_a_caller_brings_is_kept_as_it_was_said(here: World) -> None:
    draft = here.client.create_experiment(**here.asking())
    call = {"id": "call_1", "type": "function", "function": {"name": "price_of", "arguments": '{"what": "it"}'}}
    said: list[Any] = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "5"},
        {"role": "assistant", "content": "It costs 5 euros."},
    ]
    metadata = GenerationMetadata(input_tokens=120, output_tokens=30, cached_tokens=100, duration_seconds=1.5)
    added = here.client._responses.add(said, here.questions.variables[0], draft, epoch=2, metadata=metadata)
    assert [_role(message) for message in added.messages] == ["assistant", "tool", "assistant"]
    assert added.messages[0].tool_calls[0].function.name == "price_of"
    assert (added.epoch, added.response_str) == (2, "It costs 5 euros.")
    kept = added.generation_metadata
    assert kept is not None
    assert (kept.input_tokens, kept.output_tokens, kept.cached_tokens, kept.duration_seconds) == (120, 30, 100, 1.5)
    assert added == here.client._responses.get(id=added.id)
    assert [len(one) for one in draft.fetch_responses().rate_responses()] == [2]
    assert here.client._ratings.list(added) == here.client._responses.get(id=added.id).ratings


def test_a_draft_takes_up_rows_that_come_later(here: World) -> None:
    collection = here.client.create_collection(named("later"), columns=["topic"])
    draft = here.client.create_experiment(**here.asking(collection=collection))
    rows = collection.add_many([{"topic": topic} for topic in TOPICS])
    added = draft.add_responses(["One.", "Two."], rows[:2])
    assert [response.prompt.template_variables.id for response in added] == [row.id for row in rows[:2]]
    assert len(draft.run().rated_responses) == 3 + 2


def test_what_stops_a_run_is_told(here: World) -> None:
    with FakeLLM.in_thread(BAD_KEY) as fake:
        wrong = here.client.create_llm_config(named("wrong"), "gpt", "sk-x", llm_base_url=f"{fake.url}/v1")
        done = here.of_questions(llm_config=wrong)
        assert done.has_internal_error
        waited = done.wait_for_evaluation(polling_interval=0.1)
        assert waited.status is TaskStatus.FAILURE
        assert "Incorrect API key" in str(waited.error_msg)
        with pytest.raises(RuntimeError, match="Incorrect API key"):
            here.client._responses.generate_many(done, collection=here.questions)


@pytest.fixture(scope="module")
def mixed(here: World) -> Experiment:
    """Three responses that differ in all that can be filtered by: tokens 10, 20, 30 and seconds 1, 2, 3."""
    draft = here.client.create_experiment(**here.asking())
    sizes = (1, 2, 3)
    metadata: list[Any] = [
        GenerationMetadata(input_tokens=10 * n, output_tokens=10 * n, duration_seconds=float(n)) for n in sizes
    ]
    draft.add_responses([f"Answer {n}." for n in sizes], here.questions.variables, metadata=metadata)
    return draft


def test_responses_are_filtered_by_all_that_the_sdk_names(here: World, mixed: Experiment) -> None:
    first, second, third = [response.id for response in mixed.rated_responses]
    row = here.questions.variables[1]
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [first, second, third]),
        ({"prompt_id": mixed.rated_responses[0].prompt.id}, [first]),
        ({"template_variables_id": row.id}, [second]),
        ({"llm_model_name": "nobody"}, []),
        ({"epoch": 2}, []),
        ({"epoch": 1}, [first, second, third]),
        ({"response_ids": [third, first]}, [first, third]),
        ({"duration_seconds_min": 2.0}, [second, third]),
        ({"duration_seconds_max": 2.0}, [first, second]),
        ({"input_tokens_min": 15, "input_tokens_max": 25}, [second]),
        ({"output_tokens_min": 25}, [third]),
        ({"output_tokens_max": 5}, []),
    ]
    for chosen, expected in cases:
        found = here.client._responses.list(experiment=mixed, filters=PromptResponseFilter(**chosen))
        assert [response.id for response in found] == expected, chosen
    by_noun = here.client._responses.list(prompt_template=here.question, collection=here.questions)
    assert {first, second, third} <= {response.id for response in by_noun}
    assert second in {response.id for response in here.client._responses.list(template_variables=row)}


def test_samples_are_filtered_and_sorted(here: World, mixed: Experiment) -> None:
    ids = [response.id for response in mixed.rated_responses]
    samples = here.client._responses.list_samples(mixed)
    assert [sample.prompt_response_ids for sample in samples] == [[id_] for id_ in ids]
    assert {sample.experiment_id for sample in samples} == {mixed.id}

    def listed(**chosen: Any) -> list[int]:
        filters = {name: value for name, value in chosen.items() if name in ResponsesSampleFilter.model_fields}
        given = {name: value for name, value in chosen.items() if name not in filters}
        by = ResponsesSampleFilter(experiment_id=mixed.id, **filters) if filters else None
        found = here.client._responses.list_samples(mixed, filters=by, **given)
        return [id_ for sample in found for id_ in sample.prompt_response_ids]

    for sort in (
        ResponsesSampleSortBy.INPUT_TOKENS_DESC,
        ResponsesSampleSortBy.OUTPUT_TOKENS_DESC,
        ResponsesSampleSortBy.DURATION_DESC,
    ):
        assert listed(sort_by=sort) == ids[::-1], sort
    assert listed(sort_by=ResponsesSampleSortBy.DURATION_ASC) == ids
    assert listed(duration_seconds_min=1.5, input_tokens_max=25) == [ids[1]]
    mixed.rate_responses()
    criterion, other = (one.id for one in here.criteria.criteria)
    with here.server.client() as api:
        for id_, answers in zip(ids, (("YES", "YES"), ("NO", "YES"), ("NO", "NO")), strict=True):
            for asked, answer in zip((criterion, other), answers, strict=True):
                by_hand = {"prompt_response_id": id_, "criterion_id": asked, "rating": answer}
                api.put("/ratings/manual", json=by_hand).raise_for_status()
    assert listed(sort_by=ResponsesSampleSortBy.RATING_ASC) == ids[::-1]
    assert listed(sort_by=ResponsesSampleSortBy.RATING_DESC) == ids
    assert listed(exclude_perfect_responses=True) == ids[1:]
    assert listed(criteria_filter_by={criterion: RatingValue.NO}) == ids[1:]
    assert listed(criteria_filter_by={criterion: RatingValue.NO, other: RatingValue.YES}) == [ids[1]]
    here.client._responses.update_annotation(ids[2], "Look.")
    assert listed(show_only_annotated_responses=True) == [ids[2]]
    assert here.client._responses.update_annotation(ids[2], "").annotation == ""
    assert listed(show_only_annotated_responses=True) == []
    results = here.client.get_experiment(id=mixed.id).results
    assert results is not None
    assert results.mean_all_ratings.yes == 0.5
    assert results.mean_rating_by_criterion_id[other].yes == pytest.approx(2 / 3)


def test_two_experiments_are_compared_row_by_row(here: World) -> None:
    before, after = here.of_questions(), here.of_questions()
    criterion, other = (one.id for one in here.criteria.criteria)
    answers = {before.id: ("NO", "YES", "YES"), after.id: ("YES", "NO", "YES")}
    with here.server.client() as api:
        for experiment in (before, after):
            for response, answer in zip(experiment.rated_responses, answers[experiment.id], strict=True):
                for asked, given in ((criterion, answer), (other, "YES")):
                    by_hand = {"prompt_response_id": response.id, "criterion_id": asked, "rating": given}
                    api.put("/ratings/manual", json=by_hand).raise_for_status()
    rows = [row.id for row in here.questions.variables]

    def moved(**chosen: Any) -> list[tuple[int, int]]:
        found = here.client.list_comparison_samples(before, after, **chosen)
        return [(one.experiment_id, one.template_variables_id) for one in found]

    assert sorted(moved()) == sorted((one.id, row) for one in (before, after) for row in rows)
    assert moved(filter_samples_by="improved") == [(before.id, rows[0]), (after.id, rows[0])]
    assert moved(filter_samples_by="regressed") == [(before.id, rows[1]), (after.id, rows[1])]
    assert moved(filter_samples_by="improved", criterion_ids=[other]) == []
    assert moved(filter_samples_by="improved", criterion_ids=[criterion]) == [(before.id, rows[0]), (after.id, rows[0])]
    assert moved(filter_samples_by="improved", categorical_filters={"kind": ["B"]}) == []
    assert moved(categorical_filters={"kind": ["B"]}) == [(before.id, rows[2]), (after.id, rows[2])]


def test_stats_sum_up_what_a_config_took(here: World) -> None:
    with here.server.client() as api:
        config = {"name": named("own"), "provider": "mock"}
        id_ = api.post("/llm_configs", json=config).raise_for_status().json()["id"]
    own = here.client.get_llm_config(id=id_)
    assert here.client._responses.get_stats(llm_config=own).total_responses == 0
    here.of_questions(llm_config=own)
    stats = here.client._responses.get_stats(llm_config=own, days=1)
    assert (stats.total_responses, sum(day.requests for day in stats.daily_usage)) == (3, 3)
    assert here.client._responses.get_stats().total_responses >= 3


def test_all_pages_of_responses_are_read(here: World) -> None:
    rows = [{"topic": f"topic {number}", "answer": f"It costs {number} euros."} for number in range(230)]
    collection = here.client.create_collection(named("many"), variables=rows)
    column = next(column.id for column in collection.columns if column.name == "answer")
    done = here.of_questions(collection=collection, response_column_id=column, rating_version="mock")
    assert [response.response_str for response in done.rated_responses] == [row["answer"] for row in rows]
    rated = done.rate_responses()
    assert len(rated) == 230
    assert all(len(ratings) == 2 for ratings in rated)
    board = here.client._experiments.get_map(done, page=5)
    assert (board.num_samples, board.num_responses, len(board.samples)) == (230, 230, 30)


def test_tools_and_response_formats_reach_the_answer(here: World) -> None:
    tool: Any = {
        "type": "function",
        "function": {"name": "price_of", "description": "A price.", "parameters": {"type": "object", "properties": {}}},
    }
    template = here.client.create_prompt_template(named("tools"), "{{topic}}?", tools=[tool], tool_choice="auto")
    done = here.of_questions(prompt_template=template)
    prompt = done.rated_responses[0].prompt
    assert prompt.resolved_tools is not None
    assert (prompt.resolved_tools[0]["function"]["name"], prompt.resolved_tool_choice) == ("price_of", "auto")


# --- what is refused --------------------------------------------------------------------------------------------


def test_refusals_are_the_sdks_own_exceptions(here: World) -> None:
    client = here.client
    with pytest.raises(NotFoundError):
        client.get_experiment(id=10**9)
    with pytest.raises(NotFoundError, match="nobody"):
        client.get_experiment(name="nobody")
    with pytest.raises(NotFoundError):
        client._responses.get(id=10**9)
    refused: list[tuple[dict[str, Any], str]] = [
        (here.asking(persona_group_id=here.group_id), "MULTI_TURN"),
        (here.asking(collection=here.scenarios), "persona group"),
        (here.asking(evaluation_mode="MULTI_TURN", persona_group_id=here.group_id), "PERSONA"),
        (here.asking(response_column_id=10**9), "no column"),
        (here.asking(evaluation_mode="AGENTIC"), "agent results"),
    ]
    for asked, problem in refused:
        with pytest.raises(APIError, match=problem):
            client.create_experiment(**asked)
    strange = client.create_prompt_template(named("strange"), "What is {{nobody_knows}}?")
    with pytest.raises(APIError, match="nobody_knows") as refusal:
        client.run_experiment(**here.asking(prompt_template=strange))
    assert refusal.value.status_code == 400
    draft = here.of_personas(prompt_template=None)
    with pytest.raises(ServerError, match="agent results are not supported"):
        client.get_agent_results_definition(draft)
    with pytest.raises(APIError, match="no row"):
        draft.add_responses(["Hello."], here.questions.variables[:1])
    with pytest.raises(APIError, match="no response"):
        client._ratings.rate_many([PromptResponse.model_construct(id=10**9)])
