"""Persona: a reusable simulated user. Scenario: one situation that the user is in."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import AliasChoices, JsonValue, field_validator, model_validator

from personae.core.record import Field, Filled, Record, Text
from personae.core.sections import PersonaKind, Provenance, Sections
from personae.core.seed import digest

ADVERSARIAL = "adversarial"
"""The trait (exactly this word, in any case) of a persona that goes on after a refusal."""


class Behaviour(Record):
    """One way of speaking that a user shows now and then, by the name of a file in `simulation.policies`.

    What is None is as that behaviour has it by itself.
    """

    name: Filled
    """Such as `typos` or `gives_up`; dash and underscore are the same."""
    probability: float | None = Field(default=None, ge=0, le=1, strict=False)
    """Of its being asked for, in each turn of its window by itself."""
    first_turn: int | None = Field(default=None, ge=1)
    """The user's first turn, from 1, in which it may be asked for."""
    last_turn: int | None = Field(default=None, ge=1)
    """The last such turn."""
    intensity: Literal[1, 2, 3] | None = None
    """How strongly: 1 slightly, 2 plainly, 3 strongly."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_text(cls, value: Any) -> Any:
        """`typos` or `typos=0.3` says the same as an object with name and probability."""
        if not isinstance(value, str):
            return value
        name, is_dosed, dose = value.partition("=")
        try:
            return {"name": name} | ({"probability": float(dose)} if is_dosed else {})
        except ValueError:
            raise ValueError(f"{value!r} is no behaviour: write NAME or NAME=0.3") from None

    @field_validator("name")
    @classmethod
    def _dashes_are_underscores(cls, value: str) -> str:
        return value.strip().lower().replace("-", "_").replace(" ", "_")

    @model_validator(mode="after")
    def _window_is_open(self) -> Behaviour:
        if self.first_turn is not None and self.last_turn is not None and self.last_turn < self.first_turn:
            raise ValueError(f"'last_turn' ({self.last_turn}) must not come before 'first_turn' ({self.first_turn})")
        return self


When = Literal["volunteer", "if_asked", "never"]
"""When a user tells a fact: of their own accord, when the bot asks for it, or not even then."""


class KnownFact(Record):
    """Something that a user knows, and when they tell it."""

    name: Filled
    """What it is, such as `order number`."""
    value: Filled
    """As the user writes it. May hold `{{column}}` placeholders."""
    when: When = "if_asked"


class Persona(Record):
    """A simulated user. Its texts may hold `{{column}}` placeholders, filled from the scenario's fields."""

    name: Filled
    """A short label, unique in its file."""
    description: Filled = Field(validation_alias=AliasChoices("description", "profile"))
    """Who they are: personality and behaviour. `profile` in persona files of the seed's form."""
    domain_knowledge: Text = ""
    """What this user knows about the subject."""
    traits: tuple[Filled, ...] = Field(default=(), strict=False)
    """Short behaviour tags, such as `terse`, `impatient`, `adversarial`."""
    attributes: dict[str, JsonValue] = Field(default_factory=dict)
    """Free named facts, such as age or region, for filters and slices."""
    behaviours: tuple[Behaviour, ...] = Field(default=(), strict=False)
    """How they speak now and then, each with its dose. A trait `behaviour:NAME=0.3` says the same."""
    facts: tuple[KnownFact, ...] = Field(default=(), strict=False)
    """What they know, each with its rule when to tell it."""
    goal: Text = ""
    """The persona's own goal, used where no scenarios are given."""
    success_criteria: Text = ""
    """How the judge decides that the persona's own goal was met. The simulator never sees it."""
    kind: PersonaKind | None = None
    """Which kind of persona it is; None where nobody said."""
    sections: Sections | None = None
    """What a method of `generation` found out by parts."""
    provenance: Provenance | None = None
    """How it came to be, where a method made it."""

    @field_validator("traits", mode="before")
    @classmethod
    def _traits_are_a_list(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f"must be a list of texts, not one text: write [{value!r}]")  # noqa: TRY004 - pydantic wants it
        return value

    @model_validator(mode="after")
    def _names_are_their_own(self) -> Persona:
        _distinct("behaviours", [one.name for one in self.behaviours])
        _distinct("facts", [one.name.casefold() for one in self.facts])
        return self

    @property
    def profile(self) -> str:
        """The description, by the name that persona files of the seed's form use."""
        return self.description

    @property
    def is_adversarial(self) -> bool:
        return any(trait.strip().lower() == ADVERSARIAL for trait in self.traits)

    @property
    def own_scenario(self) -> Scenario | None:
        """The scenario made of the persona's own goal, if it has one."""
        if not self.goal.strip():
            return None
        return Scenario(goal=self.goal, expected_outcome=self.success_criteria)

    @property
    def version_hash(self) -> str:
        """Names exactly this text of the persona; any edit changes it."""
        return _content_hash(self)


class Said(Record):
    """One message that was said before the persona takes over; the bot's system message, where a row has its own."""

    role: Literal["system", "user", "assistant"]
    content: Text


class Scenario(Record):
    """One situation: what the user wants, what they know, and what should come of it."""

    goal: Filled
    """What the user pursues in this conversation."""
    name: Text = ""
    """A short label. The goal's beginning stands for it where it is blank."""
    expected_outcome: Text = Field(default="", validation_alias=AliasChoices("expected_outcome", "success_criteria"))
    """What a good conversation reaches. For the judge alone: the simulator never sees it."""
    known_info: Text = ""
    """Facts that this user has at hand, such as an order number."""
    unknown_info: Text = ""
    """What this user does not know or does not remember."""
    instructions: Text = ""
    """How to behave in this situation alone, such as what to do if refused."""
    behaviours: tuple[Behaviour, ...] = Field(default=(), strict=False)
    """How the user speaks now and then in this situation; one of the same name stands before the persona's."""
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    """Named values for `{{column}}` placeholders."""
    opening: tuple[Said, ...] = Field(default=(), strict=False)
    """What was said before: the conversation goes on from there. Ends with the user's message, and the bot answers it;
    or with the bot's, and the persona goes on."""
    persona: Persona | None = None
    """The user of this scenario, where a row brings its own; used where no personas are given."""

    @property
    def label(self) -> str:
        """The name, or the goal's first 60 characters."""
        return self.name or (self.goal if len(self.goal) <= 60 else self.goal[:59].rstrip() + "…")

    @property
    def columns(self) -> dict[str, JsonValue]:
        """What placeholders can be filled from: the fields, and the scenario's own `goal` and `name`."""
        return {"goal": self.goal, "name": self.name} | self.fields

    @property
    def system_prompt(self) -> str | None:
        """The bot's system prompt where this scenario brings one."""
        return "\n\n".join(said.content for said in self.opening if said.role == "system") or None

    @property
    def version_hash(self) -> str:
        """Names exactly this text of the scenario; any edit changes it."""
        return _content_hash(self)


def _distinct(field: str, names: list[str]) -> None:
    """Raises ValueError where two of a list's entries have one name."""
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{field!r} holds {twice!r} twice: keep one of the two")


_written = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def _content_hash(record: Record) -> str:
    data: dict[str, Any] = record.as_dict()
    return digest(type(record).__name__, _written(data))
