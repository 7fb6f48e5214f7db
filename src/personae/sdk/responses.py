"""Responses: one conversation each, with its ratings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from personae.core.validity import Fault
from personae.sdk.experiments import PinnedPersona
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Call, Listing, Steps, delete, get, put

Verdict = Literal["YES", "NO", "none"]
Validity = Literal["valid", "unsure", "invalid", "none", "counted"]
LabelWord = Literal["YES", "NO", "unsure"]


class RatedCriterion(Received):
    """The question as it was asked."""

    id: int
    criterion_str: str
    label: str | None


class Rating(Received):
    """The judge's, or a person's, answer to one criterion."""

    id: int
    criterion: RatedCriterion
    rating: Literal["YES", "NO"]
    reasoning: str | None
    rater: str
    is_manual: bool
    created_at: datetime


class Response(Received):
    """One conversation."""

    id: int
    experiment_id: int
    key: str
    persona: PinnedPersona | None
    epoch: int
    messages: tuple[dict[str, Any], ...]
    """The whole dialogue: `user` is the simulator, `assistant` the bot."""
    termination_reason: str | None
    termination_explanation: str | None
    error: str | None
    goal_achieved: bool | None
    ratings: tuple[Rating, ...]
    unrated: tuple[dict[str, Any], ...]
    """Criteria that got no answer, with the reason. They count as neither yes nor no."""
    usage: dict[str, Any]
    cost_usd: float | None
    """None where a price is not known."""
    annotation: str
    created_at: datetime


class Label(Received):
    """What a person says of a response."""

    id: int
    response_id: int
    criterion_id: int | None
    """None: the goal."""
    rater: str
    label: LabelWord
    note: str
    created_at: datetime


class Responses(Noun[D]):
    """The responses of experiments."""

    @listing
    def list(
        self,
        *,
        experiment_id: int | None = None,
        persona_id: int | None = None,
        row_id: int | None = None,
        termination_reason: str | None = None,
        criterion_id: int | None = None,
        verdict: Verdict | None = None,
        has_error: bool | None = None,
        validity: Validity | None = None,
        fault: Fault | None = None,
    ) -> Listing[Response]:
        """Those that fit all that is given; `verdict` is about `criterion_id`, or about any criterion.

        `validity`: was it a fair test; `none` was not checked, and `counted` are all but invalid, which are in no rate.
        """
        query = {
            "experiment_id": experiment_id,
            "persona_id": persona_id,
            "template_variables_id": row_id,
            "termination_reason": termination_reason,
            "criterion_id": criterion_id,
            "verdict": verdict,
            "has_error": has_error,
            "validity": validity,
            "fault": fault,
        }
        return Listing(Call("GET", "responses", query), Response.model_validate)

    @method
    def get(self, response_id: int) -> Steps[Response]:
        """One response. Raises NotFound."""
        return Response.model_validate((yield get(f"responses/{response_id}")))

    @method
    def annotate(self, response_id: int, annotation: str) -> Steps[Response]:
        """A note for people; a blank one removes it."""
        call = Call("PATCH", f"responses/{response_id}", body={"annotation": annotation})
        return Response.model_validate((yield call))

    @method
    def label(
        self, response_id: int, label: LabelWord, *, criterion_id: int | None = None, note: str = "", rater: str = ""
    ) -> Steps[Label]:
        """What a person says of a criterion, or of the goal, to hold the judge against; see `experiments.agreement`.

        It takes the place of the same rater's earlier answer. `rater`: you, unless you bring the labels of others.
        """
        body = {"criterion_id": criterion_id, "label": label, "note": note, "rater": rater}
        return Label.model_validate((yield put(f"responses/{response_id}/labels", body)))

    @method
    def labels(self, response_id: int) -> Steps[tuple[Label, ...]]:
        """What people say of it."""
        return tuple(map(Label.model_validate, (yield get(f"responses/{response_id}/labels"))))

    @method
    def unlabel(self, label_id: int) -> Steps[None]:
        """Take a label back."""
        yield delete(f"labels/{label_id}")

    @method
    def delete(self, response_id: int) -> Steps[None]:
        """With its ratings."""
        yield delete(f"responses/{response_id}")
