"""Experiments: personas talk with a bot, and every transcript is rated."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from personae.core.text import loads
from personae.errors import InputError, NotFound, ServerError
from personae.sdk.agreement import Agreement
from personae.sdk.decisions import Comparison, Gate
from personae.sdk.nouns import D, Noun, Received, listing, method, stream
from personae.sdk.steps import Call, Listing, Pause, Steps, Stream, delete, get, given, post, put

RatingMode = Literal["fast", "detailed"]
ExportFormat = Literal["jsonl", "csv", "html", "json", "junit"]
LOOK_EVERY_S = 1.0
_UNDER_WAY = {"queued", "running"}


class Model(TypedDict, total=False):
    """Another model than the project chose: an LLM config, or a provider and its model. Empty: the deployment's own."""

    llm_config_id: int
    provider: str
    model: str
    base_url: str


class Setup(TypedDict, total=False):
    """What an experiment is made of. What is left out is the server's default, see `POST experiments` in its /docs."""

    description: str
    collection_id: int
    scenario_set_id: int
    persona_group_id: int
    prompt_template_id: int
    llm_config_id: int
    criterion_set_id: int
    response_column_id: int
    n_epochs: int
    rating_mode: RatingMode
    generation_params: Mapping[str, Any]
    max_turns: int
    budget_usd: float
    max_calls: int
    seed: int
    behaviours: Sequence[str | Mapping[str, Any]]
    """`typos=0.3`, or name, probability, window and intensity."""
    repeat_invalid: int
    audit: bool
    metrics: Sequence[str]
    simulator: Model
    judge: Model
    judges: Sequence[Model]
    """Several, of whom the majority decides; in place of `judge`."""


class PinnedPersona(Received):
    """A persona as the experiment uses it."""

    id: int
    name: str
    version: int


class Experiment(Received):
    """An experiment."""

    id: int
    name: str
    description: str | None
    status: str
    """draft, queued, running, paused, finished, cancelled, failed."""
    problem: str | None
    """Why it failed."""
    evaluation_mode: str
    n_epochs: int
    planned: int
    """Conversations in all."""
    finished: int
    failed: int
    rated: int
    spent_usd: float
    """As far as prices are known."""
    budget_usd: float | None
    personas: tuple[PinnedPersona, ...]
    results: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    simulated: bool
    disclaimer: str | None

    @property
    def is_under_way(self) -> bool:
        """It waits for its turn, or runs."""
        return self.status in _UNDER_WAY


class Preview(Received):
    """What a run would be. With `problems` there is nothing to run."""

    personas: int
    rows: int
    epochs: int
    conversations: int
    detectable: float | None = None
    """The smallest drop of the goal rate, 0 to 1, that so many conversations are likely to see against another run."""
    calls: tuple[int, ...] | None
    """Low and high."""
    cost_usd: tuple[float, ...] | None
    """Low and high; None where a price is not known."""
    budget_usd: float | None
    bot: str
    simulator: str
    judge: str
    problems: tuple[str, ...]
    disclaimer: str


class Event(Received):
    """Something that happened in an experiment."""

    kind: str
    """`progress`; `turn`, one message of a conversation; `response`, a conversation is over; `end`."""
    data: dict[str, Any]


Progress = Callable[[Experiment], object]


class Experiments(Noun[D]):
    """The project's experiments."""

    @listing
    def list(self, *, search: str = "", status: str | None = None) -> Listing[Experiment]:
        """The newest first."""
        return Listing(get("experiments", search=search or None, status=status), Experiment.model_validate)

    @method
    def get(self, experiment_id: int) -> Steps[Experiment]:
        """One experiment. Raises NotFound."""
        return Experiment.model_validate((yield get(f"experiments/{experiment_id}")))

    @method
    def by_name(self, name: str) -> Steps[Experiment]:
        """The experiment with exactly this name. Raises NotFound."""
        found = (yield get("experiments", experiment_name=name))["items"]
        if not found:
            raise NotFound(f"there is no experiment {name!r}")
        return Experiment.model_validate(found[0])

    @method
    def preview(self, /, **setup: Unpack[Setup]) -> Steps[Preview]:
        """What a run would be: conversations, calls, cost as a range, and everything that is missing."""
        return Preview.model_validate((yield post("experiments/preview", {"name": "preview", **setup})))

    @method
    def create(self, /, name: str, *, run: bool = False, **setup: Unpack[Setup]) -> Steps[Experiment]:
        """A new experiment, run at once with `run`. Raises Conflict where the name is taken, InputError for the rest.

        Its budget is a hard ceiling. Copies of all that it refers to are taken when it runs.
        """
        return Experiment.model_validate((yield post("experiments", {"name": name, "generate": run, **setup})))

    @method
    def update(
        self, experiment_id: int, *, name: str | None = None, description: str | None = None
    ) -> Steps[Experiment]:
        """Another name or description."""
        body = given(name=name, description=description)
        return Experiment.model_validate((yield put(f"experiments/{experiment_id}", body)))

    @method
    def run(
        self, experiment_id: int, *, n_epochs: int | None = None, rating_mode: RatingMode = "detailed"
    ) -> Steps[Experiment]:
        """Run an experiment that was made without `run`; as often as it was made for, unless told otherwise."""
        if n_epochs is None:
            n_epochs = (yield get(f"experiments/{experiment_id}"))["n_epochs"]
        body = {"n_epochs": n_epochs, "rating_mode": rating_mode}
        return Experiment.model_validate((yield post(f"experiments/{experiment_id}/run", body)))

    @method
    def wait(
        self,
        experiment_id: int,
        *,
        on_progress: Progress | None = None,
        timeout_s: float | None = None,
        every_s: float = LOOK_EVERY_S,
    ) -> Steps[Experiment]:
        """Until it is no longer under way: the experiment then, whether it is finished, failed, cancelled or paused.

        `on_progress` is given the experiment at first and whenever it came further. Raises ServerError after
        `timeout_s`.
        """
        began, seen = time.monotonic(), None
        while True:
            experiment = Experiment.model_validate((yield get(f"experiments/{experiment_id}")))
            now = (experiment.status, experiment.finished, experiment.failed, experiment.rated)
            if on_progress is not None and now != seen:
                on_progress(experiment)
            seen = now
            if not experiment.is_under_way:
                return experiment
            if timeout_s is not None and time.monotonic() - began > timeout_s:
                counts = f"{experiment.finished} of {experiment.planned}"
                raise ServerError(f"the experiment {experiment.name!r} takes longer than {timeout_s:g} s ({counts})")
            yield Pause(every_s)

    @stream
    def events(self, experiment_id: int) -> Stream[Event]:
        """What happens, while it happens, until the experiment is over."""
        return Stream(Call("GET", f"experiments/{experiment_id}/events", timeout_s=120), Event.model_validate)

    @method
    def pause(self, experiment_id: int) -> Steps[Experiment]:
        """Finish the calls that are under way, and wait."""
        return Experiment.model_validate((yield post(f"experiments/{experiment_id}/pause")))

    @method
    def resume(self, experiment_id: int) -> Steps[Experiment]:
        """Go on, also with what a ceiling cut short."""
        return Experiment.model_validate((yield post(f"experiments/{experiment_id}/resume")))

    @method
    def cancel(self, experiment_id: int) -> Steps[Experiment]:
        """Finish the calls that are under way, and end. What is there stays."""
        return Experiment.model_validate((yield post(f"experiments/{experiment_id}/cancel")))

    @method
    def retry_failed(
        self, experiment_id: int, *, rating_mode: RatingMode = "detailed", discard_annotations: bool = False
    ) -> Steps[Experiment]:
        """Run again what failed, and rate again where a rating did."""
        body = {"rating_mode": rating_mode, "discard_annotations": discard_annotations}
        return Experiment.model_validate((yield post(f"experiments/{experiment_id}/retry-failed", body)))

    @method
    def rerate(
        self,
        experiment_id: int,
        *,
        criterion_set_id: int | None = None,
        rating_mode: RatingMode | None = None,
        judge: Model | None = None,
        judges: Sequence[Model] | None = None,
    ) -> Steps[Experiment]:
        """Rate all responses again, by another criterion set or by other judges. Nothing is simulated again."""
        body = given(criterion_set_id=criterion_set_id, rating_mode=rating_mode, judge=judge, judges=judges)
        return Experiment.model_validate((yield post(f"experiments/{experiment_id}/rerate", body)))

    @method
    def set_budget(self, experiment_id: int, budget_usd: float) -> Steps[Experiment]:
        """Another ceiling, which holds from the next run on: resume what the old one cut short."""
        body = {"budget_usd": budget_usd}
        return Experiment.model_validate((yield put(f"experiments/{experiment_id}/budget", body)))

    @method
    def compare(
        self,
        before_id: int,
        after_id: int,
        *,
        correction: Literal["holm", "bh"] = "holm",
        force: bool = False,
        most: int = 1000,
    ) -> Steps[Comparison]:
        """What the second experiment does differently, pair by pair; at most so many pairs of each outcome are listed.

        Raises Conflict where they differ in more than the bot (`details["incomparable"]`), unless `force`.
        """
        query = {"baseline_id": before_id, "correction": correction, "force": force, "most": most}
        call = Call("GET", f"experiments/{after_id}/comparison", query, timeout_s=600)
        return Comparison.model_validate((yield call))

    @method
    def gate(self, experiment_id: int, policy: Mapping[str, Any], *, baseline_id: int | None = None) -> Steps[Gate]:
        """PASS, FAIL or INCONCLUSIVE by a policy such as `{"rules": [{"rule": "goal", "at_least": 0.8}]}`."""
        body = given(policy=policy, baseline_id=baseline_id)
        call = Call("POST", f"experiments/{experiment_id}/gate", body=body, timeout_s=600)
        return Gate.model_validate((yield call))

    @method
    def agreement(self, experiment_id: int) -> Steps[Agreement]:
        """How far its judge agrees with people's labels; see `responses.label`."""
        call = Call("GET", f"experiments/{experiment_id}/agreement", timeout_s=600)
        return Agreement.model_validate((yield call))

    @method
    def labels(self, experiment_id: int) -> Steps[builtins.list[dict[str, Any]]]:
        """All its labels, as `personae judge check --labels` reads them."""
        found: builtins.list[dict[str, Any]] = yield get(f"experiments/{experiment_id}/labels")
        return found

    @method
    def export(self, experiment_id: int, format: ExportFormat = "jsonl") -> Steps[bytes]:  # noqa: A002 - the word for it
        """Its results as a file; `jsonl` is a result file as `personae simulate` writes it."""
        call = Call("GET", f"experiments/{experiment_id}/export", {"format": format}, is_raw=True, timeout_s=600)
        data: bytes = yield call
        return data

    @stream
    def result_rows(self, experiment_id: int) -> Stream[dict[str, Any]]:
        """The rows of its result file, one by one, without the whole of it in memory."""
        return Stream(_result_file(experiment_id), loads, are_events=False)

    @stream
    def result_lines(self, experiment_id: int) -> Stream[bytes]:
        """The same as they are written, without their line ends."""
        return Stream(_result_file(experiment_id), bytes, are_events=False)

    @method
    def import_file(self, path: str | Path, *, name: str | None = None) -> Steps[Experiment]:
        """A finished experiment out of a result file of `personae simulate`, plain or `.gz`. The name: the file's."""
        file = Path(path)
        try:
            with file.open("rb") as content:
                form = given(name=name)
                call = Call("POST", "experiments/import", file=(file.name, content), form=form, timeout_s=600)
                return Experiment.model_validate((yield call))
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", file=file) from error

    @method
    def delete(self, experiment_id: int) -> Steps[None]:
        """With its responses and ratings."""
        yield delete(f"experiments/{experiment_id}")


def _result_file(experiment_id: int) -> Call:
    return Call("GET", f"experiments/{experiment_id}/export", {"format": "jsonl"}, timeout_s=120)
