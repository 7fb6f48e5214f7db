"""The judge: a language model that rates a whole transcript by a criterion set, the goal and the metrics in one call.

Source: seeds/003 (goal verdict, conversation evaluators), seeds/000 (criteria rate the entire transcript)
Idea:   everything is asked at once about one fenced, numbered transcript; quotes are checked against it.
Cost:   one call per transcript; more only where the questions do not fit into one, or an answer leaves some out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from personae.core.conversation import Turn
from personae.core.model import Message, Model
from personae.core.persona import Scenario
from personae.core.prompt import Prompt, load, versions
from personae.core.rating import Criterion, Mode, Rating, Score
from personae.core.tasks import Question, Rate, TurnQuestion
from personae.core.template import fill
from personae.core.usage import NO_USAGE, Usage
from personae.errors import BudgetExceeded, ProviderError
from personae.llm.structured import NotUsable, Parsed, UnusableAnswer, ask
from personae.rating import answers
from personae.rating.answers import Answers
from personae.rating.metrics import Metric
from personae.rating.transcript import code, fenced

JUDGE = load("personae.rating", "judge")
TASK = load("personae.rating", "task")
GOAL = load("personae.rating", "goal")
REASONING: dict[str, Prompt] = {
    "fast": load("personae.rating", "reasoning_fast"),
    "detailed": load("personae.rating", "reasoning_detailed"),
}
MOST_ANSWERS = 120
"""Entries that one call may be asked for. More questions than that are split over calls."""
MAX_OUTPUT_TOKENS = 6000

GOAL_ID = "goal"


@dataclass(frozen=True, slots=True)
class Ratings:
    """What the judge said of one transcript, and what it took."""

    goal: Rating | None
    criteria: tuple[Rating, ...]
    scores: tuple[Score, ...]
    usage: Usage = NO_USAGE
    sampling: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Rates transcripts by one criterion set and one set of metrics."""

    model: Model
    criteria: tuple[Criterion, ...] = ()
    metrics: tuple[Metric, ...] = ()
    mode: Mode = "detailed"

    @property
    def prompt_versions(self) -> Mapping[str, str]:
        """Names and hashes of the prompts that shape a rating."""
        questions = (metric.question for metric in self.metrics)
        return versions(JUDGE, TASK, GOAL, REASONING[self.mode], *questions)

    @property
    def name(self) -> str:
        """Who rates, for records: the model, or all models of a panel."""
        return " + ".join(member.model.name for member in self.members)

    @property
    def members(self) -> tuple[Judge, ...]:
        """All who rate; see `rating.panel`."""
        return (self,)

    @property
    def asks_nothing(self) -> bool:
        return not self.criteria and not self.metrics

    async def rate(self, turns: Sequence[Turn], scenario: Scenario) -> Ratings:
        """Ratings of a whole transcript. A question that got no answer has an error instead of a verdict, never NO."""
        questions, asked = self.questions(scenario), self._turn_questions(turns)
        found, usage, errors = Answers(), NO_USAGE, dict[str, str]()
        sampling: Mapping[str, float] | None = None
        for part in _parts(questions, asked):
            error = ""
            try:
                parsed = await self._ask(turns, scenario, *part, found)
                usage, sampling = usage + parsed.usage, parsed.sampling
            except BudgetExceeded as exceeded:
                error = f"not rated: {exceeded}"
            except ProviderError as failed:
                if failed.hopeless:
                    raise
                error = f"not rated: {failed}"
                if isinstance(failed, UnusableAnswer):
                    usage = usage + failed.usage
            for id_ in found.missing(*part):
                errors[id_] = error or "the judge gave no answer to this question"
        return self._collect(scenario, questions, asked, found, errors, usage, sampling)

    def calls(self, turns: Sequence[Turn], scenario: Scenario) -> list[tuple[list[Message], int]]:
        """What rating this transcript takes, if each call is answered at once: its messages, and how many answers."""
        parts = _parts(self.questions(scenario), self._turn_questions(turns))
        return [
            (self.messages(turns, scenario, *part), len(part[0]) + sum(len(one.turns) for one in part[1]))
            for part in parts
        ]

    def questions(self, scenario: Scenario) -> tuple[Question, ...]:
        """The goal, if the scenario says what should come of it, and the criteria with their placeholders filled."""
        questions = []
        if scenario.expected_outcome.strip():
            text = GOAL.render(expected_outcome=scenario.expected_outcome)
            questions.append(Question(GOAL_ID, text, is_goal=True))
        for number, criterion in enumerate(self.criteria, 1):
            text = fill(criterion.question, scenario.columns, where=f"criterion {criterion.label!r}")
            questions.append(Question(f"c{number}", text))
        return tuple(questions)

    def _turn_questions(self, turns: Sequence[Turn]) -> tuple[TurnQuestion, ...]:
        return tuple(
            TurnQuestion(metric.name, metric.name, metric.question.render(), numbers)
            for metric in self.metrics
            if (numbers := metric.asks_about(turns))
        )

    async def _ask(
        self,
        turns: Sequence[Turn],
        scenario: Scenario,
        questions: tuple[Question, ...],
        turn_questions: tuple[TurnQuestion, ...],
        found: Answers,
    ) -> Parsed[None]:
        """One call. Answers go into `found`; the first try is refused where it leaves a question out."""
        tries = 0

        def parse(data: object) -> None:
            nonlocal tries
            tries += 1
            answers.read(data, turns, found)
            if tries == 1 and (gaps := found.gaps(questions, turn_questions)):
                raise NotUsable(f"It has no answer to {'; '.join(gaps)}.")

        return await ask(
            self.model,
            self.messages(turns, scenario, questions, turn_questions),
            purpose="judge",
            schema=answers.SCHEMA,
            parse=parse,
            about=Rate(scenario.goal, turns, questions, turn_questions),
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )

    def messages(
        self,
        turns: Sequence[Turn],
        scenario: Scenario,
        questions: Sequence[Question],
        turn_questions: Sequence[TurnQuestion],
    ) -> list[Message]:
        """What the judge is sent: how to rate, and the questions with the transcript as data."""
        system = JUDGE.render(code=code(turns), reasoning=REASONING[self.mode].render())
        task = TASK.render(
            goal=scenario.goal,
            questions="\n".join(f"- `{question.id}`: {_one_item(question.text)}" for question in questions),
            turn_questions="\n".join(
                f"- `{question.id}` for turn {', '.join(map(str, question.turns))}: {_one_item(question.text)}"
                for question in turn_questions
            ),
            transcript=fenced(turns),
        )
        return [{"role": "system", "content": system}, {"role": "user", "content": task}]

    def _collect(
        self,
        scenario: Scenario,
        questions: Sequence[Question],
        asked: Sequence[TurnQuestion],
        found: Answers,
        errors: Mapping[str, str],
        usage: Usage,
        sampling: Mapping[str, float] | None,
    ) -> Ratings:
        ratings = {}
        for question in questions:
            name = scenario.expected_outcome if question.is_goal else self.criteria[int(question.id[1:]) - 1].label
            verdict = found.verdicts.get(question.id)
            if verdict is None:
                ratings[question.id] = Rating(name, None, error=errors[question.id])
            else:
                ratings[question.id] = Rating(name, verdict.verdict, verdict.reasoning, verdict.quotes)
        by_name = {question.id: question for question in asked}
        scores = []
        for metric in self.metrics:
            single = by_name.get(metric.name)
            if single is None:
                scores.append(Score(metric.name, None, "nothing to measure: there is no bot turn to ask about"))
            elif len(found.left_out(single)) == len(single.turns):
                scores.append(Score(metric.name, None, errors[metric.name]))
            else:
                scores.append(metric.score(single.turns, found.turns[metric.name]))
        goal = ratings.pop(GOAL_ID, None)
        return Ratings(goal, tuple(ratings.values()), tuple(scores), usage, sampling)


def not_rated(judge: Judge, scenario: Scenario, why: str) -> Ratings:
    """What stands in place of ratings where a conversation cannot be rated."""
    goal = Rating(scenario.expected_outcome, None, error=why) if scenario.expected_outcome.strip() else None
    ratings = tuple(Rating(criterion.label, None, error=why) for criterion in judge.criteria)
    return Ratings(goal, ratings, tuple(Score(metric.name, None, why) for metric in judge.metrics))


def _one_item(text: str) -> str:
    """`text` as one item of a list, whatever lines it has."""
    return "\n  ".join(text.splitlines())


Part = tuple[tuple[Question, ...], tuple[TurnQuestion, ...]]


def _parts(questions: tuple[Question, ...], turn_questions: tuple[TurnQuestion, ...]) -> list[Part]:
    """The questions in as few calls as fit."""
    parts: list[Part] = []
    room = 0
    weighted: list[tuple[Question | TurnQuestion, int]] = [(question, 4) for question in questions]
    for question in turn_questions:
        for begin in range(0, len(question.turns), MOST_ANSWERS):
            turns = question.turns[begin : begin + MOST_ANSWERS]
            some = question if turns == question.turns else replace(question, turns=turns)
            weighted.append((some, len(turns)))
    for asked, weight in weighted:
        if not parts or weight > room:
            parts.append(((), ()))
            room = MOST_ANSWERS
        room -= weight
        whole, single = parts[-1]
        if isinstance(asked, Question):
            parts[-1] = ((*whole, asked), single)
        else:
            parts[-1] = (whole, (*single, asked))
    return parts
