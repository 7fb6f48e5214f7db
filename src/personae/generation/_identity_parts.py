"""From the parts of an identity to a persona: what is played, and what is kept by section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from personae.core.persona import Persona
from personae.core.sections import Attributes, Identity, Provenance, Scores, Sections, Statement, Story
from personae.generation._identity_answers import Life, Portrait
from personae.generation.questionnaires import questionnaire


@dataclass(frozen=True, slots=True)
class Self:
    """What is known of one person. Parts that are not wanted are None, or empty."""

    name: str
    facts: Mapping[str, int | str]
    """Social identity."""
    answers: Mapping[str, Mapping[int, int]] | None
    """Personal identity: answer by item, for `traits` and `values`."""
    portrait: Portrait | None
    life: Life | None
    drawn: Mapping[str, int | str]
    """What the person was made by, for filters."""


def persona_of(told: Self, provenance: Provenance, *, is_real: bool) -> Persona:
    """The persona. What is played is S, P and C, one after the other."""
    parts = [
        f"About {told.name}: {'; '.join(f'{name}: {value}' for name, value in told.facts.items())}."
        if told.facts
        else "",
        *((told.portrait.personality, told.portrait.values) if told.portrait else ()),
        told.life.told if told.life else "",
    ]
    drawn = Provenance(method="identity", key=provenance.key, seed=provenance.seed, source=provenance.source)
    sections = Sections(
        identity=Identity(facts={"name": told.name, **told.facts}, provenance=drawn) if told.facts else None,
        traits=_scores("big_five", told.answers["traits"]) if told.answers else None,
        values=_scores("values", told.answers["values"]) if told.answers else None,
        attributes=_likes(told.life) if told.life else None,
        story=Story(text=told.life.story) if told.life else None,
    )
    return Persona(
        name=told.name,
        description="\n\n".join(part for part in parts if part),
        attributes=dict(told.drawn),
        kind="individualized" if is_real else "demographic",
        sections=sections,
    )


def _likes(life: Life) -> Attributes:
    return Attributes(by_path={"preferences > likes": list(life.likes), "preferences > dislikes": list(life.dislikes)})


def _scores(name: str, answers: Mapping[int, int]) -> Scores:
    of = questionnaire(name)
    scores = of.scores(answers)
    return Scores(
        scores=dict(scores),
        low=float(of.low),
        high=float(of.high),
        instrument=of.name,
        statements=tuple(Statement(text=sentence) for sentence in of.sentences(scores)),
    )
