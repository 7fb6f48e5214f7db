"""A method at work: what every method gets for nothing — limits, budget, a file that a broken-off run goes on from."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lab.fake_llm import BAD_KEY, Auto, ChatRequest, Reply, Script, Status
from personae.core.model import Model, OutputSchema
from personae.core.query import Query
from personae.core.usage import NO_USAGE
from personae.errors import ConfigurationError, Conflict, InputError, ProviderError, RecordingError
from personae.experiments.budget import Budget, Ceilings, Metered
from personae.experiments.draft_file import DraftFile
from personae.experiments.generating import Generating
from personae.generation import Draft, Effort, Makes, NoDraft, Studio
from personae.llm.config import LLMConfig, Wiring
from personae.llm.embeddings import connect_embeddings
from personae.llm.structured import NotUsable, ask
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
ANY = OutputSchema("said", {"type": "object"})


@dataclass(frozen=True)
class Number:
    number: int

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass(frozen=True)
class Echo:
    """Asks twice for each query."""

    makes: ClassVar[Makes] = "query"
    fails: int = -1

    def effort(self, n: int) -> Effort:
        return Effort((2 * n, 2 * n), 10, 10)

    async def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        async def work(piece: Number, model: Model) -> Iterable[Draft]:
            texts = [await self._ask(model, f"{kind} {piece.key}") for kind in ("think", "write")]
            if piece.number == self.fails:
                raise NoDraft("it cannot be")
            return [Draft(Query(query=" ".join(texts)), studio.provenance("echo", key=piece.key))]

        async for draft in studio.each(map(Number, range(n)), work):
            yield draft

    async def _ask(self, model: Model, text: str) -> str:
        def parse(data: Any) -> str:
            if not isinstance(data, dict) or "said" not in data:
                raise NotUsable("It has no `said`.")
            return str(data["said"])

        messages = [{"role": "user", "content": text}]
        return (await ask(model, messages, purpose="generator", schema=ANY, parse=parse)).value


def echo(request: ChatRequest) -> Reply:
    return Reply(json.dumps({"said": request.body["messages"][-1]["content"]}))


async def run(
    there: Reach, path: Path, n: int, *, method: Echo | None = None, concurrency: int = 1, run: str = "r",
    fresh: bool = False, **ceilings: Any,
) -> Generating:  # fmt: skip
    budget = Budget(Ceilings(**ceilings))
    file = DraftFile(path, "query", run, fresh=fresh)
    generating = Generating(Metered(there.model(), budget), budget, file, concurrency, run)
    made = 0
    try:
        async for _ in generating.generate(method or Echo(), n, 0):
            made += 1
    finally:
        file.close(is_complete=made == n)
    return generating


def queries(path: Path) -> list[str]:
    return sorted(json.loads(line)["query"] for line in path.read_text(encoding="utf-8").splitlines())


ALL = ["think 0 write 0", "think 1 write 1", "think 2 write 2"]


async def test_a_budget_that_ends_midway_keeps_what_is_paid_for_and_the_next_run_pays_for_the_rest_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out.jsonl"
    async with reach(echo) as there:
        cut = await run(there, path, 3, calls=3)
        assert "ceiling of 3 calls" in cut.cut
        assert queries(path) == ALL[:1]
        assert there.calls == 3
        whole = await run(there, path, 3, calls=6)
        assert there.calls == 6, "the call of the half-made query was not paid for again"
        assert whole.budget.spent.calls == 6
        assert (queries(path), whole.cut) == (ALL, "")
        assert not path.with_name("out.jsonl.part").exists()
        await run(there, path, 3)
        assert there.calls == 6, "nothing is left to do"


async def test_more_are_made_beside_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    async with reach(echo) as there:
        await run(there, path, 1)
        await run(there, path, 3, concurrency=3)
        assert (queries(path), there.calls) == (ALL, 6)
        assert len((await run(there, path, 2)).found) == 3, "fewer are asked for: none is thrown away"


async def test_a_piece_that_fails_costs_no_other_and_is_asked_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    async with reach(echo) as there:
        failed = await run(there, path, 3, method=Echo(fails=1))
        assert failed.failures == {"1": "it cannot be"}
        assert queries(path) == [ALL[0], ALL[2]]
        await run(there, path, 3)
        assert (queries(path), there.calls) == (ALL, 8)


async def test_a_half_written_last_line_is_cut_off_and_made_again_without_a_call(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    async with reach(echo) as there:
        await run(there, path, 3, calls=5)
        text = path.read_text(encoding="utf-8")
        path.write_text(text[:-20], encoding="utf-8")
        journal = path.with_name("out.jsonl.part")
        journal.write_bytes(journal.read_bytes() + b'{"piece":"2","as')
        await run(there, path, 3)
        assert (queries(path), there.calls) == (ALL, 6)


@pytest.mark.parametrize(
    ("script", "raises"),
    [(BAD_KEY, ProviderError), (Reply("no JSON at all"), None)],
    ids=["a wrong key ends the run", "an answer without use is one failure each"],
)
async def test_what_ends_a_run_and_what_does_not(
    tmp_path: Path, script: Script, raises: type[Exception] | None
) -> None:
    path = tmp_path / "out.jsonl"
    async with reach(script) as there:
        if raises is not None:
            with pytest.raises(raises):
                await run(there, path, 3)
        else:
            assert len((await run(there, path, 3)).failures) == 3
    assert not path.exists()


async def test_a_file_that_is_not_this_works_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    async with reach(echo) as there:
        await run(there, path, 1)
        before = path.read_bytes()
        with pytest.raises(Conflict, match="another method, model, seed or other settings"):
            await run(there, path, 1, run="other")
        await run(there, path, 1, run="other", fresh=True)
        assert path.read_bytes() != before
        for text, says in (
            ('{"query": "mine"}\n', "no draft of a method"),
            ("[1]\n", "JSON object"),
            ("hello", "not JSON"),
        ):
            path.write_text(text, encoding="utf-8")
            for fresh in (False, True):
                with pytest.raises(InputError, match=says):
                    await run(there, path, 1, fresh=fresh)
            assert path.read_text(encoding="utf-8") == text
        with pytest.raises(InputError, match=r"\.jsonl"):
            await run(there, tmp_path / "out.csv", 1)


async def test_two_runs_cannot_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    file = DraftFile(path, "query", "r")
    async with reach(echo) as there:
        with pytest.raises(RecordingError, match="another run"):
            await run(there, path, 1)
    file.close(is_complete=False)


async def test_what_means_the_same_is_written_anew_by_embeddings_and_nothing_is_paid_for_twice(tmp_path: Path) -> None:
    """The fake endpoint's embeddings are alike for like words; `copies` are what the first and second query say."""
    copies = iter(["The lamp is broken, what now?", "The lamp is broken, what now?", "Where is my refund?"])

    def answer(request: ChatRequest) -> Reply | Auto:
        if request.role == "embeddings":
            return Auto()
        text = str(request.body["messages"][-1]["content"])
        return Reply(json.dumps({"said": next(copies) if text.startswith("write") else "Well."}))

    async with reach(answer) as there:
        path = tmp_path / "out.jsonl"
        budget = Budget(Ceilings())
        wiring = Wiring(there.transport, there.gates)
        config = LLMConfig("openai", "e", f"{there.fake.url}/v1", "k")
        near = Metered(connect_embeddings(config, wiring), budget)
        for n, rejects in ((2, 1), (2, 0)):
            budget.spent = NO_USAGE
            file = DraftFile(path, "query", "r")
            running = Generating(Metered(there.model(), budget), budget, file, 1, "r", near)
            made = [draft.query.query async for draft in running.generate(Echo(), n, 0)]
            file.close(is_complete=False)
            assert made == ["Well. The lamp is broken, what now?", "Well. Where is my refund?"]
            assert running.nearness is not None
            assert (running.nearness.rejects, running.nearness.problem, running.failures) == (rejects, "", {})
            assert budget.spent.calls == 9, "two calls for each of three texts, and one for what each means"


async def test_an_endpoint_without_embeddings_leaves_it_to_words_and_says_so() -> None:
    async with reach(lambda request: Status(404) if request.role == "embeddings" else echo(request)) as there:
        budget = Budget(Ceilings())
        config = LLMConfig("openai", "e", f"{there.fake.url}/v1", "k")
        near = Metered(connect_embeddings(config, Wiring(there.transport, there.gates)), budget)
        running = Generating(Metered(there.model(), budget), budget, embeddings=near, concurrency=1)
        assert len([draft async for draft in running.generate(Echo(), 3, 0)]) == 3
        assert running.nearness is not None
        assert "404" in running.nearness.problem
    with pytest.raises(ConfigurationError, match="has no embeddings"):
        connect_embeddings(LLMConfig("anthropic", "e", api_key="k"), Wiring(there.transport, there.gates))
