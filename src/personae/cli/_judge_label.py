"""What `personae judge label` does: one question at a time, answered by one key, never with the judge's answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from personae.cli._judge import existing
from personae.cli._keys import END, Keys, keyboard, whole_lines
from personae.core.result import SimulationResult
from personae.core.template import fill
from personae.errors import ConfigurationError, InputError
from personae.experiments.result_file import read_rows, results
from personae.rating.label_queue import Item, draw
from personae.rating.labels import GOAL, Answer, Label, append_label, read_labels
from personae.reports._text import plural, visible
from personae.sources import read_criteria

ANSWERS: dict[str, Answer] = {"y": "YES", "n": "NO", "u": "unsure"}
KEYS = "y yes   n no   u unsure   t note   b back   q quit"


@dataclass(slots=True)
class Session:
    """One person's labels, in their file."""

    rater: str
    out: Path
    labels: dict[tuple[str, str], Label] = field(default_factory=dict)

    def open(self) -> None:
        """What this person said before. Raises InputError."""
        if not self.rater.strip():
            raise ConfigurationError("--rater needs a name: agreement is told by rater")
        if self.out.exists():
            own = (label for label in read_labels(self.out) if label.rater == self.rater.strip())
            self.labels = {(label.key, label.criterion): label for label in own}

    def said(self, item: Item) -> Label | None:
        return self.labels.get((item.key, item.criterion))

    def say(self, item: Item, answer: Answer, note: str) -> None:
        """Kept in the file at once: nothing is lost, however this ends."""
        label = Label(key=item.key, criterion=item.criterion, rater=self.rater, label=answer, note=note)
        append_label(self.out, label)
        self.labels[item.key, item.criterion] = label


def label(
    path: Path,
    session: Session,
    criteria: Path | None,
    *,
    n: int,
    only: Sequence[str],
    overlap: float,
    seed: int,
) -> None:
    """Ask until all is answered, or the person stops. Raises ConfigurationError where there is no terminal."""
    session.open()
    texts = {one.label: one.question for one in read_criteria(criteria)} if criteria is not None else {}
    rows = read_rows(existing(path))
    queue = draw(results(rows), n=n, seed=seed, rater=session.rater, overlap=overlap, criteria=only)
    if not queue:
        asked = f" of {', '.join(map(repr, only))}" if only else ""
        raise InputError(f"the judge gave no verdict{asked} that could be checked", file=path)
    wanted = {item.key for item in queue}
    talks = {result.key: result for result in results(rows) if result.key in wanted}
    console = Console(highlight=False)
    if not (sys.stdin.isatty() and console.is_terminal):
        raise ConfigurationError("labelling is done by keys in a terminal, and this is none")
    with keyboard() as keys:
        done = _ask_all(queue, talks, texts, session, console, keys)
    console.print(Text(f"{done} of {plural(len(queue), 'question')} answered; kept in {visible(str(session.out))}"))
    more = (
        "the same command goes on" if done < len(queue) else f"next: personae judge check {path} --labels {session.out}"
    )
    console.print(Text(visible(more)), soft_wrap=True)


def _ask_all(
    queue: Sequence[Item],
    talks: Mapping[str, SimulationResult],
    texts: Mapping[str, str],
    session: Session,
    console: Console,
    keys: Keys,
) -> int:
    """How many of the queue are answered in the end."""
    place = next((place for place, item in enumerate(queue) if session.said(item) is None), len(queue))
    while place < len(queue):
        item = queue[place]
        before = session.said(item)
        console.clear()
        console.print(_screen(item, talks[item.key], texts, f"{place + 1} of {len(queue)}"))
        note = before.note if before is not None else ""
        if before is not None:
            console.print(Text(f"you said {before.label}", style="cyan"))
        key, note = _key(console, keys, note)
        if key == "q":
            break
        if key == "b":
            place = max(0, place - 1)
            continue
        session.say(item, ANSWERS[key], note)
        place = next(
            (other for other in range(place + 1, len(queue)) if session.said(queue[other]) is None), len(queue)
        )
    return sum(session.said(item) is not None for item in queue)


def _key(console: Console, keys: Keys, note: str) -> tuple[str, str]:
    """The key of an answer, of back or of quit; and the note, where one was written."""
    while True:
        console.print(Text(KEYS, style="bold"))
        key = keys.next()
        if key in ANSWERS or key in ("b", "q"):
            return key, note
        if key == END:
            return "q", note
        if key == "t":
            with whole_lines():
                note = console.input(Text("note: ")).strip()


def _screen(item: Item, result: SimulationResult, texts: Mapping[str, str], place: str) -> RenderableType:
    """The transcript, and the question under it, where the eye ends. Nothing of what judge or simulator made of it."""
    scenario = result.scenario
    parts: list[RenderableType] = [
        Rule(Text(place)),
        Text(f"The user wants: {visible(scenario.goal)}", style="dim"),
        Text(),
    ]
    parts += _turns(result)
    parts += [Rule(), Text(visible(_question(item, result, texts)), style="bold yellow"), Text()]
    return Group(*parts)


def _question(item: Item, result: SimulationResult, texts: Mapping[str, str]) -> str:
    if item.criterion == GOAL:
        return f"Did the conversation reach this outcome?\n{result.scenario.expected_outcome}"
    text = texts.get(item.criterion, item.criterion)
    try:
        return fill(text, result.scenario.columns)
    except InputError:  # the file of criteria is another than the run's: the text as it is still tells the question
        return text


def _turns(result: SimulationResult) -> Iterator[RenderableType]:
    for number, turn in enumerate(result.conversation.turns, 1):
        who, style = ("USER", "green") if turn.role == "user" else ("BOT", "blue")
        yield Text(f"[{number}] {who}", style=f"bold {style}")
        yield Padding(Text(visible(turn.content)), (0, 0, 1, 4))
