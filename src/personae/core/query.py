"""Query: one thing that a user could ask a chatbot, with who asks and on which topic. Topic: what users come with."""

from __future__ import annotations

from personae.core.persona import Persona, Said, Scenario
from personae.core.record import Field, Filled, Record, Text
from personae.core.sections import Provenance
from personae.core.seed import digest


class Example(Record):
    """One kind of user of a topic, with a query as they would write it."""

    example_type: Filled
    """A short label, such as `Frantic Freelancer`."""
    example_background: Filled
    """Who they are and what brings them, in a sentence or two."""
    example_query: Filled


class Topic(Record):
    """A subject on which the chatbot must be good."""

    topic: Filled
    example_types: tuple[Example, ...] = Field(min_length=1, strict=False)


class Query(Record):
    """One single query, and whose it is."""

    topic: Text = ""
    """Blank where none was given."""
    example_type: Text = ""
    """The example after which it was made."""
    user_type: Text = ""
    user_background: Text = ""
    query: Filled
    expected_outcome: Text = ""
    """What a good answer says or does. For the judge alone."""
    seed: int = 0
    """Of this query alone."""
    provenance: Provenance | None = None

    @property
    def key(self) -> str:
        """Names this query among all others: by its place in its run, or else by its text."""
        if self.provenance is not None and self.provenance.key:
            return digest(self.provenance.run, self.provenance.key)
        return digest(self.topic, self.user_type, self.query)

    def scenario(self) -> Scenario:
        """The conversation that this query opens. With one reply of the bot at most, it is a single-turn test."""
        who = self.user_background or self.user_type or "Somebody who writes to the assistant."
        persona = Persona(name=f"{self.user_type or 'user'} {self.key[:6]}", description=who)
        return Scenario(
            name=self.topic or self.query[:60],
            goal=f"Get this answered or done: {self.query}",
            expected_outcome=self.expected_outcome,
            opening=(Said(role="user", content=self.query),),
            fields={name: value for name in ("topic", "example_type", "user_type") if (value := getattr(self, name))},
            persona=persona,
        )
