"""Does the bot succeed at least once, and every time? pass@k and pass^k over repeats of the same (persona, scenario).

Source: Chen et al. 2021, "Evaluating Large Language Models Trained on Code" (arXiv 2107.03374), equation 1: pass@k;
        Yao et al. 2024, tau-bench (arXiv 2406.12045), section 4: pass^k
Idea:   with c successes in n repeats, k repeats drawn without replacement all succeed with the chance C(c,k)/C(n,k),
        and at least one of them does with 1 - C(n-c,k)/C(n,k). Both are unbiased; their mean over tasks is
        the estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import comb

from personae.stats.intervals import Estimate, rate


@lru_cache(4096)  # tasks are alike: few numbers of repeats, and of successes among them
def pass_all(successes: int, n: int, k: int) -> float:
    """The chance, 0 to 1, that `k` of `n` >= k repeats, drawn without replacement, are all among the `successes`."""
    return comb(successes, k) / comb(n, k)


@lru_cache(4096)
def pass_any(successes: int, n: int, k: int) -> float:
    """The chance, 0 to 1, that of `k` of `n` >= k repeats, drawn without replacement, one at least succeeds."""
    return 1 - comb(n - successes, k) / comb(n, k)


def pass_hat(tasks: Iterable[tuple[int, int]], k: int) -> Estimate:
    """pass^k over tasks, each (successes, repeats). Tasks with fewer than `k` measured repeats are left out.

    `n` of the estimate is the number of tasks: each counts once, however often it was repeated. The interval is
    Wilson's over tasks: never too narrow, because a chance spreads no wider than a yes or no with the same mean.
    """
    chances = [(pass_all(successes, n, k), 1) for successes, n in tasks if n >= k]
    return rate(chances, reason=f"no task was measured {k} times")


def pass_at(tasks: Iterable[tuple[int, int]], k: int) -> Estimate:
    """pass@k over tasks, each (successes, repeats); counted and bounded as `pass_hat`."""
    chances = [(pass_any(successes, n, k), 1) for successes, n in tasks if n >= k]
    return rate(chances, reason=f"no task was measured {k} times")
