"""The assignment of rows to columns, one to one, that costs least in all.

Source: Kuhn 1955 and Munkres 1957 (the Hungarian method), by shortest augmenting paths with potentials as in Jonker and
        Volgenant 1987
Cost:   at most rows² x columns steps; 300 x 300 takes about a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite


def assign(costs: Sequence[Sequence[float]]) -> list[int | None]:
    """The column of each row, no column twice, so that the sum of costs is least.

    Where there are more rows than columns, the rows that get none have None. Costs may be negative, to look for the
    greatest sum. Raises ValueError for rows of different lengths and for costs that are no finite numbers.
    """
    width = len(costs[0]) if costs else 0
    if any(len(row) != width for row in costs):
        raise ValueError("all rows must have the same number of columns")
    if not all(isfinite(cost) for row in costs for cost in row):
        raise ValueError("all costs must be finite numbers")
    if len(costs) <= width:
        return list(_assign(costs, width))
    found: list[int | None] = [None] * len(costs)
    for column, row in enumerate(_assign(list(zip(*costs, strict=True)), len(costs))):
        found[row] = column
    return found


def _assign(costs: Sequence[Sequence[float]], width: int) -> list[int]:
    """The column of each row, where there are at least as many columns as rows."""
    search = _Search(costs, width)
    for row in range(len(costs)):
        search.place(row)
    found = [-1] * len(costs)
    for column, row in enumerate(search.row_of[:width]):
        if row >= 0:
            found[row] = column
    return found


class _Search:
    """Rows placed one by one, each by the cheapest path to a free column, in costs less potentials.

    A cost less the potentials of its row and column is never negative, and 0 where the row is placed. Column `width`
    stands for the row that is being placed.
    """

    def __init__(self, costs: Sequence[Sequence[float]], width: int) -> None:
        self.costs, self.width = costs, width
        self.row_of = [-1] * (width + 1)
        self.of_rows, self.of_columns = [0.0] * len(costs), [0.0] * (width + 1)

    def place(self, new: int) -> None:
        self.row_of[self.width] = new
        came_from = [self.width] * self.width
        at = self._free_column(came_from)
        while at != self.width:
            self.row_of[at] = self.row_of[came_from[at]]
            at = came_from[at]

    def _free_column(self, came_from: list[int]) -> int:
        """The free column that is cheapest to reach; `came_from` says by which way."""
        reach, left = [inf] * self.width, list(range(self.width))
        at, reached = self.width, list[int]()
        while (row := self.row_of[at]) >= 0:
            reached.append(at)
            own, offset = self.costs[row], self.of_rows[row]
            nearest, step = -1, inf
            for column in left:
                cost = own[column] - offset - self.of_columns[column]
                if cost < reach[column]:
                    reach[column], came_from[column] = cost, at
                if reach[column] < step:
                    nearest, step = column, reach[column]
            for column in reached:
                self.of_rows[self.row_of[column]] += step
                self.of_columns[column] -= step
            left.remove(nearest)
            for column in left:
                reach[column] -= step
            at = nearest
        return at
