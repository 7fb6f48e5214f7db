"""An interview: what is asked so that somebody tells of their life, and what is asked about the story afterwards.

Source: "Higher-Order Binding", arXiv 2504.11673, and the Anthology method before it. The questions are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from personae.errors import InputError
from personae.sources.yaml import Node, read_tree

NOT_TOLD = "not told"
"""The answer to a survey's question that a story gives no ground for."""
_KEYS = {"trait", "question", "options"}


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question about a story, with the answers that can be given."""

    trait: str
    question: str
    options: tuple[str, ...]


@cache
def own_questions() -> tuple[str, ...]:
    """The interview that comes with personae."""
    return read_questions(Path(__file__).with_name("interview.yaml"))


@cache
def own_survey() -> tuple[SurveyQuestion, ...]:
    """The survey that comes with personae."""
    return read_survey(Path(__file__).with_name("survey.yaml"))


def read_questions(path: Path) -> tuple[str, ...]:
    """Questions from a YAML or JSON list of texts. Raises InputError with line."""
    questions = []
    for node in _items(path, "questions"):
        if not isinstance(node.value, str) or not node.value.strip():
            raise InputError("must be a question", file=path, line=node.line)
        questions.append(node.value.strip())
    return tuple(questions)


def read_survey(path: Path) -> tuple[SurveyQuestion, ...]:
    """A survey from a YAML or JSON list of {trait, question, options}. Raises InputError with line and field."""
    found: dict[str, SurveyQuestion] = {}
    for node in _items(path, "survey questions"):
        try:
            one = _survey_question(node.plain())
        except ValueError as error:
            raise InputError(str(error), file=path, line=node.line) from None
        if one.trait in found:
            raise InputError(f"{one.trait!r} is asked for already", file=path, line=node.line, field="trait")
        found[one.trait] = one
    return tuple(found.values())


def _items(path: Path, noun: str) -> list[Node]:
    top, problems = read_tree(path)
    if problems:
        raise InputError(problems[0].text, file=path, line=problems[0].line, field=problems[0].field)
    if top is None or not isinstance(top.value, list) or not top.value:
        raise InputError(f"must be a list of {noun}", file=path, line=1)
    return top.value


def _survey_question(data: Any) -> SurveyQuestion:
    """Raises ValueError."""
    if not isinstance(data, dict) or set(data) != _KEYS:
        raise ValueError(f"must have exactly {', '.join(sorted(_KEYS))}")
    trait, question, options = data["trait"], data["question"], data["options"]
    if not (isinstance(trait, str) and trait.strip() and isinstance(question, str) and question.strip()):
        raise ValueError("'trait' and 'question' must be texts")
    answers = tuple(str(one).strip() for one in options) if isinstance(options, list) else ()
    if len(answers) < 2 or len({one.casefold() for one in answers}) < len(answers) or not all(answers):
        raise ValueError("'options' must be a list of two or more different answers")
    return SurveyQuestion(trait.strip(), question.strip(), answers)
