"""Does the bot succeed every time? pass^k over repeats of the same (persona, scenario).

Source: Yao et al. 2024, tau-bench (arXiv 2406.12045), section 4: pass^k
Idea:   with c successes in n repeats, the chance that k repeats drawn without replacement all succeed is C(c,k)/C(n,k);
        its mean over all tasks.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import comb

from personae.stats.intervals import Estimate, rate


def pass_all(successes: int, n: int, k: int) -> float:
    """The chance, 0 to 1, that `k` of `n` >= k repeats, drawn without replacement, are all among the `successes`."""
    return comb(successes, k) / comb(n, k)


def pass_hat(tasks: Iterable[tuple[int, int]], k: int) -> Estimate:
    """pass^k over tasks, each (successes, repeats). Tasks with fewer than `k` measured repeats are left out.

    `n` of the estimate is the number of tasks: each counts once, however often it was repeated. The interval is
    Wilson's over tasks: never too narrow, because a chance spreads no wider than a yes or no with the same mean.
    """
    chances = [(pass_all(successes, n, k), 1) for successes, n in tasks if n >= k]
    return rate(chances, reason=f"no task was measured {k} times")
