"""Generation: ways to make personas, scenarios and queries, one method per file.

A method is a frozen dataclass. Its fields, with the text below each, are the options of `personae generate NAME`; see
`_options`. It is given a `Studio`, which carries the model calls: they are metered, many at once, and every answer is
kept in a file before the method sees it. After a break the method simply runs again, and what was answered before is
answered from the file. So a method must do the same again for the same seed and answers, and needs to know nothing of
budgets, files and resuming.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from personae.core.attribute import Mined
from personae.core.model import Model
from personae.core.persona import Persona, Scenario
from personae.core.query import Query
from personae.core.room import Room
from personae.core.sections import Provenance
from personae.errors import InputError, ProviderError

Made = Persona | Query | Scenario | Mined
Makes = Literal["persona", "query", "scenario", "attribute"]


@dataclass(frozen=True, slots=True)
class Draft:
    """Something that a method made, and how it came to be. `provenance.key` is unique within its run."""

    made: Made
    provenance: Provenance

    @property
    def key(self) -> str:
        return self.provenance.key

    @property
    def persona(self) -> Persona:
        """The persona as files keep it, with its provenance. Raises TypeError where it is something else."""
        if not isinstance(self.made, Persona):
            raise TypeError(f"not a persona: {type(self.made).__name__}")
        return self.made.model_copy(update={"provenance": self.provenance})

    @property
    def query(self) -> Query:
        """The query as files keep it, with its provenance. Raises TypeError where it is something else."""
        if not isinstance(self.made, Query):
            raise TypeError(f"not a query: {type(self.made).__name__}")
        return self.made.model_copy(update={"provenance": self.provenance})

    @property
    def kept(self) -> Made:
        """What was made, with its provenance where it can hold one."""
        if isinstance(self.made, Scenario):
            return self.made
        return self.made.model_copy(update={"provenance": self.provenance})

    def as_dict(self) -> dict[str, Any]:
        """The row that files hold: what was made, with its provenance."""
        return self.made.as_dict() | {"provenance": self.provenance.as_dict()}


class NoDraft(ProviderError):
    """A piece of work gave nothing that can be used, such as after too many tries. The others go on."""


class Piece(Protocol):
    """One piece of a method's plan, which is worked at by itself."""

    @property
    def key(self) -> str:
        """Names it within the run, the same in every run with the same settings and seed, whatever `n` is."""
        ...


P = TypeVar("P", bound=Piece)


class Studio(Protocol):
    """Where a method works: its model, and hands for many pieces at once."""

    @property
    def model(self) -> Model:
        """For calls that belong to no piece, such as one that makes a plan."""
        ...

    @property
    def found(self) -> Mapping[str, Draft]:
        """Drafts of earlier runs of the same work, by key. They count."""
        ...

    def provenance(self, method: str, *, key: str, seed: int | None = None, **facts: Any) -> Provenance:
        """Of a draft of this run, with the model's name. `facts`: more fields of `Provenance`."""
        ...

    def each(self, pieces: Iterable[P], work: Callable[[P, Model], Awaitable[Iterable[Draft]]]) -> AsyncIterator[Draft]:
        """The drafts that `work` makes of each piece, as they come; many pieces at once.

        A piece whose drafts are found is not worked at: they are given as they are. The key of a piece's draft is the
        piece's own, or begins with it and a `/`. A piece whose work raises a ProviderError that is not hopeless gives
        nothing: it is noted, and the others go on. `work` must ask the model that it is given, so that its answers are
        kept as the piece's.
        """
        ...


class Effort(NamedTuple):
    """What a method will ask of its model, roughly."""

    calls: tuple[int, int]
    """Fewest and most."""
    input_tokens: int
    """Of one call."""
    output_tokens: int


class Generator(Protocol):
    """What every file of this room registers."""

    makes: ClassVar[Makes]
    """What its drafts hold."""

    def effort(self, n: int) -> Effort:
        """What `n` drafts will take, for the estimate that is shown before the first call."""
        ...

    def generate(self, studio: Studio, n: int, seed: int) -> AsyncIterator[Draft]:
        """`n` drafts, those in `studio.found` among them, varied by `seed`; fewer where pieces failed.

        Raises InputError before any call for settings that contradict each other, and ProviderError where the model
        cannot give what everything else hangs on.
        """
        ...


class Told(NamedTuple):
    """What a method has to say of a run's drafts."""

    lines: tuple[str, ...]
    """For the terminal."""
    data: Mapping[str, Any]
    """The same and more, for the summary as JSON."""


@runtime_checkable
class Reporting(Protocol):
    """A generator that has something to say in the end, such as which quotas were reached."""

    def report(self, drafts: Sequence[Draft]) -> Told:
        """Of all drafts, those of earlier runs among them."""
        ...


generators: Room[Generator] = Room("personae.generation", "generator")


def check_count(n: int, noun: str) -> None:
    """Raises InputError where `n` is no count of things to make."""
    if n < 1:
        raise InputError(f"the number of {noun} must be 1 or more, not {n}")
