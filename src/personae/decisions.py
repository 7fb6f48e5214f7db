"""The Python door to runs that are over: `compare` two of them, hold one against a `gate`. No call to any model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from personae.core.result import SimulationResult
from personae.errors import InputError
from personae.experiments import compare as comparing
from personae.experiments import gate as gating
from personae.experiments.comparison import Comparison
from personae.experiments.gate import Gate
from personae.experiments.gate_policy import Policy, policy_of, read_policy
from personae.experiments.result_file import read_rows

Results = str | Path | Iterable[SimulationResult]
"""A result file, or the results of `simulate`."""


def compare(before: Results, after: Results, *, correction: str = "holm", force: bool = False) -> Comparison:
    """What differs between two runs, pair by pair: `after` less `before`.

    `correction` of the p-values of several criteria and metrics: `holm`, or `bh`. Raises NotComparable where the runs
    differ in more than the bot, unless `force`: the comparison is then marked. What is undefined says why.
    """
    names = _name(before, "before"), _name(after, "after")
    return comparing.compare(rows_of(before), rows_of(after), names=names, correction=correction, force=force)


def gate(results: Results, policy: str | Path | Mapping[str, Any] | Policy, baseline: Results | None = None) -> Gate:
    """PASS, FAIL or INCONCLUSIVE: a run held against a policy, and for `drop_at_most` against the run before.

    `policy` is a YAML file, or its content as plain data: `{"rules": [{"rule": "goal", "at_least": 0.8}]}`. Raises
    InputError and ConfigurationError for what is wrong in it, NotComparable for a baseline that is another kind of run.
    """
    if isinstance(policy, str | Path):
        policy = read_policy(Path(policy))
    elif not isinstance(policy, Policy):
        policy = policy_of(policy)
    names = _name(results, "results"), "" if baseline is None else _name(baseline, "baseline")
    return gating.gate(rows_of(results), policy, None if baseline is None else rows_of(baseline), names=names)


def rows_of(results: Results) -> Iterable[Mapping[str, Any]]:
    """The rows, streamed out of a file. Raises InputError where there is none."""
    if not isinstance(results, str | Path):
        return (result.as_row() for result in results)
    if not Path(results).is_file():
        raise InputError("there is no such file: give a result file of `personae simulate`", file=results)
    return read_rows(Path(results))


def _name(results: Results, otherwise: str) -> str:
    return Path(results).name if isinstance(results, str | Path) else otherwise
