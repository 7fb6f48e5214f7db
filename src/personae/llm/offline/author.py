"""The author: criteria and test cases for a prompt, from the rules that it states and the placeholders that it has."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from personae.core.seed import derive
from personae.core.tasks import WriteCriteria, WriteRow
from personae.llm.offline.proposer import topics_of
from personae.llm.offline.words import sayable, split_sentences

_READ = 20_000
_MOST_RULES = 6
_RULE = re.compile(
    r"\b(?:must|always|never|only|should|do not|don't|cannot|may not|keep|make sure|no more than|at most|at least)\b",
    re.IGNORECASE,
)
_VALUES = ("a simple case", "a case with an unusual wish", "a case with little information", "a case in a hurry")


def criteria(task: WriteCriteria) -> dict[str, Any]:
    """One question for each rule of the prompt, one for each placeholder, and one on clarity."""
    text = sayable(task.prompt[:_READ])
    sentences = [sentence.strip(" .\n") for line in text.splitlines() for sentence in split_sentences(line)]
    rules = list(dict.fromkeys(sentence for sentence in sentences if _RULE.search(sentence)))[:_MOST_RULES]
    asked = [
        {"label": f"rule {number}", "question": f"Does the assistant keep to this: {rule}?"}
        for number, rule in enumerate(rules, 1)
    ]
    asked += [
        {"label": name, "question": f"Does the assistant deal with the {name.replace('_', ' ')} that it was given?"}
        for name in task.placeholders[:_MOST_RULES]
    ]
    clarity = {"label": "clear", "question": "Is what the assistant says clear and to the point?"}
    return {"criteria": [*asked, clarity]}


def row(task: WriteRow, seed: int) -> dict[str, Any]:
    """A value for each column; another one for each number of cases that there are."""
    draw = Random(derive(seed, "row", task.known))
    topics = topics_of(sayable(task.prompt[:_READ]))
    topic = topics[task.known % len(topics)].name
    values: dict[str, str] = {}
    for column in task.columns:
        if choices := task.choices.get(column):
            values[column] = choices[draw.randrange(len(choices))]
        elif column == task.goal:
            values[column] = f"Find out about {topic}. Ask what it costs and how long it takes."
        else:
            kind = _VALUES[draw.randrange(len(_VALUES))]
            values[column] = f"{column.replace('_', ' ')} {task.known + 1}: {kind} about {topic}"
    return {"values": values}
