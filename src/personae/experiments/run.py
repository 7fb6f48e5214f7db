"""One conversation of an experiment, from its first word to its recorded result.

Converse, rate, record: every turn is recorded before the next call is made, and one conversation's failure is one row.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from personae import provenance
from personae.bots import Bot, Session
from personae.core.conversation import CUT, ERRORS, Conversation, Termination, Turn
from personae.core.model import Model
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt, Validity
from personae.errors import BudgetExceeded, PersonaeError, RecordingError
from personae.experiments.attempts import attempt_of, checked, nth, with_rating
from personae.experiments.budget import BYTES_PER_TOKEN, NOTHING, Amount, Budget, Hold, most, size_of
from personae.experiments.kit import Kit
from personae.experiments.plan import Plan
from personae.experiments.progress import Progress
from personae.experiments.recorders import Recorder, SoFar, added, usage_of
from personae.rating import auditor
from personae.rating import judge as judging
from personae.rating.judge import Judge, Ratings, not_rated
from personae.rating.refusal import RefusalCheck
from personae.simulation import dose
from personae.simulation.conversation import Ended, Rules, converse, too_long
from personae.simulation.simulator import FACTS_VERSIONS, NOTE_VERSIONS, Simulator
from personae.simulation.validity import is_to_be_repeated, with_findings

log = logging.getLogger(__name__)

_AHEAD_BYTES, _AHEAD_TURNS = 2000, 6
"""How far beyond what was said the rating's hold reaches, so that it is not raised at every turn."""
_RATING_OVERHEAD_TOKENS = 2500
"""Of a rating call beside the transcript: how to rate, the questions, the form of the answer."""
_MOST_RATED_BYTES = 160_000
_ANSWERS_PER_QUESTION = 4
"""What a question about the whole transcript weighs beside one about a single turn; see `rating.judge`."""


@dataclass(slots=True)
class Talk:
    """One conversation while it runs."""

    spec: Spec
    turns: list[Turn]
    beside: Mapping[str, Usage]
    """What earlier runs took for it beside the turns, by role."""
    ended: Ended | None
    """Why it ended, where an earlier run came so far."""
    refused: RefusalCheck
    attempts: tuple[Attempt, ...] = ()
    """Those that were no fair tests, before this one."""
    audited: Usage = NO_USAGE
    """What the auditor took for this one, in this run. It is in `beside`."""

    @property
    def waits_for_bot(self) -> bool:
        return bool(self.turns) and self.turns[-1].role == "user"


@dataclass(slots=True)
class Experiment:
    """Everything that a run needs, fully built. See `experiments.build` for how it comes from settings."""

    plan: Plan
    simulator: Model
    bot: Bot
    judge: Judge
    rules: Rules
    budget: Budget
    recorder: Recorder
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What every row of this run says about how it came to be."""
    repeat_invalid: int = 0
    """How often at most a conversation is held again that was no fair test by the simulator's fault."""
    audits: bool = False
    """Whether the judge is asked, too, if the simulated user behaved as the persona would."""
    run_id: str = ""
    """Part of each session's id, so that a bot which remembers never takes this run's conversations for another's."""
    beside_messages: Callable[[Spec], Mapping[str, Any] | None] = lambda _: None
    """What the bot is sent in one conversation beside its messages; see `bots.Session.extra`."""
    kit: Kit | None = None
    """What another process needs to hold its conversations. None: they can be held here alone."""
    progress: Progress = field(default_factory=Progress)
    half_done: dict[str, SimulationResult] = field(default_factory=dict)
    """Conversations that a cancelled run broke off, as they were. They are recorded turn by turn, and have no row."""
    is_stopping: bool = False
    """Calls that are under way are finished and recorded, and no new one is made. See `stop`."""
    has_enough: bool = False
    """No further conversation is begun; those that run are held to their end."""
    _refusals: dict[str, bool] = field(default_factory=dict)

    async def conversation(self, spec: Spec) -> SimulationResult:
        """Hold, rate and record one conversation. Raises only what must stop the whole run.

        That is: ProviderError and BotError that are hopeless, and RecordingError.
        """
        self.progress.running += 1
        try:
            try:
                hold = await self.budget.open(self._rating_amount(spec, self._questions_size(spec), 0))
            except BudgetExceeded as error:
                ended = Ended("budget_exceeded", error=str(error))
                return await self._record(self._talk(spec), ended, self._unrated(spec, ended))
            try:
                with provenance.bind_case(spec.key):
                    return await self._held(spec, hold)
            finally:
                self.budget.close(hold)
        finally:
            self.progress.running -= 1

    def _talk(self, spec: Spec) -> Talk:
        """The conversation as it is recorded. A farewell whose end was not recorded is said again."""
        return self._from(spec, self.recorder.so_far(spec.key))

    def _from(self, spec: Spec, so_far: SoFar) -> Talk:
        turns = list(so_far.turns)
        if turns and so_far.ended is None and turns[-1].metadata.get("farewell"):
            turns.pop()
        return self._attempt(spec, so_far.attempts, turns, so_far.beside, so_far.ended)

    def _attempt(
        self,
        spec: Spec,
        earlier: tuple[Attempt, ...],
        turns: list[Turn],
        beside: Mapping[str, Usage],
        ended: Ended | None = None,
    ) -> Talk:
        """The conversation after `earlier` attempts, under the seed that is this one's."""
        if earlier:
            spec = replace(spec, seed=nth(spec.seed, len(earlier)))
        return Talk(spec, turns, beside, ended, RefusalCheck(self.judge.model, self._refusals), earlier)

    async def _held(self, spec: Spec, hold: Hold) -> SimulationResult:
        talk = self._talk(spec)
        if talk.turns and talk.ended is None and self.bot.is_stateful:  # it has forgotten: begin anew
            await self.recorder.restart(spec)
            talk = self._talk(spec)
        try:
            while True:
                ended = talk.ended or await self._ended(talk, hold)
                conversation = self._said(talk, ended)
                validity = checked(spec, conversation, ended)
                if self.audits and validity.verdict != "invalid" and self._is_rated(talk, ended):
                    validity = await self._audited(talk, conversation, validity, hold)
                if len(talk.attempts) >= self.repeat_invalid or not is_to_be_repeated(validity, conversation):
                    break
                talk = await self._again(spec, talk, ended, validity)
            self.budget.give_back(hold)
            ratings = await self._rate(talk, ended)
        except asyncio.CancelledError:
            self.half_done[spec.key] = self._cut_off(talk)
            raise
        except _Stopped:
            self.half_done[spec.key] = self._cut_off(talk)
            return self.half_done[spec.key]
        return await self._record(talk, ended, ratings, with_rating(validity, ratings))

    async def _again(self, spec: Spec, talk: Talk, ended: Ended, validity: Validity) -> Talk:
        """Keep what was said as an attempt, and begin anew."""
        total = added({"simulator": ended.usage, "judge": talk.refused.usage}, added(usage_of(talk.turns), talk.beside))
        attempt = attempt_of(self._said(talk, ended), validity, total, talk.attempts)
        await self.recorder.repeat(spec, attempt, {"judge": talk.audited})
        self.progress.repeated += 1
        return self._attempt(spec, (*talk.attempts, attempt), [], total)

    async def _audited(self, talk: Talk, conversation: Conversation, validity: Validity, hold: Hold) -> Validity:
        """With what the auditor found. What it took is the judge's."""
        spec, turns = talk.spec, conversation.turns
        self.budget.give_part(hold, self._audit_amount(sum(size_of(turn.content) for turn in turns)))
        found = await auditor.audit(self.judge.model, spec.persona, spec.scenario, turns, conversation.termination)
        talk.beside = added(talk.beside, {"judge": found.usage})
        talk.audited = talk.audited + found.usage
        return with_findings(validity, found.findings)

    def stop(self) -> None:
        """End the run at the next turn of each conversation, with nothing lost that is paid for. It can go on later."""
        self.is_stopping = True

    async def _ended(self, talk: Talk, hold: Hold) -> Ended:
        """Why the conversation ended. Whatever goes wrong in it is such a reason, except what must stop the run."""
        try:
            async with asyncio.timeout(self.rules.timeout_s):
                return await self._converse(talk, hold)
        except TimeoutError:
            return too_long(talk.turns, self.rules.timeout_s)
        except Exception as error:  # the one boundary where a defect in one conversation becomes data
            if isinstance(error, RecordingError | _Stopped) or getattr(error, "hopeless", False):
                raise
            if not isinstance(error, PersonaeError):
                log.exception("conversation failed", extra={"case": talk.spec.key})
            return Ended(_side(talk), error=str(error) if isinstance(error, PersonaeError) else _told(error))

    async def _converse(self, talk: Talk, hold: Hold) -> Ended:
        spec, turns, refused = talk.spec, talk.turns, talk.refused
        simulator = Simulator(self.simulator, spec, self.rules.max_turns)
        session = Session(
            f"{spec.key}-{self.run_id}-{len(turns)}" + (f"-again{len(talk.attempts)}" if talk.attempts else ""),
            spec.scenario.fields,
            system_prompt=spec.system_prompt,
            extra=self.beside_messages(spec),
        )
        await self._open(talk)
        rules = self.rules.for_persona(spec.persona, spec.behaviours)
        size = self._questions_size(spec) + sum(size_of(turn.content) for turn in turns)
        recorded = refused.usage
        held_size = held_turns = 0
        talking = converse(simulator, self.bot, session, rules, refused, tuple(turns))
        async with aclosing(talking):  # else asyncio makes a task to close it, for each conversation
            async for event in talking:
                beside = None
                if refused.usage is not recorded:
                    beside, recorded = {"judge": refused.usage - recorded}, refused.usage
                if isinstance(event, Ended):
                    if self._is_rated(talk, event):
                        await self.recorder.ended(spec, event, beside)
                    return event
                turns.append(event)
                await self.recorder.turn(spec, event, beside)
                self.progress.turns += 1
                if self.is_stopping:
                    raise _Stopped
                size += size_of(event.content)
                if event.metadata.get("farewell"):  # nothing more is said, and what comes next is why
                    continue
                if size > held_size or len(turns) > held_turns:
                    held_size, held_turns = size + _AHEAD_BYTES, len(turns) + _AHEAD_TURNS
                    try:
                        await self.budget.raise_hold(hold, self._rating_amount(spec, held_size, held_turns // 2))
                    except BudgetExceeded as error:
                        return Ended("budget_exceeded", error=str(error))
        raise AssertionError("a conversation ends by saying why")

    async def _open(self, talk: Talk) -> None:
        """What the scenario begins with, where the conversation has not begun."""
        for turn in () if talk.turns else talk.spec.opening():
            talk.turns.append(turn)
            await self.recorder.turn(talk.spec, turn)

    def _questions_size(self, spec: Spec) -> int:
        """Bytes of what the judge is told about this conversation beside its turns."""
        own = size_of(spec.scenario.goal) + size_of(spec.scenario.expected_outcome)
        return own + sum(size_of(criterion.question) + 20 for criterion in self.judge.criteria)

    def _rating_amount(self, spec: Spec, size: int, replies: int) -> Amount:
        """What rating a transcript can take at most. `size`: bytes of it and of the questions."""
        judge, goal = self.judge, bool(spec.scenario.expected_outcome.strip())
        audit = self._audit_amount(size)
        if judge.asks_nothing and not goal:
            return audit
        read = int(min(size, _MOST_RATED_BYTES) / BYTES_PER_TOKEN) + _RATING_OVERHEAD_TOKENS
        answers = _ANSWERS_PER_QUESTION * (len(judge.criteria) + goal) + len(judge.metrics) * replies
        calls = -(-answers // judging.MOST_ANSWERS) or 1
        amount = audit
        for member in judge.members:
            amount = amount.plus(most(member.model, read, judging.MAX_OUTPUT_TOKENS).times(calls))
        return amount

    def _audit_amount(self, size: int) -> Amount:
        """What auditing a transcript of so many bytes can take at most."""
        if not self.audits:
            return NOTHING
        read = int(min(size, _MOST_RATED_BYTES) / BYTES_PER_TOKEN) + _RATING_OVERHEAD_TOKENS
        return most(self.judge.model, read, auditor.MAX_OUTPUT_TOKENS)

    def _is_rated(self, talk: Talk, ended: Ended) -> bool:
        return ended.termination not in CUT | ERRORS and any(turn.role == "assistant" for turn in talk.turns)

    async def _rate(self, talk: Talk, ended: Ended) -> Ratings:
        scenario = talk.spec.scenario
        if not self._is_rated(talk, ended):
            return self._unrated(talk.spec, ended)
        try:
            return await self.judge.rate(talk.turns, scenario)
        except PersonaeError:
            raise
        except Exception as error:
            log.exception("rating failed", extra={"case": talk.spec.key})
            return not_rated(self.judge, scenario, f"not rated: {_told(error)}")

    def cancelled(self, spec: Spec, why: str = "") -> SimulationResult:
        """What stands for a conversation that this run did not end. It is not recorded, so that it can go on."""
        return self.half_done.get(spec.key) or self._cut_off(self._talk(spec), why)

    def broken_off(self, spec: Spec, so_far: SoFar) -> None:
        """A conversation that was held elsewhere was not ended there, and is left half-done."""
        self.half_done[spec.key] = self._cut_off(self._from(spec, so_far))

    async def given_up(self, spec: Spec, so_far: SoFar, problem: str) -> SimulationResult:
        """Record that a conversation which was held elsewhere failed by `problem`. It is not rated."""
        talk = self._from(spec, so_far)
        ended = Ended(_side(talk), error=problem)
        return await self._record(talk, ended, self._unrated(spec, ended))

    def _cut_off(self, talk: Talk, why: str = "") -> SimulationResult:
        ended = Ended("cancelled", error=why)
        return self._result(talk, ended, self._unrated(talk.spec, ended))

    def _unrated(self, spec: Spec, ended: Ended) -> Ratings:
        return not_rated(self.judge, spec.scenario, f"not rated: the conversation ended by {ended.termination}")

    async def _record(
        self, talk: Talk, ended: Ended, ratings: Ratings, validity: Validity | None = None
    ) -> SimulationResult:
        result = self._result(talk, ended, ratings, validity)
        await self.recorder.finish(result)
        self.progress.finished(result)
        return result

    def _said(self, talk: Talk, ended: Ended) -> Conversation:
        system = self._system_prompt(talk.spec)
        return Conversation(tuple(talk.turns), ended.termination, ended.explanation, ended.error, system)

    def _result(self, talk: Talk, ended: Ended, ratings: Ratings, validity: Validity | None = None) -> SimulationResult:
        """`validity`: the verdict without the attempts; None where it is still to be found."""
        spec, conversation = talk.spec, self._said(talk, ended)
        return SimulationResult(
            key=spec.key,
            persona=spec.persona,
            scenario=spec.scenario,
            epoch=spec.epoch,
            conversation=conversation,
            goal=ratings.goal,
            ratings=ratings.criteria,
            scores=ratings.scores,
            usage=_usage(talk, ended, ratings),
            metadata=self._metadata(talk, ended, ratings),
            validity=replace(validity or checked(spec, conversation, ended), attempts=talk.attempts),
            index=spec.index,
        )

    def _system_prompt(self, spec: Spec) -> str:
        return self.bot.system_prompt if spec.system_prompt is None else spec.system_prompt

    def _metadata(self, talk: Talk, ended: Ended, ratings: Ratings) -> dict[str, Any]:
        spec, turns, refused = talk.spec, talk.turns, talk.refused
        sampling: Mapping[str, Any] = next(
            (turn.metadata["sampling"] for turn in turns if "sampling" in turn.metadata), {}
        )
        data = {
            **self.metadata,
            "simulator_temperature": sampling.get("temperature"),
            "judge_temperature": (ratings.sampling or {}).get("temperature"),
            "seed": spec.seed,
            "provenance": {**self.metadata.get("provenance", {}), "case_uid": spec.key},
        }
        if ended.refusals:
            data["refusals_observed"] = ended.refusals
        if refused.undecided:
            data["refusals_undecided"] = refused.undecided
        if spec.behaviours or spec.persona.facts:
            data |= self._told_beside(spec)
        data |= {name: ended.metadata[name] for name in ("received", "behaviours_at_end") if name in ended.metadata}
        return data

    def _told_beside(self, spec: Spec) -> dict[str, Any]:
        """The behaviours of a conversation with their dose, and the prompts that it has and others have not."""
        behaviours = {"behaviours": dose.as_data(spec.behaviours)} if spec.behaviours else {}
        prompts = {**(NOTE_VERSIONS if spec.behaviours else {}), **(FACTS_VERSIONS if spec.persona.facts else {})}
        known = self.metadata.get("provenance", {})
        return behaviours | {
            "provenance": {**known, "prompts": {**known.get("prompts", {}), **prompts}, "case_uid": spec.key}
        }


class _Stopped(Exception):
    """The run is to stop, and this conversation is recorded as far as it came."""


def _side(talk: Talk) -> Termination:
    """By whose failure the conversation ends: of whom it waited for."""
    return "bot_error" if talk.waits_for_bot else "simulator_error"


def _told(error: Exception) -> str:
    """A defect of ours, with the place where it shows."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _usage(talk: Talk, ended: Ended, ratings: Ratings) -> dict[str, Usage]:
    """By role, simulator and judge always: what the turns took, and what was taken beside them."""
    usage = {"simulator": ended.usage, "judge": ratings.usage + talk.refused.usage}
    return added(added(usage, usage_of(talk.turns)), talk.beside)
