"""What experiments decide: one held against another, pair by pair, or against a policy."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from personae.experiments.gate_policy import policy_of
from personae.server.answers import Answer
from personae.server.deps import MAX_ID, Id, Viewer
from personae.server.experiments.decisions import compared, gated
from personae.server.openapi import problems
from personae.server.schemas.decision import Comparison, Gate, GateIn

router = APIRouter(prefix="/projects/{project_id}/experiments/{experiment_id}", tags=["experiments"])


@router.get("/comparison", response_model=Comparison, responses=problems(409))
async def compare_experiment(
    project: Viewer,
    experiment_id: Id,
    baseline_id: Annotated[int, Query(ge=1, le=MAX_ID, description="The experiment before the change.")],
    correction: Annotated[
        Literal["holm", "bh"], Query(description="Of the p-values of several criteria: Holm, or Benjamini-Hochberg.")
    ] = "holm",
    force: Annotated[bool, Query(description="Compare what is not comparable; the result is marked.")] = False,
    most: Annotated[int, Query(ge=0, le=100_000, description="Pairs of each outcome that are listed.")] = 1000,
) -> Answer:
    """What differs from another experiment: conversations of the same persona, row and epoch are held side by side.

    409 where more differs than the bot (judge, criteria, prompts, simulator, length): `incomparable` says what.
    """
    found = await compared(project, baseline_id, experiment_id, correction=correction, force=force)
    return Answer(found.as_dict(most))


@router.post("/gate", response_model=Gate)
async def gate_experiment(project: Viewer, experiment_id: Id, body: GateIn) -> Answer:
    """PASS, FAIL or INCONCLUSIVE: the experiment held against a policy, as `personae gate` does. Nothing is kept.

    409 where the baseline differs in more than the bot.
    """
    return Answer((await gated(project, experiment_id, policy_of(body.policy), body.baseline_id)).as_dict())
