"""Generations: methods that make personas or queries, and the drafts that people review."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from personae.errors import ServerError
from personae.sdk.experiments import LOOK_EVERY_S, Event
from personae.sdk.nouns import D, Noun, Received, listing, method, stream
from personae.sdk.steps import Call, Listing, Pause, Steps, Stream, delete, get, given, post, put

State = Literal["open", "accepted", "rejected", "disputed", "flagged"]
_UNDER_WAY = {"queued", "running"}


class Setup(TypedDict, total=False):
    """How a method runs. What is left out is the server's default, see `POST generations` in its /docs."""

    n: int
    seed: int
    options: Mapping[str, Any]
    """What the method is told, by the names of its options; files as their texts. See `methods`."""
    llm_config_id: int
    embeddings_model: str
    budget_usd: float


class Method(Received):
    """A way to make personas or queries."""

    name: str
    makes: str
    description: str
    options: tuple[dict[str, Any], ...]
    """`name`, `kind` (file, flag, number, text, texts), `is_required`, `default`, `description`."""


class Foreseen(Received):
    """What a run will take, roughly."""

    makes: str
    model: str
    calls: tuple[int, int]
    """Low and high."""
    tokens: int
    cost_usd: tuple[float, float] | None
    """Low and high; None where the model's price is not known."""
    budget_usd: float | None


class Generation(Received):
    """A run of a method."""

    id: int
    name: str
    method: str
    makes: str
    """persona, query."""
    n: int
    seed: int
    status: str
    """queued, running, finished, cancelled, failed."""
    problem: str | None
    """Why it failed, or which ceiling ended it."""
    made: int
    failed: int
    failures: tuple[dict[str, Any], ...]
    """`text` and `count`."""
    usage: dict[str, Any]
    told: tuple[str, ...]
    """What the method says of the whole, such as which quotas were reached."""
    review: dict[str, int]
    """How many drafts are open, accepted, rejected, disputed, and taken over."""
    budget_usd: float | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """It waits for its turn, or runs."""
        return self.status in _UNDER_WAY


class Draft(Received):
    """A persona or a query that a method made."""

    id: int
    generation_id: int
    record: dict[str, Any]
    """As the files of `personae generate` have it, with its provenance."""
    final: dict[str, Any]
    """The same with the edits, where it is accepted."""
    state: str
    """open, accepted, rejected, disputed."""
    flags: tuple[dict[str, Any], ...]
    """`reason`, `detail`, and `other_id` where it is nearly a copy: a reason to look, never a verdict."""
    decisions: tuple[dict[str, Any], ...]
    """The last of each person."""
    taken_id: int | None
    """The persona, or the collection, that it went into."""


class Taken(Received):
    """What became of accepted drafts."""

    count: int
    persona_group_id: int | None
    collection_id: int | None


Progress = Callable[[Generation], object]


class Generations(Noun[D]):
    """The project's generations."""

    @method
    def methods(self) -> Steps[builtins.list[Method]]:
        """Which methods there are, and what each may be told."""
        return [Method.model_validate(one) for one in (yield get("generations/methods"))]

    @listing
    def list(self) -> Listing[Generation]:
        """The newest first."""
        return Listing(get("generations"), Generation.model_validate)

    @method
    def get(self, generation_id: int) -> Steps[Generation]:
        """One generation. Raises NotFound."""
        return Generation.model_validate((yield get(f"generations/{generation_id}")))

    @method
    def preview(self, /, method: str, **setup: Unpack[Setup]) -> Steps[Foreseen]:
        """What a run would take. Raises InputError for whatever it would refuse before its first call."""
        return Foreseen.model_validate((yield post("generations/preview", {"method": method, **setup})))

    @method
    def create(self, /, method: str, *, name: str = "", **setup: Unpack[Setup]) -> Steps[Generation]:
        """Run a method, at once. Raises InputError. Its budget is a hard ceiling."""
        return Generation.model_validate((yield post("generations", {"method": method, "name": name, **setup})))

    @method
    def wait(
        self,
        generation_id: int,
        *,
        on_progress: Progress | None = None,
        timeout_s: float | None = None,
        every_s: float = LOOK_EVERY_S,
    ) -> Steps[Generation]:
        """Until it is no longer under way. `on_progress` is given it at first and whenever it came further.

        Raises ServerError after `timeout_s`.
        """
        began, seen = time.monotonic(), None
        while True:
            generation = Generation.model_validate((yield get(f"generations/{generation_id}")))
            now = (generation.status, generation.made, generation.failed)
            if on_progress is not None and now != seen:
                on_progress(generation)
            seen = now
            if not generation.is_under_way:
                return generation
            if timeout_s is not None and time.monotonic() - began > timeout_s:
                counts = f"{generation.made} of {generation.n}"
                raise ServerError(f"the generation {generation.name!r} takes longer than {timeout_s:g} s ({counts})")
            yield Pause(every_s)

    @stream
    def events(self, generation_id: int) -> Stream[Event]:
        """How far it is, until it is over."""
        return Stream(Call("GET", f"generations/{generation_id}/events", timeout_s=120), Event.model_validate)

    @method
    def cancel(self, generation_id: int) -> Steps[Generation]:
        """Finish what is worked at, and end. What is made stays."""
        return Generation.model_validate((yield post(f"generations/{generation_id}/cancel")))

    @method
    def resume(self, generation_id: int, *, n: int | None = None, budget_usd: float | None = None) -> Steps[Generation]:
        """Go on with what is missing or failed, or with more of the same. Nothing is paid for twice."""
        body = given(n=n, budget_usd=budget_usd)
        return Generation.model_validate((yield post(f"generations/{generation_id}/resume", body)))

    @listing
    def drafts(self, generation_id: int, *, state: State | None = None) -> Listing[Draft]:
        """Disputed ones first, then flagged ones, then the others as they were made."""
        return Listing(get(f"generations/{generation_id}/drafts", state=state), Draft.model_validate)

    @method
    def next_draft(self, generation_id: int, *, after: int | None = None) -> Steps[Draft | None]:
        """The next one to look at, which is yours for three minutes; None where none waits. `after`: pass it over."""
        found = (yield post(f"generations/{generation_id}/drafts/next", given(after=after)))["draft"]
        return None if found is None else Draft.model_validate(found)

    @method
    def accept(self, /, draft: Draft, **edits: str) -> Steps[Draft]:
        """Accept it, with other texts where `edits` has them: name, description, goal; query, expected_outcome."""
        return Draft.model_validate((yield put(_decision(draft), {"verdict": "accept", **edits})))

    @method
    def reject(self, draft: Draft, reason: str = "") -> Steps[Draft]:
        """Reject it; the reason is what `refine` learns from."""
        return Draft.model_validate((yield put(_decision(draft), {"verdict": "reject", "reason": reason})))

    @method
    def take_back(self, draft: Draft) -> Steps[Draft]:
        """As if you had not decided."""
        return Draft.model_validate((yield delete(_decision(draft))))

    @method
    def take(self, generation_id: int, *, name: str = "") -> Steps[Taken]:
        """Accepted personas into the library and a group, accepted queries into a new collection.

        Raises Conflict where nothing is accepted that is not there already.
        """
        return Taken.model_validate((yield post(f"generations/{generation_id}/take", {"name": name})))

    @method
    def report(self, generation_id: int) -> Steps[dict[str, Any]]:
        """How good its set of personas is, as `personae personas report --json` has it. Raises NotFound for queries."""
        call = Call("GET", f"generations/{generation_id}/report", timeout_s=600)
        found: dict[str, Any] = yield call
        return found

    @method
    def delete(self, generation_id: int) -> Steps[None]:
        """With its drafts and decisions. What was taken over stays."""
        yield delete(f"generations/{generation_id}")


def _decision(draft: Draft) -> str:
    return f"generations/{draft.generation_id}/drafts/{draft.id}/decision"
