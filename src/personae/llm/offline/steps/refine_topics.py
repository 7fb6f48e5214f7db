"""A change to topics and guidance: one sentence for each reason, and one more example for each topic that suffered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personae.core.query import Topic
from personae.core.seed import derive
from personae.llm.offline.steps.write_query import WriteQuery

_RULES = {
    "near-duplicate": "Begin each message in another way, and take another circumstance each time.",
    "off-topic": "Name the topic's subject in the message itself.",
    "generic": "Say when and where it happened, and which amount it is about.",
    "unrealistic": "Write as people type: short, plain, with one wish at a time.",
    "wrong facts": "Use only amounts and terms that the company's description states.",
    "wrong language": "Write in the language of the example.",
}
_MOST_TOPICS = 3


@dataclass(frozen=True, slots=True)
class RefineTopics:
    """Propose what to change by the reasons for rejection, the commonest first."""

    context: str
    topics: tuple[Topic, ...]
    guidance: str
    reasons: tuple[str, ...]
    worst: tuple[str, ...]
    """Topics with rejected queries."""

    def answer(self, seed: int) -> dict[str, Any]:
        """Rules for the reasons that are known, and examples for the first few of the worst topics."""
        known = self.guidance.splitlines()
        rules = [_RULES.get(reason, f"Avoid this: {reason}.") for reason in self.reasons]
        guidance = "\n".join([*known, *(rule for rule in rules if rule not in known)])
        changed = [
            self._with_one_more(topic, seed) for topic in self.topics if topic.topic in self.worst[:_MOST_TOPICS]
        ]
        why = f"Rejected for {', '.join(self.reasons)}: one rule for each reason, and one more example for each topic."
        return {"why": why, "changed": changed, "removed": [], "guidance": guidance}

    def _with_one_more(self, topic: Topic, seed: int) -> dict[str, Any]:
        place = derive(seed, "refine", topic.topic, len(topic.example_types))
        made = WriteQuery(self.context, topic.topic, topic.example_types[0], place).answer(seed)
        new = {
            "example_type": made["user_type"],
            "example_background": made["user_background"].partition(" Comes with ")[0],
            "example_query": made["query"],
        }
        examples = [example.as_dict() for example in topic.example_types]
        return {"replaces": topic.topic, "topic": topic.topic, "example_types": [*examples, new]}
