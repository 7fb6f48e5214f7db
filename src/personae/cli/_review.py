"""What `personae review` does: one query at a time, one key each; and what becomes of those that are accepted."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from personae.cli._keys import END, Keys, keyboard, whole_lines
from personae.cli._say import say
from personae.core.query import Query
from personae.errors import ConfigurationError, InputError, RecordingError
from personae.generation.quality.flags import Flag, flags
from personae.generation.review import (
    REASONS,
    Decision,
    Reviewed,
    append_decisions,
    beside,
    merged,
    queue,
    read_decisions,
    reasons,
    reviewed,
)
from personae.reports._text import one_line, plural, visible
from personae.sources import read_queries
from personae.sources._topics import read_topics
from personae.stats.similarity import NoveltyGate

KEYS = "a accept   e edit   r reject   s similar   b back   n next   q quit"
_MOST_SIMILAR = 5
Flags = Mapping[str, Sequence[Flag]]


@dataclass
class Session:
    """One person's review of one file."""

    path: Path
    by: str
    topics: Path | None
    decisions_path: Path | None

    def __post_init__(self) -> None:
        self.file = self.decisions_path or beside(self.path)
        self.queries = read_queries(self.path)
        known = read_topics(self.topics) if self.topics is not None else ()
        self.flags: Flags = flags(self.queries, known)
        self.decisions = read_decisions(self.file)

    @property
    def found(self) -> list[Reviewed]:
        return reviewed(self.queries, self.decisions)

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Kept in the file at once: nothing is lost, however this ends."""
        append_decisions(self.file, decisions)
        self.decisions.extend(decisions)


def run(
    session: Session,
    merge: Sequence[Path],
    accepted: Path | None,
    to: str | None,
    key: str | None,
    project: str | None,
    name: str,
    *,
    as_json: bool,
) -> None:
    """Merge, export and push what was asked for; review by the keyboard where nothing was.

    Raises InputError, ConfigurationError, RecordingError and what the server answers.
    """
    for other in merge:
        if not other.is_file():
            raise InputError("there is no such file of decisions", file=other)
    if merge:
        new = merged(session.decisions, [read_decisions(other) for other in merge])
        session.decide(new)
        say(f"{plural(len(new), 'decision')} taken in; all are in {session.file}")
    if not (merge or accepted or to or as_json):
        _by_keyboard(session)
    found = session.found
    taken = [one.final for one in found if one.state == "accepted"]
    if (accepted or to) and not taken:
        raise InputError("no query is accepted yet: `personae review` first", file=session.path)
    if accepted is not None:
        _write(accepted, taken)
        say(f"{plural(len(taken), 'scenario')} in {accepted}. Single-turn: personae simulate --scenarios "
                      f"{accepted} --max-turns 1 --bot ...; as openings: with more turns")  # fmt: skip
    if to is not None:
        _push(taken, to, key, project, name or session.path.stem)
    _sum_up(session, found, as_json=as_json)


def _by_keyboard(session: Session) -> None:
    """Ask until all is decided, or the person stops. Raises ConfigurationError where there is no terminal."""
    console = Console(highlight=False)
    if not session.by.strip():
        raise ConfigurationError("--by needs a name: who decided stands beside each decision")
    if not (sys.stdin.isatty() and console.is_terminal):
        raise ConfigurationError(
            "reviewing is done by keys in a terminal, and this is none: give --json, --merge, --accepted or --to"
        )
    waiting = queue(session.found, session.flags)
    place = 0
    with keyboard() as keys:
        while place < len(waiting):
            one = waiting[place]
            console.clear()
            console.print(_screen(one, session.flags.get(one.query.key, ()), f"{place + 1} of {len(waiting)}"))
            step, decision = _key(console, keys, one, session)
            if decision is not None:
                session.decide([decision])
            if step is None:
                break
            place = max(0, place + step)


def _key(console: Console, keys: Keys, one: Reviewed, session: Session) -> tuple[int | None, Decision | None]:
    """How far to go, None to stop; and the decision, where there is one."""
    by, key = session.by.strip(), one.query.key
    while True:
        console.print(Text(KEYS, style="bold"))
        pressed = keys.next()
        if pressed in ("q", END):
            return None, None
        match pressed:
            case "b":
                return -1, None
            case "n":
                return 1, None
            case "a":
                return 1, Decision(key=key, by=by, verdict="accept")
            case "e":
                text = _line(console, "the query as it should be (blank: as it is): ")
                outcome = _line(console, "what a good answer does (blank: as it is): ")
                return 1, Decision(key=key, by=by, verdict="accept", query=text, expected_outcome=outcome)
            case "r":
                choices = "  ".join(f"{number} {reason}" for number, reason in enumerate(REASONS, 1))
                said = _line(console, f"{choices}\nwhy (a number, or your own words): ")
                known = said.isdigit() and 1 <= int(said) <= len(REASONS)
                return 1, Decision(key=key, by=by, verdict="reject", reason=REASONS[int(said) - 1] if known else said)
            case "s":
                _show_similar(console, one.query, session)
            case _:
                pass


def _line(console: Console, prompt: str) -> str:
    with whole_lines():
        return console.input(Text(prompt)).strip()


def _show_similar(console: Console, query: Query, session: Session) -> None:
    """The queries that share most words with this one."""
    gate = NoveltyGate(most_bits=20, least_shared=0.1)
    texts = {one.query.key: one for one in session.found}
    for key, one in texts.items():
        if key != query.key:
            gate.add(key, one.query.query)
    near = sorted(gate.near(query.query), key=lambda found: -found.shared)[:_MOST_SIMILAR]
    for found in near:
        other = texts[found.key]
        line = f"{found.shared:>4.0%} {other.state:<9} {one_line(other.query.query, 200)}"
        console.print(Text(line, style="dim"), soft_wrap=True)
    if not near:
        console.print(Text("nothing is like it", style="dim"))


def _screen(one: Reviewed, found: Sequence[Flag], place: str) -> RenderableType:
    query = one.query
    parts: list[RenderableType] = [Rule(Text(place))]
    parts += [Text(f"{flag.reason}: {visible(flag.detail)}", style="yellow") for flag in found]
    parts += [
        Text(f"{said.by} says {said.verdict} {visible(said.reason or said.query)}", style="cyan")
        for said in one.decisions
    ]
    facts = (("topic", query.topic), ("user", query.user_type), ("", query.user_background))
    parts += [Text(f"{name:>6}  {visible(text)}", style="dim") for name, text in facts if text]
    parts += [Text(), Text(visible(query.query), style="bold"), Text()]
    if query.expected_outcome:
        parts.append(Text(f"a good answer: {visible(query.expected_outcome)}", style="dim"))
    return Group(*parts)


def _write(path: Path, taken: Sequence[Query]) -> None:
    lines = (json.dumps(query.scenario().as_dict(), ensure_ascii=False) + "\n" for query in taken)
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def _push(taken: Sequence[Query], to: str, key: str | None, project: str | None, name: str) -> None:
    from personae.cli._server import client_of  # the SDK's client is an extra

    columns = ("topic", "example_type", "user_type", "user_background", "query", "expected_outcome")
    rows = [{column: getattr(query, column) for column in columns} for query in taken]
    with client_of(to, key, project) as client:
        made = client.collections.create(name, columns=columns, rows=rows, description="Reviewed synthetic queries")
    say(f"collection {made.id} {made.name!r}: {plural(made.variables_count, 'row')}")


def _sum_up(session: Session, found: Sequence[Reviewed], *, as_json: bool) -> None:
    states = Counter(one.state for one in found)
    why = reasons(found)
    if as_json:
        data: dict[str, Any] = {
            "queries": len(found),
            "states": {state: states[state] for state in ("accepted", "rejected", "disputed", "open")},
            "reasons": dict(why.most_common()),
            "flagged": {key: [flag.reason for flag in mine] for key, mine in session.flags.items()},
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
        return
    told = ", ".join(f"{states[state]} {state}" for state in ("accepted", "rejected", "disputed", "open"))
    say(f"{plural(len(found), 'query').replace('querys', 'queries')}: {told}; decisions in {session.file}")
    if why:
        say("rejected for " + ", ".join(f"{reason} ({count})" for reason, count in why.most_common()))
        say(f"next: personae generate refine {session.path} --topics TOPICS.yaml --context COMPANY.md")
