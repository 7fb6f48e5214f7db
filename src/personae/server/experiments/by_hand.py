"""What people rated themselves, in the results that leave the platform: exports and reports show their answers too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personae.core.result import RATED_BY_HAND
from personae.server.experiments.inputs import criteria
from personae.server.experiments.snapshot import Snapshot
from personae.store.columns import Record


def with_answers(result: Mapping[str, Any], snapshot: Snapshot, rated: Sequence[Record]) -> dict[str, Any]:
    """The result's row with people's answers among `rated` in place of the judge's."""
    by_id = {one["criterion_id"]: one for one in rated if one["is_manual"]}
    given = {one.label: by_id.get(asked.id) for one, asked in zip(*criteria(snapshot), strict=True)}
    found, noted = [], []
    for rating in result["ratings"]:
        if answer := given.get(rating["criterion"]):
            own = {"verdict": answer["rating"] == "YES", "reasoning": answer["reasoning"]}
            rating = {"criterion": rating["criterion"]} | {name: value for name, value in own.items() if value != ""}
            noted.append(rating["criterion"])
        found.append(rating)
    metadata = {name: value for name, value in result["metadata"].items() if name != RATED_BY_HAND}
    return {**result, "ratings": found, "metadata": metadata | ({RATED_BY_HAND: noted} if noted else {})}
