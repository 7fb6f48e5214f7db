"""Experiments held against each other, and against a policy: what `personae compare` and `personae gate` say of files.

The API and the pages ask here. Rows are read some at a time and counted beside what else the server does; no transcript
is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from personae.errors import Conflict, InputError, NotFound
from personae.experiments.comparison import NotComparable
from personae.experiments.gate import Gate, Gating
from personae.experiments.gate_policy import Policy
from personae.server.deps import ProjectAccess
from personae.server.experiments.comparing import Asked, Compared, counted, counted_elsewhere
from personae.server.experiments.result_rows import fed
from personae.store import experiments
from personae.store.columns import Record


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

    It is made once, however many ask for it and whether they wait or not: long ones take seconds, so nobody with
    `patience_s` waits for those at all.
    """
    asked = Asked(await _known(project, before_id), await _known(project, after_id), correction)
    key = (*asked.before.values(), *asked.after.values(), correction)  # a page of pairs and the next are one comparison
    made: Compared | InputError | None = project.services.comparisons.get(key)
    if made is None:
        task = project.services.comparing.get(key)
        if task is None:
            task = asyncio.create_task(_compare(project, asked, key), name="compare experiments")
            project.services.comparing[key] = task
        await asyncio.wait({task}, timeout=0 if patience_s and asked.has_many else patience_s)
        if not task.done():
            raise UnderWay(f"the experiments {before_id} and {after_id} are still being compared: look again")
        made = task.result()
    if isinstance(made, InputError):
        raise made
    if made.found.incomparable and not force:
        raise NotComparable(made.found.incomparable)
    return made


async def _compare(project: ProjectAccess, asked: Asked, key: Hashable) -> Compared | InputError:
    """Kept under `key`, also where a row cannot be read: whoever did not wait is told, too."""
    kept = project.services.comparisons
    try:
        if asked.has_many:
            made = await counted_elsewhere(project.services.database, asked)
        else:
            made = await counted(project, asked)
        kept.keep(key, made, len(made.before_ids) + len(made.after_ids))
        return made
    except InputError as error:
        kept.keep(key, error, 1)
        return error
    finally:
        del project.services.comparing[key]


async def gated(project: ProjectAccess, experiment_id: int, policy: Policy, baseline_id: int | None = None) -> Gate:
    """An experiment held against a policy. Raises NotFound, and as `experiments.gate.gate` does."""
    results = await _known(project, experiment_id)
    baseline = None if baseline_id is None else await _known(project, baseline_id)
    gating = Gating(policy, has_baseline=baseline is not None)
    if baseline is not None:
        await fed(project, baseline, gating.add_baseline)
    await fed(project, results, gating.add)
    names = results["name"], "" if baseline is None else baseline["name"]
    return await asyncio.to_thread(gating.finish, names)


async def _known(project: ProjectAccess, experiment_id: int) -> Record:
    async with project.reading() as connection:
        found = await experiments.named(connection, project.id, experiment_id)
    if found is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    return found
