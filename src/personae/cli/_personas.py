"""What the commands of `personae personas` do."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from personae.cli._say import say
from personae.core.persona import Persona, Scenario
from personae.errors import ConfigurationError, InputError
from personae.generation._matching import WAYS, bind, check_answers, read_population, shares_of
from personae.reports._text import plural
from personae.sources import read_personas, write_personas
from personae.stats.density import TASTES, in_order_of_drawing, weights_of
from personae.stats.vectors import point, vector


def run_match(file: Path, population: Path, traits: str, method: str, out: Path) -> None:
    """Match, write, and say how well it fits."""
    way = next((one for one in WAYS if one == method), None)
    if way is None:
        raise ConfigurationError(f"--method must be one of {', '.join(WAYS)}, not {method!r}")
    personas = _read(file)
    stories = [shares_of(persona) for persona in personas]
    if not all(stories):
        name = next(persona.name for persona, own in zip(personas, stories, strict=True) if not own)
        raise InputError(f"{name!r} was not surveyed: make it by `personae generate backstory`", file=file)
    people = read_population(population, tuple(name.strip() for name in traits.split(",") if name.strip()))
    check_answers(people, stories, population)
    found = bind(people, stories, way)
    if not found.pairs:
        raise InputError(
            "no story fits anybody: each person has an answer that no story gave with the others", file=file
        )
    times: Counter[str] = Counter()
    matched = []
    for pair in found.pairs:
        persona, member = personas[pair.story], people[pair.member]
        times[persona.name] += 1
        name = persona.name if times[persona.name] == 1 else f"{persona.name} ({times[persona.name]})"
        bound = {"stands for line": member.line, "fit": round(pair.fit, 6)}
        matched.append(persona.model_copy(update={"name": name, "attributes": {**persona.attributes, **bound}}))
    write_personas(out, matched)
    lines = [f"{plural(len(matched), 'persona')} for a population of {len(people):,}: {out}"]
    lines.append(f"mean fit {found.mean_fit:.3f} (1: the story always gave just this person's answers)")
    lines += [f"  {trait}: {distance:.3f} from the population's shares" for trait, distance in found.distances.items()]
    if found.alone:
        lines.append(f"{found.alone} of {len(people)} got no story: make more of them, or match by fewer traits")
    for line in lines:
        say(line)


def run_sample(file: Path, n: int, users: str, seed: int, out: Path) -> None:
    """Draw, and write."""
    taste = next((one for one in TASTES if one == users), None)
    if taste is None:
        raise ConfigurationError(f"--users must be one of {', '.join(TASTES)}, not {users!r}")
    personas = {persona.name: persona for persona in _read(file)}
    if n > len(personas):
        raise InputError(f"holds {plural(len(personas), 'persona')}, fewer than the {n} asked for", file=file)
    points = {name: point(vector(persona.description)) for name, persona in personas.items()}
    drawn = in_order_of_drawing(weights_of(points, taste, seed), seed)[:n]
    write_personas(out, [personas[name] for name in drawn])
    say(f"{n} of {plural(len(personas), 'persona')} ({taste}): {out}")


def run_scenarios(file: Path, out: Path) -> None:
    """A row for each goal."""
    rows = [scenario.as_dict() for persona in _read(file) for scenario in goals_of(persona)]
    if not rows:
        raise InputError("holds no goals: make it by `personae generate conversations`", file=file)
    out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    say(f"{plural(len(rows), 'scenario')}: {out}")


def goals_of(persona: Persona) -> list[Scenario]:
    """The goals that the user of a conversation had, each as a scenario with the persona as its user."""
    goals = persona.sections.goals if persona.sections is not None else None
    user = persona.model_copy(update={"goal": "", "success_criteria": "", "sections": None, "provenance": None})
    return [
        Scenario(goal=one.goal, expected_outcome=one.expected_outcome, known_info=one.known_info, persona=user)
        for one in (goals.goals if goals is not None else ())
    ]


def _read(file: Path) -> list[Persona]:
    return list(read_personas(file, goal_required=False))
