"""The plan: every persona in every scenario, so many times. Pure; checked as a whole before the first call.

Where no scenarios are given, each persona pursues its own goal; where no personas are given, each scenario brings its
own persona. The plan is streamed, so that a million conversations take no more memory than ten.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Self

from personae.core.persona import Behaviour, KnownFact, Persona, Scenario
from personae.core.rating import Criterion
from personae.core.result import Spec
from personae.core.seed import derive, digest
from personae.core.template import fill, placeholders
from personae.errors import InputError
from personae.simulation import dose

_PERSONA_TEXTS = ("description", "domain_knowledge")
_SCENARIO_TEXTS = ("goal", "expected_outcome", "known_info", "unknown_info", "instructions")
_own_texts = attrgetter(*_SCENARIO_TEXTS)
MOST_PROBLEMS = 20
_SYSTEM = "the bot's system prompt"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who talks about what, how often, and what else makes a conversation the one it is."""

    pairs: tuple[tuple[Persona, Scenario], ...] = ()
    """Personas that come with their own scenario. Else the cross of the two below."""
    personas: tuple[Persona, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    epochs: int = 1
    seed: int = 0
    system_prompt: str = ""
    """The bot's system prompt, before its placeholders are filled."""
    only: frozenset[int] | None = None
    """Places in the plan, from 0, where not all of it is to be run."""
    is_shuffled: bool = False
    """In random order, by the seed: for a test that looks before all of it is run. Keys stay as they are."""
    settings: str = ""
    """Hash of bot, simulator and rules: the same plan against another bot has other keys."""
    behaviours: tuple[Behaviour, ...] = ()
    """Of every conversation, where its persona and scenario say nothing else."""
    _hashes: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return self.per_epoch * self.epochs if self.only is None else len(self.only)

    @property
    def per_epoch(self) -> int:
        """Conversations of one epoch."""
        return len(self.pairs) + len(self.personas) * len(self.scenarios)

    def __iter__(self) -> Iterator[Spec]:
        """Every conversation, all pairs once before the second epoch begins, or in random order."""
        if self.is_shuffled:
            yield from self._in_random_order()
            return
        index = 0
        for epoch in range(1, self.epochs + 1):
            for persona, scenario in self._all_pairs():
                if self.only is None or index in self.only:
                    yield self._spec(persona, scenario, epoch, index)
                index += 1

    def _in_random_order(self) -> Iterator[Spec]:
        count = self.per_epoch * self.epochs
        for index in random.Random(derive(self.seed, "order")).sample(range(count), count):
            if self.only is None or index in self.only:
                epoch, place = divmod(index, self.per_epoch)
                yield self._spec(*self._pair(place), epoch + 1, index)

    def _pair(self, place: int) -> tuple[Persona, Scenario]:
        """The pair at its place in `_all_pairs`."""
        if place < len(self.pairs):
            return self.pairs[place]
        scenario, persona = divmod(place - len(self.pairs), len(self.personas))
        return self.personas[persona], self.scenarios[scenario]

    def _all_pairs(self) -> Iterator[tuple[Persona, Scenario]]:
        yield from self.pairs
        for scenario in self.scenarios:
            for persona in self.personas:
                yield persona, scenario

    def _spec(self, persona: Persona, scenario: Scenario, epoch: int, index: int) -> Spec:
        who, what = self._hash(persona), self._hash(scenario)
        filled = filled_scenario(scenario)
        return Spec(
            key=digest(who, what, str(epoch), self.settings),
            index=index,
            persona=filled_persona(persona, filled),
            scenario=filled,
            epoch=epoch,
            seed=derive(self.seed, who, what, epoch),
            system_prompt=scenario.system_prompt or fill(self.system_prompt, filled.columns, where=_SYSTEM) or None,
            behaviours=dose.chosen(persona, scenario, self.behaviours),
        )

    def _hash(self, record: Persona | Scenario) -> str:
        if id(record) not in self._hashes:
            self._hashes[id(record)] = record.version_hash
        return self._hashes[id(record)]


def make_plan(
    personas: Sequence[Persona],
    scenarios: Sequence[Scenario],
    *,
    criteria: Sequence[Criterion] = (),
    epochs: int = 1,
    seed: int = 0,
    settings: str = "",
    bot_columns: Sequence[str] = (),
    system_prompt: str = "",
    behaviours: Sequence[Behaviour] = (),
) -> Plan:
    """The plan for these inputs, checked: names are unique, goals are there, every placeholder has its column.

    `bot_columns` are those that the bot's requests ask for, `system_prompt` is the bot's, `behaviours` those of the
    whole run. Raises InputError that lists all that is wrong, up to twenty lines.
    """
    problems = [*_same_names(personas, scenarios, criteria), *_same_scenarios(scenarios)]
    pairs: tuple[tuple[Persona, Scenario], ...] = ()
    if not personas and not scenarios:
        problems.append("there are no personas and no scenarios")
    if epochs < 1:
        problems.append(f"epochs must be 1 or more, not {epochs}")
    if not (personas and scenarios):
        pairs, without = _own_pairs(personas, scenarios)
        problems += without
    problems += _wrong_behaviours(personas, scenarios, behaviours)
    for persona, scenario in pairs:
        problems += _unfilled(scenario, _asking([persona], criteria))
    if not pairs:
        asking = _asking(personas, criteria)
        for scenario in scenarios:
            problems += _unfilled(scenario, asking)
    system = _Asking.of([(_SYSTEM, system_prompt)])
    asks = bool(bot_columns or system.names)  # mostly nothing, and there may be very many scenarios
    for scenario in (scenarios or [own for _, own in pairs]) if asks else ():
        problems += _unasked(scenario, bot_columns)
        problems += system.unfilled(scenario)
    if problems:
        raise InputError(_listed(list(dict.fromkeys(problems))))
    if pairs:
        return Plan(
            pairs=pairs,
            epochs=epochs,
            seed=seed,
            system_prompt=system_prompt,
            settings=settings,
            behaviours=tuple(behaviours),
        )
    return Plan(
        personas=tuple(personas),
        scenarios=tuple(scenarios),
        epochs=epochs,
        seed=seed,
        system_prompt=system_prompt,
        settings=settings,
        behaviours=tuple(behaviours),
    )


def _wrong_behaviours(
    personas: Sequence[Persona], scenarios: Sequence[Scenario], run: Sequence[Behaviour]
) -> list[str]:
    """What is wrong with the behaviours of the run, of personas and of scenarios, one line each."""
    own = [scenario.persona for scenario in scenarios if scenario.persona is not None]
    wrong = [*dose.problems("the run", run)]
    for persona in (*personas, *own):
        wrong += dose.problems(f"persona {persona.name!r}", persona.behaviours, persona.traits)
    for scenario in scenarios:
        if scenario.behaviours:
            wrong += dose.problems(f"scenario {scenario.label!r}", scenario.behaviours)
    return wrong


def _own_pairs(
    personas: Sequence[Persona], scenarios: Sequence[Scenario]
) -> tuple[tuple[tuple[Persona, Scenario], ...], list[str]]:
    """Each persona with its own goal, or each scenario with its own persona; and who lacks one."""
    pairs, problems = [], []
    for persona in personas:
        if (own := persona.own_scenario) is None:
            problems.append(f"persona {persona.name!r} has no goal of its own, and no scenarios are given")
        else:
            pairs.append((persona, own))
    for scenario in scenarios:
        if scenario.persona is None:
            problems.append(f"scenario {scenario.label!r} brings no persona, and no personas are given")
        else:
            pairs.append((scenario.persona, scenario))
    return tuple(pairs), problems


def _same_names(personas: Sequence[Persona], scenarios: Sequence[Scenario], criteria: Sequence[Criterion]) -> list[str]:
    """What would share one line of the report. The same persona may stand in several scenarios."""
    brought = {} if personas else {own.version_hash: own.name for one in scenarios if (own := one.persona) is not None}
    named = [("personas", [*(persona.name for persona in personas), *brought.values()])]
    named.append(("criteria", [criterion.label for criterion in criteria]))
    return [
        f"{count} {noun} are called {name!r}: names must be unique"
        for noun, names in named
        for name, count in Counter(names).items()
        if count > 1
    ]


def _same_scenarios(scenarios: Sequence[Scenario]) -> list[str]:
    if len({(scenario.name, scenario.goal) for scenario in scenarios}) == len(scenarios):
        return []
    alike: dict[tuple[str, str], list[Scenario]] = {}
    for scenario in scenarios:
        alike.setdefault((scenario.name, scenario.goal), []).append(scenario)
    labels: dict[str, list[str]] = {}
    for some in alike.values():
        for scenario in some if len(some) > 1 else ():  # hashing all of them would take long
            labels.setdefault(scenario.version_hash, []).append(scenario.label)
    return [
        f"{len(same)} scenarios are the same, {same[-1]!r}: remove one, or repeat all by epochs"
        for same in labels.values()
        if len(same) > 1
    ]


def _unasked(scenario: Scenario, columns: Sequence[str]) -> list[str]:
    """One line where the bot's requests ask for fields that the scenario does not have."""
    missing = [name for name in columns if name not in scenario.fields]
    if not missing:
        return []
    names, known = ", ".join(map(repr, missing)), ", ".join(map(repr, scenario.fields)) or "none"
    return [f"the bot's requests ask for {names}, which scenario {scenario.label!r} does not have (fields: {known})"]


@dataclass(frozen=True, slots=True)
class _Asking:
    """Texts with placeholders. What they ask for is found once: there may be millions of conversations."""

    texts: tuple[tuple[str, tuple[str, ...]], ...]
    """Where each stands, and the columns that it asks for."""
    names: frozenset[str]
    """The columns of all of them."""
    _filled: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, texts: Iterable[tuple[str, str]]) -> Self:
        """From where each stands and what it says."""
        found = tuple((where, names) for where, text in texts if "{{" in text and (names := placeholders(text)))
        return cls(found, frozenset(name for _, names in found for name in names))

    def is_filled(self, fields: tuple[str, ...], asked: tuple[str, ...]) -> bool:
        """Whether a scenario with these fields has all columns, those too that its own texts asked for."""
        known = self._filled.get((fields, asked))
        if known is None:
            known = self._filled[fields, asked] = self.names.union(asked) <= {"goal", "name", *fields}
        return known

    def unfilled(self, scenario: Scenario) -> list[str]:
        """One line per text that asks for a column which the scenario does not have."""
        if not self.names or self.names <= (columns := scenario.columns).keys():
            return []
        known = ", ".join(map(repr, columns))
        return [
            f"{where}: no column fills {', '.join(missing)} (scenario {scenario.label!r} has {known})"
            for where, names in self.texts
            if (missing := [f"{{{{{name}}}}}" for name in names if name not in columns])
        ]


def _asking(personas: Iterable[Persona], criteria: Iterable[Criterion]) -> _Asking:
    """What their texts ask of a scenario."""
    texts = [(f"persona {persona.name!r}, {name}", text) for persona in personas for name, text in _texts(persona)]
    texts += [(f"criterion {criterion.label!r}", criterion.question) for criterion in criteria]
    return _Asking.of(texts)


def _unfilled(scenario: Scenario, asking: _Asking) -> list[str]:
    """One line per text, the scenario's own among them, that asks for a column which the scenario does not have."""
    own = "\n".join(_own_texts(scenario))
    asked = placeholders(own) if "{{" in own else ()
    if asking.is_filled(tuple(scenario.fields), asked):  # so it mostly is: no words for it are made
        return []
    said = _Asking.of((f"scenario {scenario.label!r}, {name}", text) for name, text in _texts(scenario))
    return [*said.unfilled(scenario), *asking.unfilled(scenario)]


def _listed(problems: Sequence[str]) -> str:
    more = [f"... and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
    return "\n".join([*problems[:MOST_PROBLEMS], *more])


def _texts(record: Persona | Scenario) -> Iterator[tuple[str, str]]:
    names = _PERSONA_TEXTS if isinstance(record, Persona) else _SCENARIO_TEXTS
    yield from ((name, getattr(record, name)) for name in names)
    if isinstance(record, Persona):
        yield from ((f"fact {fact.name!r}", fact.value) for fact in record.facts)


def filled_persona(persona: Persona, scenario: Scenario) -> Persona:
    """The persona with its placeholders filled from the scenario's columns. The same object where it has none."""
    changes: dict[str, str | tuple[KnownFact, ...]] = {**_filled(persona, scenario)}
    if any("{{" in fact.value for fact in persona.facts):
        changes["facts"] = tuple(_filled_fact(fact, scenario, persona.name) for fact in persona.facts)
    return persona.model_copy(update=changes) if changes else persona


def _filled_fact(fact: KnownFact, scenario: Scenario, persona: str) -> KnownFact:
    where = f"persona {persona!r}, fact {fact.name!r}"
    return fact.model_copy(update={"value": fill(fact.value, scenario.columns, where=where)})


def filled_scenario(scenario: Scenario) -> Scenario:
    """The scenario with its own placeholders filled from its fields. The same object where it has none."""
    return scenario.model_copy(update=changes) if (changes := _filled(scenario, scenario)) else scenario


def _filled(record: Persona | Scenario, scenario: Scenario) -> dict[str, str]:
    noun = "persona" if isinstance(record, Persona) else "scenario"
    return {
        name: fill(text, scenario.columns, where=f"{noun} {record.name!r}, {name}")
        for name, text in _texts(record)
        if "{{" in text and not name.startswith("fact ")
    }
