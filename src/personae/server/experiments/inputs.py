"""From a snapshot to what the engine runs: personas, scenarios, criteria, settings, and which cell each place is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from pydantic import ValidationError

from personae.bots import BotSpec
from personae.bots.openai import OpenAIBot
from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.rating import Criterion, Mode
from personae.core.result import Spec
from personae.errors import InputError
from personae.experiments.budget import Ceilings
from personae.experiments.recorders.sql import Asked, Cell
from personae.experiments.settings import Settings
from personae.llm.config import LLMConfig
from personae.server.bot_specs import bot_limits, bot_spec, takes_tools
from personae.server.experiments.criterion_names import labels
from personae.server.experiments.rows_kept import Rows
from personae.server.experiments.single_turn import asked_beside, opening, text_of
from personae.server.experiments.snapshot import Snapshot
from personae.server.models import Models
from personae.server.project_settings import over
from personae.server.settings import ServerSettings
from personae.simulation import dose
from personae.store.columns import Record

NOBODY = Persona(name="scripted user", description="Says what the row says, and nothing else.")
"""Who talks in an experiment without personas."""
_ANSWERED = "An answer to the last message of the user."
"""The goal of a row without a persona. Not the message itself, which may hold `{{...}}` that is no placeholder."""
OUTCOME = "expected_conversation_outcome"
"""The column that says what a good conversation reaches. The simulator never sees it."""
_BETA = ("persona_name", "persona_description", "goal_summary")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one experiment gives the engine."""

    personas: tuple[Persona, ...]
    scenarios: tuple[Scenario, ...]
    system_prompt: str
    """With placeholders; blank where there are none to fill."""
    cells: Sequence[Cell]
    """Of one epoch, in the order of the plan."""
    beside: tuple[Mapping[str, Any], ...] = ()
    """What the bot is sent beside the messages of each cell, where there is any such."""

    def cell_at(self, index: int) -> Cell:
        """The cell at a place in the plan, whichever epoch it is of."""
        return self.cells[index % len(self.cells)]

    def beside_messages(self, spec: Spec) -> Mapping[str, Any] | None:
        """What the bot is sent in one conversation beside its messages."""
        return self.beside[spec.index % len(self.beside)] if self.beside else None


@dataclass(frozen=True, slots=True)
class _Crossed(Sequence[Cell]):
    """Every row with every persona, each made when it is asked for: there may be millions."""

    rows: tuple[int, ...]
    personas: tuple[tuple[int, int], ...]
    """Id and version."""

    def __len__(self) -> int:
        return len(self.rows) * len(self.personas)

    @overload
    def __getitem__(self, place: int) -> Cell: ...

    @overload
    def __getitem__(self, place: slice) -> list[Cell]: ...

    def __getitem__(self, place: int | slice) -> Cell | list[Cell]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        row, persona = divmod(place, len(self.personas))
        return Cell(self.rows[row], *self.personas[persona])


def inputs(snapshot: Snapshot, rows: Sequence[Record], *, mode: str, response_column: str | None) -> Inputs:
    """Personas and scenarios of an experiment. Raises InputError that lists all rows which cannot be taken."""
    if not rows:
        raise InputError(f"the collection {snapshot['collection']['name']!r} has no rows")
    template = (snapshot["prompt_template"] or {}).get("messages", [])
    if mode != "MULTI_TURN":
        scenarios = _scripted(snapshot, template, rows, response_column)
        beside = () if response_column else _beside(snapshot, rows)
        return Inputs((NOBODY,), scenarios, "", tuple(Cell(row["id"]) for row in rows), beside)
    system = _system_prompt(template)
    if _is_beta(snapshot):
        scenarios = tuple(_gathered(rows, _beta_scenario))
        named = _told_apart([one.persona for one in scenarios if one.persona is not None])
        brought = (one.model_copy(update={"persona": own}) for one, own in zip(scenarios, named, strict=True))
        return Inputs((), tuple(brought), system, tuple(Cell(row["id"]) for row in rows))
    group = snapshot["personas"]
    if not group:
        raise InputError(f"the persona group {(snapshot['persona_group'] or {}).get('name')!r} has no personas")
    goal = snapshot["collection"]["goal_column"] or "persona_goal"
    scenarios = _scenarios(rows, goal)
    personas = tuple(_told_apart([Persona.model_validate(one["record"]) for one in group]))
    cells = _Crossed(tuple(row["id"] for row in rows), tuple((one["id"], one["version"]) for one in group))
    return Inputs(personas, scenarios, system, cells)


def _scenarios(rows: Sequence[Record], goal: str) -> tuple[Scenario, ...]:
    """The rows as what a persona wants; `goal` names the column that says it."""

    def make() -> tuple[Scenario, ...]:
        return tuple(_gathered(rows, lambda row, where: _scenario(row, where, goal)))

    return rows.made(goal, make) if isinstance(rows, Rows) else make()


def _told_apart(personas: Sequence[Persona]) -> list[Persona]:
    """The personas, with a number behind a name that different ones share: in reports a name stands for one persona."""
    by_name: dict[str, list[Persona]] = {}
    for one in personas:
        by_name.setdefault(one.name, []).append(one)
    numbers = {name: _numbers(same) for name, same in by_name.items() if len(same) > 1}
    return [
        one.model_copy(update={"name": f"{one.name} ({number})"})
        if (number := numbers.get(one.name, {}).get(id(one), 1)) > 1
        else one
        for one in personas
    ]


def _numbers(same: Sequence[Persona]) -> dict[int, int]:
    """From 1 for each that differs, by the object's id."""
    known: dict[str, int] = {}
    return {id(one): known.setdefault(one.version_hash, len(known) + 1) for one in same}


def criteria(snapshot: Snapshot) -> tuple[tuple[Criterion, ...], tuple[Asked, ...]]:
    """The criteria as the judge asks them, and as ratings refer to them."""
    asked = snapshot["criterion_set"]["criteria"]
    named = zip(asked, labels(asked), strict=True)
    refer = (Asked(one["id"], one.get("version", 1), one["criterion_str"], one.get("label")) for one in asked)
    return tuple(Criterion(question=one["criterion_str"], name=name) for one, name in named), tuple(refer)


def engine_settings(
    experiment: Mapping[str, Any],
    secrets: Mapping[str, Any],
    models: Models,
    deployment: ServerSettings,
) -> Settings:
    """The engine's settings for an experiment. Raises InputError and ConfigurationError."""
    snapshot, chosen = experiment["snapshot"], experiment["settings"]
    is_personas = experiment["evaluation_mode"] == "MULTI_TURN"
    within = over(deployment, chosen)
    judge, *more_judges = models.judges
    if experiment["rating_version"] == "mock":
        judge, more_judges = LLMConfig(provider="offline"), []
    params = chosen.get("generation_params")
    bot = _bot(snapshot, secrets, params, deployment, is_personas=is_personas)
    limits = bot_limits(snapshot["llm_settings"] or {}, params)
    mode: Mode = "fast" if experiment["rating_mode"] == "fast" else "detailed"
    given: dict[str, Any] = {"bot_attempts": limits.attempts, "bot_rates": limits.rates}
    if limits.timeout_s is not None:
        given["turn_timeout_s"] = limits.timeout_s
    return Settings(
        bot=bot,
        simulator=models.simulator,
        judge=judge,
        more_judges=tuple(more_judges),
        criteria=criteria(snapshot)[0],
        metrics=tuple(chosen.get("metrics") or ()),
        judge_mode=mode,
        max_turns=within.max_turns if is_personas else 1,
        epochs=experiment["n_epochs"],
        seed=chosen.get("seed") or 0,
        audit=chosen.get("audit", False),
        repeat_invalid=chosen.get("repeat_invalid", 1),
        behaviours=_behaviours(chosen, is_personas=is_personas),
        concurrency=min(limits.max_connections, within.max_conversations),
        ceilings=Ceilings(usd=within.budget_usd, calls=chosen.get("max_calls")),
        **{name: value for name, value in given.items() if value is not None},
    )


def _behaviours(chosen: Mapping[str, Any], *, is_personas: bool) -> tuple[Behaviour, ...]:
    """Raises InputError that lists all which there are not, or not in such a dose."""
    found = tuple(map(Behaviour.model_validate, chosen.get("behaviours") or ()))
    problems = list(dose.problems("", found))
    if found and not is_personas:
        problems.append("are of personas: this experiment has none")
    if problems:
        raise InputError("\n".join(problems), field="behaviours")
    return found


def _bot(
    snapshot: Snapshot,
    secrets: Mapping[str, Any],
    params: Mapping[str, Any] | None,
    deployment: ServerSettings,
    *,
    is_personas: bool,
) -> BotSpec:
    template = snapshot["prompt_template"] or {}
    system = _system_prompt(template.get("messages", [])) if is_personas else ""
    if snapshot["llm_settings"] is None:  # nobody chose a bot: the deployment's own model plays it
        own = {"provider": deployment.simulator_provider, "llm_model_name": deployment.simulator_model}
        found = bot_spec(own, {}, system_prompt=system, generation_params=params)
        if not isinstance(found, OpenAIBot):
            return found
        return replace(found, base_url=deployment.simulator_base_url, api_key=deployment.simulator_api_key)
    return bot_spec(
        snapshot["llm_settings"],
        secrets,
        system_prompt=system,
        generation_params=params,
        tools=template.get("tools"),
        tool_choice=template.get("tool_choice"),
        response_format=template.get("response_format_json_schema"),
    )


def _system_prompt(template: Sequence[Mapping[str, Any]]) -> str:
    return "\n\n".join(text_of(message) for message in template if message["role"] == "system")


def _is_beta(snapshot: Snapshot) -> bool:
    names = {column["name"] for column in snapshot["collection"]["columns"]}
    return names.issuperset(_BETA) and not snapshot["personas"]


def _gathered(rows: Sequence[Record], make: Any) -> list[Scenario]:
    """The scenario of each row, or every row's problem at once."""
    made, problems = [], []
    for number, row in enumerate(rows, 1):
        try:
            made.append(make(row, f"row {number}"))
        except InputError as error:
            problems.append(error.problem)
        except ValidationError as error:
            problems += [f"row {number}: {one['msg']}" for one in error.errors()]
    if problems:
        more = f"\n... and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise InputError("\n".join(problems[:20]) + more, field="collection_id")
    return made


def _fields(row: Record) -> dict[str, Any]:
    """What placeholders are filled from."""
    own = {"environment_config": row["environment_config"]} if row["environment_config"] is not None else {}
    return {**own, **row["input_values"]}


def _scenario(row: Record, where: str, goal_column: str) -> Scenario:
    values = row["input_values"]
    goal = str(values.get(goal_column) or "")
    if not goal.strip():
        raise InputError(f"{where}: the goal ({goal_column}) is blank")
    return Scenario(name=where, goal=goal, expected_outcome=str(values.get(OUTCOME) or ""), fields=_fields(row))


def _beta_scenario(row: Record, where: str) -> Scenario:
    name, description, goal = (str(row["input_values"].get(column) or "") for column in _BETA)
    blank = [column for column, text in zip(_BETA, (name, description, goal), strict=True) if not text.strip()]
    if blank:
        raise InputError(f"{where}: {', '.join(blank)} is blank")
    outcome = str(row["input_values"].get(OUTCOME) or "")
    own = Persona(name=name, description=description)
    return Scenario(name=where, goal=goal, expected_outcome=outcome, persona=own, fields=_fields(row))


def _beside(snapshot: Snapshot, rows: Sequence[Record]) -> tuple[Mapping[str, Any], ...]:
    found = tuple(asked_beside(snapshot["collection"]["columns"], row["input_values"]) for row in rows)
    for number, asked in enumerate(found, 1):
        if asked and not takes_tools(snapshot["llm_settings"] or {}):
            names = ", ".join(asked)
            raise InputError(f"row {number}: {names} cannot be sent to a bot that is no OpenAI-compatible endpoint")
    return found if any(found) else ()


def _scripted(
    snapshot: Snapshot, template: Sequence[Mapping[str, Any]], rows: Sequence[Record], response_column: str | None
) -> tuple[Scenario, ...]:
    columns = snapshot["collection"]["columns"]

    def scenario(row: Record, where: str) -> Scenario:
        fields = _fields(row)
        said = opening(template, columns, fields, response_column=response_column, where=where)
        return Scenario(name=where, goal=_ANSWERED, fields=fields, opening=said)

    return tuple(_gathered(rows, scenario))
