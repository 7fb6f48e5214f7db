"""Criterion sets: yes/no questions about a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from personae.errors import NotFound
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Listing, Steps, delete, get, given, post, put

Question = str | tuple[str, str]
"""The question alone, or with a short name before it."""


class Criterion(Received):
    """A yes/no question."""

    id: int
    criterion_str: str
    label: str | None
    created_at: datetime


class CriterionSet(Received):
    """A named list of criteria."""

    id: int
    name: str
    criteria: tuple[Criterion, ...]


class CriterionSets(Noun[D]):
    """The project's criterion sets."""

    @listing
    def list(self) -> Listing[CriterionSet]:
        """All of them, with their criteria."""
        return Listing(get("criterion_sets"), CriterionSet.model_validate)

    @method
    def get(self, set_id: int) -> Steps[CriterionSet]:
        """One set. Raises NotFound."""
        return CriterionSet.model_validate((yield get(f"criterion_sets/{set_id}")))

    @method
    def by_name(self, name: str) -> Steps[CriterionSet]:
        """The set with exactly this name. Raises NotFound."""
        found = (yield get("criterion_sets", name=name))["items"]
        if not found:
            raise NotFound(f"there is no criterion set {name!r}")
        return CriterionSet.model_validate(found[0])

    @method
    def create(self, name: str, questions: Sequence[Question] = ()) -> Steps[CriterionSet]:
        """A new set. Raises Conflict where the name is taken."""
        body = {"name": name, "criteria": [_criterion(question) for question in questions]}
        return CriterionSet.model_validate((yield post("criterion_sets", body)))

    @method
    def add(self, set_id: int, questions: Sequence[Question]) -> Steps[tuple[Criterion, ...]]:
        """More questions; one that is there already is not asked twice."""
        body = {"criterion_set_id": set_id, "criteria": [_criterion(question) for question in questions]}
        return tuple(Criterion.model_validate(one) for one in (yield post("criteria", body)))

    @method
    def edit(self, criterion_id: int, *, question: str | None = None, label: str | None = None) -> Steps[Criterion]:
        """Another wording. Ratings keep the one that they were made by."""
        body = given(criterion_str=question, label=label)
        return Criterion.model_validate((yield put(f"criteria/{criterion_id}", body)))

    @method
    def remove(self, criterion_id: int) -> Steps[None]:
        """Delete one criterion."""
        yield delete(f"criteria/{criterion_id}")

    @method
    def delete(self, set_id: int) -> Steps[None]:
        """With its criteria."""
        yield delete(f"criterion_sets/{set_id}")


def _criterion(question: Question) -> dict[str, str | None]:
    label, text = (None, question) if isinstance(question, str) else question
    return {"criterion_str": text, "label": label}
