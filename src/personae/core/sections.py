"""What generated personas hold beside their description: typed sections, each with the way by which it came to be.

Source: the survey "From Persona to Personalization" (2404.18231) for the kinds; the sections are what the methods of
        `generation` need, and no more
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue, StrictFloat, StrictInt, model_validator

from personae.core.record import Field, Filled, Record, Text

PersonaKind = Literal["demographic", "character", "individualized"]
"""The survey's classes: one of a statistical group; an established figure, real or fictional; one real user, by what
that user did."""


class Provenance(Record):
    """How something came to be: enough to say where it is from and to make its like again."""

    method: Filled
    """Name of a file in `generation/`."""
    model: Text = ""
    """`provider/model`; blank where no model was asked."""
    prompts: dict[Filled, Filled] = Field(default_factory=dict)
    """Name and version hash of each prompt that was used."""
    seed: int | None = None
    """Of this piece alone."""
    source: Text = ""
    """What it was made from, such as a file's name with a line, or the digest of a text."""
    key: Text = ""
    """Which piece of its run it is."""
    run: Text = ""
    """Names the run: method, settings, model and seed."""
    took: dict[Filled, int] = Field(default_factory=dict)
    """What it took beside the first try, by name, such as `revisions` and `rejects`."""


class Statement(Record):
    """One thing that is said of a persona, and what shows it."""

    text: Filled
    turns: tuple[int, ...] = Field(default=(), strict=False)
    """Numbers, from 1, of the user's turns in the conversation it was drawn from that show it."""
    source: Text = ""
    """Which conversation, where there are several."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class Section(Record):
    """What all sections share."""

    provenance: Provenance | None = None
    """Where it is another than the whole persona's."""


class Identity(Section):
    """Who they are: facts such as age, gender, occupation, residence."""

    facts: dict[Filled, JsonValue] = Field(default_factory=dict)
    shares: dict[Filled, dict[Filled, float]] = Field(default_factory=dict)
    """By fact, how often each answer was given where it was asked for several times; they add up to 1."""
    statements: tuple[Statement, ...] = Field(default=(), strict=False)
    """The same in words, with what shows it."""

    @model_validator(mode="after")
    def _says_something(self) -> Identity:
        if not (self.facts or self.shares or self.statements):
            raise ValueError("must hold facts, shares or statements")
        return self


class Scores(Section):
    """How much of each dimension they show, as numbers of one scale or as words such as `high`."""

    scores: dict[Filled, StrictInt | StrictFloat | Filled] = Field(min_length=1)
    low: float | None = None
    """The scale's ends, where the scores are numbers."""
    high: float | None = None
    instrument: Text = ""
    """The questionnaire that gave them."""
    statements: tuple[Statement, ...] = Field(default=(), strict=False)
    """The same in words."""


class Attributes(Section):
    """Values by path in a taxonomy, its parts separated by ` > `."""

    by_path: dict[Filled, JsonValue] = Field(min_length=1)


class Story(Section):
    """What they tell of their life, in their own voice or in the third person."""

    text: Filled


class Statements(Section):
    """What is said of them, one thing at a time."""

    statements: tuple[Statement, ...] = Field(min_length=1, strict=False)


class Goal(Record):
    """Something that they wanted from an assistant."""

    goal: Filled
    expected_outcome: Text = ""
    """What would have satisfied them. For the judge alone."""
    known_info: Text = ""
    """What they had at hand."""
    turns: tuple[int, ...] = Field(default=(), strict=False)
    """As in a statement."""


class Goals(Section):
    """What they wanted, one thing after the other."""

    goals: tuple[Goal, ...] = Field(min_length=1, strict=False)


class Sections(Record):
    """What is known of a persona by parts. The simulator is shown the description alone: a method writes into it
    what of this should be played."""

    identity: Identity | None = None
    traits: Scores | None = None
    """Personality, such as the five factors."""
    values: Scores | None = None
    """What matters to them, by dimension."""
    attributes: Attributes | None = None
    story: Story | None = None
    behaviour: Statements | None = None
    """How they act."""
    knowledge: Statements | None = None
    """What they know, and what they do not."""
    language: Statements | None = None
    """How they write: language, register, habits."""
    goals: Goals | None = None
    """What they really wanted from an assistant, in the conversation that they are drawn from."""
