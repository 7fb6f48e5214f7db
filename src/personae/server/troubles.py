"""What does not work at the moment, for `/readyz`."""

from __future__ import annotations

from collections.abc import Callable


class Troubles:
    """Problems by the part that has them. A part that is well has none."""

    def __init__(self) -> None:
        self._problems: dict[str, str] = {}

    def of(self, part: str) -> Callable[[str], None]:
        """For a part that tells of its problem, and with a blank text of its end: `Writer(on_trouble=...of("writer"))`.

        Call it with a blank text too where the part goes away.
        """

        def tell(problem: str) -> None:
            if problem:
                self._problems[part] = problem
            else:
                self._problems.pop(part, None)

        return tell

    @property
    def now(self) -> dict[str, str]:
        """What is wrong, by part; nothing where all is well."""
        return dict(self._problems)
