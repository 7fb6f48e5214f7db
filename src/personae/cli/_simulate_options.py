"""The options of `personae simulate` as settings, inputs and outputs, checked before anything is called."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from personae.cli._bot_spec import bot_spec
from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.rating import Mode
from personae.errors import ConfigurationError, Conflict, InputError, RecordingError
from personae.executors import executor
from personae.experiments.budget import Ceilings
from personae.experiments.settings import Settings, llm_configs, several_judges
from personae.llm.prices import Rates
from personae.rating.card import JudgeCard
from personae.simulation import dose
from personae.sources import read_behaviours, read_criteria, read_personas, read_scenarios


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as typed."""

    bot: str | None
    model_cmd: Path | None
    bot_model: str
    bot_system: str
    personas: str | None
    propose_from: Path | None
    n_personas: int
    scenarios: str | None
    behaviours: str
    max_turns: int
    epochs: int
    seed: int
    provider: str
    base_url: str
    simulator_model: str
    judge_model: str
    judge_provider: str
    judges: str
    criteria: Path | None
    metrics: str
    judge_mode: str
    audit: bool
    repeat_invalid: int
    fail_under: float | None
    stop_when_sure: bool
    budget: float
    price: str
    max_calls: int | None
    max_tokens: int | None
    concurrency: int
    executor: str
    workers: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    turn_timeout: float
    conversation_timeout: float
    out: Path
    resume: bool | None
    retry_errors: bool
    html: Path | None
    junit: Path | None
    export_cases: Path | None
    cassette: Path | None
    judge_card: Path | None
    json: bool
    quiet: bool

    def settings(self) -> Settings:
        """The run's settings. Raises ConfigurationError and InputError."""
        simulator, judge = llm_configs(
            provider=self.provider,
            base_url=self.base_url,
            simulator_model=self.simulator_model,
            judge_model=self.judge_model,
            judge_provider=self.judge_provider,
            rates=Rates.parse(self.price) if self.price else None,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )
        judge, *others = several_judges(judge, self.judges)
        further = tuple(others)
        if (self.bot is None) == (self.model_cmd is None):
            raise ConfigurationError("name the bot to test by --bot, or by --model-cmd FILE.py (one of the two)")
        mode: Mode = "fast" if self.judge_mode == "fast" else "detailed"
        names = [name.strip() for name in self.metrics.split(",") if name.strip() not in ("", "none")]
        return Settings(
            bot=bot_spec(self.bot or str(self.model_cmd), model=self.bot_model, system=self.bot_system),
            simulator=simulator,
            judge=judge,
            more_judges=further,
            criteria=tuple(read_criteria(self.criteria)) if self.criteria is not None else (),
            metrics=tuple(names),
            judge_mode=mode,
            audit=self.audit,
            repeat_invalid=self.repeat_invalid,
            max_turns=self.max_turns,
            epochs=self.epochs,
            seed=self.seed,
            behaviours=tuple(_behaviours(self.behaviours)),
            concurrency=self.concurrency,
            ceilings=Ceilings(self.budget, self.max_calls, self.max_tokens),
            turn_timeout_s=self.turn_timeout,
            conversation_timeout_s=self.conversation_timeout,
            cassette=self.cassette,
        )

    def inputs(self) -> tuple[list[Scenario], list[Persona]]:
        """Scenarios and personas from their files. Raises ConfigurationError and InputError."""
        if self.personas is not None and self.propose_from is not None:
            raise ConfigurationError("give --personas or --propose-from, not both")
        if self.personas is None and self.propose_from is None and self.scenarios is None:
            raise ConfigurationError(
                "give --personas FILE, --propose-from PRODUCT.md, or --scenarios FILE with personas"
            )
        if self.propose_from is not None and not self.propose_from.is_file():
            raise InputError("there is no such file to propose personas from", file=self.propose_from)
        scenarios = read_scenarios(self.scenarios) if self.scenarios is not None else []
        if self.personas is None:
            return scenarios, []
        return scenarios, read_personas(self.personas, goal_required=not scenarios, check=dose.unknown)

    def check_outputs(self) -> None:
        """What would else be found out once the work is paid for.

        Raises ConfigurationError, Conflict, InputError and RecordingError.
        """
        if self.retry_errors and self.resume is False:
            raise ConfigurationError(
                "--fresh throws all results away, so there is nothing to try again: give one of "
                "--fresh and --retry-errors"
            )
        if self.stop_when_sure and self.fail_under is None:
            raise ConfigurationError("--stop-when-sure needs the rate to be sure about: give --fail-under")
        executor(self.executor, self.workers)
        if self.judge_card is not None:
            JudgeCard.read(self.judge_card)
        named = {"--out": self.out, "--html": self.html, "--junit": self.junit, "--export-cases": self.export_cases}
        taken: dict[Path, str] = {}
        for option, path in named.items():
            if path is None:
                continue
            if (other := taken.setdefault(path.absolute(), option)) != option:
                raise ConfigurationError(f"{other} and {option} name the same file: {path}")
            if option != "--out":
                _check_writable(path)
        if (
            self.resume
            and self.out.name
            and not (self.out.exists() or self.out.with_name(self.out.name + ".part").exists())
        ):
            raise Conflict(f"there is nothing to go on from: no file {str(self.out)!r}")


def _behaviours(told: str) -> list[Behaviour]:
    """Behaviours from a file, or as they are typed. Raises InputError."""
    if not told.strip():
        return []
    if Path(told).is_file() or (Path(told).suffix and "=" not in told):
        return read_behaviours(told)
    found = [dose.parsed(part) for part in told.split(",") if part.strip()]
    if problem := next(dose.problems("--behaviours", found), ""):
        raise InputError(problem)
    return found


def _check_writable(path: Path) -> None:
    """Raises RecordingError. Folders that are missing are made when it is written."""
    if path.is_dir():
        raise RecordingError(f"{str(path)!r} is a folder: name a file")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise RecordingError(f"cannot write {str(path)!r}: no permission to write in {str(folder)!r}")
