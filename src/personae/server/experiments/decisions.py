"""Experiments held against each other, and against a policy: what `personae compare` and `personae gate` say of files.

The API and the pages ask here. Rows are read some at a time and counted in another thread; no transcript is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from personae.errors import Conflict, InputError, NotFound
from personae.experiments.compare import Comparing, Row
from personae.experiments.comparison import OUTCOMES, Comparison, NotComparable, Pair, Unpaired
from personae.experiments.gate import Gate, Gating
from personae.experiments.gate_policy import Policy
from personae.experiments.result_file import each_row
from personae.server.deps import ProjectAccess
from personae.server.experiments.result_rows import result_rows
from personae.store import experiments
from personae.store.columns import Record


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison of two experiments, with the responses that its pairs are made of."""

    found: Comparison
    experiment_ids: tuple[int, int]
    """Before and after."""
    before_ids: Mapping[str, int]
    """The responses' ids by key, in the experiment before."""
    after_ids: Mapping[str, int]

    def response_ids(self, one: Pair | Unpaired) -> tuple[int | None, int | None]:
        """Before and after; None where there is no such conversation."""
        before, after = one.before_key, one.after_key
        return (
            None if before is None else self.before_ids[before],
            None if after is None else self.after_ids[after],
        )

    def as_dict(self, most: int) -> dict[str, Any]:
        """As the API tells it: at most so many pairs of each outcome, and so many unpaired conversations."""
        before, after = self.experiment_ids
        data = self.found.summary()
        data["before"] |= {"experiment_id": before}
        data["after"] |= {"experiment_id": after}
        pairs = [pair for outcome in OUTCOMES for pair in islice(self.found.of(outcome), most)]
        data["paired_conversations"] = [self.with_ids(pair) for pair in pairs]
        data["unpaired_conversations"] = [self.with_ids(one) for one in self.found.unpaired[:most]]
        return data

    def with_ids(self, one: Pair | Unpaired) -> dict[str, Any]:
        """One of them as the API tells it."""
        before, after = self.response_ids(one)
        return one.as_dict() | {"before_response_id": before, "after_response_id": after}


class UnderWay(Conflict):
    """It takes longer than somebody wants to wait, and goes on."""


async def compared(
    project: ProjectAccess,
    before_id: int,
    after_id: int,
    *,
    correction: str = "holm",
    force: bool = False,
    patience_s: float | None = None,
) -> Compared:
    """What differs between two experiments. Raises NotFound; NotComparable where more differs than the bot; UnderWay.

    It is made once, however many ask for it and whether they wait or not: long ones take seconds.
    """
    before, after = await _known(project, before_id), await _known(project, after_id)
    key = (*before.values(), *after.values(), correction)  # a page of pairs and the next are one comparison
    made: Compared | InputError | None = project.services.comparisons.get(key)
    if made is None:
        task = project.services.comparing.get(key)
        if task is None:
            task = asyncio.create_task(_compare(project, before, after, correction, key), name="compare experiments")
            project.services.comparing[key] = task
        await asyncio.wait({task}, timeout=patience_s)
        if not task.done():
            raise UnderWay(f"the experiments {before_id} and {after_id} are still being compared: look again")
        made = task.result()
    if isinstance(made, InputError):
        raise made
    if made.found.incomparable and not force:
        raise NotComparable(made.found.incomparable)
    return made


async def _compare(
    project: ProjectAccess, before: Record, after: Record, correction: str, key: tuple[Any, ...]
) -> Compared | InputError:
    """Kept under `key`, also where a row cannot be read: whoever did not wait is told, too."""
    try:
        comparing = Comparing(correction=correction)
        before_ids = await _fed(project, before, comparing.add_before)
        after_ids = await _fed(project, after, comparing.add_after)
        names = before["name"], after["name"]
        found = await asyncio.to_thread(comparing.finish, names, force=True)
        made = Compared(found, (before["id"], after["id"]), before_ids, after_ids)
        project.services.comparisons.keep(key, made, len(before_ids) + len(after_ids))
        return made
    except InputError as error:
        project.services.comparisons.keep(key, error, 1)
        return error
    finally:
        del project.services.comparing[key]


async def gated(project: ProjectAccess, experiment_id: int, policy: Policy, baseline_id: int | None = None) -> Gate:
    """An experiment held against a policy. Raises NotFound, and as `experiments.gate.gate` does."""
    results = await _known(project, experiment_id)
    baseline = None if baseline_id is None else await _known(project, baseline_id)
    gating = Gating(policy, has_baseline=baseline is not None)
    if baseline is not None:
        await _fed(project, baseline, gating.add_baseline)
    await _fed(project, results, gating.add)
    names = results["name"], "" if baseline is None else baseline["name"]
    return await asyncio.to_thread(gating.finish, names)


async def _known(project: ProjectAccess, experiment_id: int) -> Record:
    async with project.reading() as connection:
        found = await experiments.named(connection, project.id, experiment_id)
    if found is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    return found


async def _fed(project: ProjectAccess, experiment: Record, take: Callable[[Row], None]) -> dict[str, int]:
    """Ids by key of the responses whose rows were given to `take`."""
    ids: dict[str, int] = {}
    is_scripted = experiment["evaluation_mode"] != "MULTI_TURN"
    async for some in result_rows(project, experiment["id"]):
        ids |= {str(row["key"]): id_ for id_, row in some}
        rows = [_by_its_fields(row) if is_scripted else row for _, row in some]
        await asyncio.to_thread(each_row, rows, take)
    return ids


def _by_its_fields(row: Row) -> Row:
    """Without what was asked: where another prompt template asks of the same row, that is the change to be seen."""
    scenario = row["scenario"]
    return {**row, "scenario": {**scenario, "opening": []}} if scenario.get("fields") else row
