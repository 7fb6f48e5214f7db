"""tau2-bench: the tasks of its domains (retail, airline ...) as scenarios with their users, and as personas.

Source: sierra-research/tau2-bench, data/tau2/domains/*/tasks.json
Idea:   a task says what a user wants, knows and does not know, and how they behave. What the benchmark compares a
        database with, and the words it looks for in replies, become an expected outcome in plain words for a judge.

A deliberate difference: the benchmark runs tools on a simulated database and compares its state; here a judge reads the
conversation. Look-ups are left out of the expected outcome, since any way to find something out is good, and the
`initial_state` of the benchmark's own environment is not set up. The authors' `description` (purpose, notes) is left
out as well: it tells what the right answer is, and a scenario's fields may be shown to the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from personae.sources import Kind, Problem, Row, sources
from personae.sources._strict_json import list_rows
from personae.sources._text import read_text
from personae.sources._values import check_values, kind_of

_NAME = re.compile(r"\b(?:You are|You're|[Yy]our? name is|called)(?: called)? ((?:[A-Z][\w'-]*)(?: [A-Z][\w'-]*)*)")
_USER_ID = re.compile(r"\b[a-z]+(?:_[a-z]+)+_\d+\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_MANNER = re.compile(
    r"(?:You(?: are|'re) (?!willing|fine|okay|ok\b|also|(?:not )?happy with|going|calling|reaching|busy so|flying|sure)"
    r"|You (?:like|tend|prefer) to |You speak |You randomly |You insert |Be )"
)
_LOOK_UP = re.compile(r"(?:get|find|search|list|calculate|check|lookup|look_up|think)(?:_|$)")
_AGENT = re.compile(r"^(?:Check that )?(?:The )?[Aa]gent\b")

_SAID: Mapping[str, str] = {
    "exchange_delivered_order_items": "exchanges the delivered items {item_ids} of order {order_id} "
    "for {new_item_ids}, settled with {payment_method_id}",
    "return_delivered_order_items": "takes back the delivered items {item_ids} of order {order_id}, "
    "refunded to {payment_method_id}",
    "modify_pending_order_items": "changes the items {item_ids} of the pending order {order_id} to {new_item_ids}, "
    "settled with {payment_method_id}",
    "modify_pending_order_payment": "changes the payment of the pending order {order_id} to {payment_method_id}",
    "cancel_pending_order": "cancels the pending order {order_id} with the reason {reason!r}",
    "cancel_reservation": "cancels the reservation {reservation_id}",
    "transfer_to_human_agents": "hands the user over to a human agent",
    "update_reservation_passengers": "changes the passengers of the reservation {reservation_id} to {passengers}",
}
"""The commonest actions, for which the generic words are clumsy. Used where they say every argument."""
_ARGUMENT = re.compile(r"\{(\w+)(?:!r)?\}")


@sources.method("tau2")
class Tau2:
    """Task files of tau2-bench."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[Kind, ...]] = ("scenario", "persona")

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        for row in list_rows(read_text(path), path, "scenario"):
            if isinstance(row, Problem):
                yield row
            elif flaws := check_values(row):
                yield from flaws
            else:
                yield _converted(row, path, kind)


def _converted(row: Row, path: Path, kind: Kind) -> Row | Problem:
    try:
        scenario = _scenario(_Task(row.data), path)
    except _NotATaskError as error:
        return Problem(error.problem, row.line, error.field)
    if kind == "scenario":
        return Row(scenario, row.line)
    own = {"goal": scenario["goal"], "success_criteria": scenario["expected_outcome"]}
    return Row(scenario["persona"] | own, row.line)


class _NotATaskError(Exception):
    def __init__(self, problem: str, field: str | None) -> None:
        super().__init__(problem)
        self.problem, self.field = problem, field


@dataclass(frozen=True, slots=True)
class _Task:
    """Access to a part of a task by its path, with an error that names the path."""

    data: Any
    path: str = ""

    def part(self, name: str) -> _Task:
        """The part called `name`; of a part that is null, null."""
        if self.data is None:
            return _Task(None, self._below(name))
        if not isinstance(self.data, Mapping):
            raise _NotATaskError(f"must be an object of a tau2 task, not {kind_of(self.data)}", self.path or None)
        return _Task(self.data.get(name), self._below(name))

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def text(self) -> str:
        """The text without white space at its ends. Null, or the benchmark's lone full stop, is blank."""
        if self.data is None:
            return ""
        if not isinstance(self.data, str):
            raise _NotATaskError(f"must be text, not {kind_of(self.data)}", self.path)
        return "" if self.data.strip() == "." else self.data.strip()

    def items(self) -> list[_Task]:
        if self.data is None:
            return []
        if not isinstance(self.data, list):
            raise _NotATaskError(f"must be a list, not {kind_of(self.data)}", self.path)
        return [_Task(item, self.path) for item in self.data]


def _scenario(task: _Task, path: Path) -> dict[str, Any]:
    user = task.part("user_scenario")
    instructions = user.part("instructions")
    if isinstance(instructions.data, str):
        instructions = _Task({"reason_for_call": instructions.data}, instructions.path)
    goal = instructions.part("reason_for_call")
    if not goal.text():
        raise _NotATaskError("is missing: a tau2 task says here what its user wants", goal.path)
    domain = instructions.part("domain").text() or path.stem.removesuffix("tasks").rstrip("-_") or "tau2"
    task_id = str(task.part("id").data if task.part("id").data is not None else "")
    if not task_id:
        raise _NotATaskError("is missing", "id")
    label = f"{domain}-{task_id}"
    known_info = instructions.part("known_info").text()
    manner = instructions.part("task_instructions").text()
    return {
        "name": label,
        "goal": goal.text(),
        "expected_outcome": _expected_outcome(task.part("evaluation_criteria")),
        "known_info": known_info,
        "unknown_info": instructions.part("unknown_info").text(),
        "instructions": manner,
        "fields": {"domain": domain, "task_id": task_id},
        "persona": {
            "name": f"{_who(known_info)} ({label})",
            "description": user.part("persona").text() or _description(manner, domain),
            "attributes": {"domain": domain},
        },
    }


def _who(known_info: str) -> str:
    """The user's name as far as the task gives it, else their user id."""
    if match := _NAME.search(known_info):
        return match[1]
    user_id = _USER_ID.search(known_info)
    return user_id[0] if user_id else "A customer"


def _description(task_instructions: str, domain: str) -> str:
    """The sentences about who the user is and how they speak; the scenario's instructions hold all of them."""
    sentences = (sentence for part in task_instructions.split("\n") for sentence in _SENTENCE.split(part))
    manner = [" ".join(sentence.split()) for sentence in sentences if _MANNER.match(sentence)]
    return " ".join(manner) or f"You are a customer who contacts the {domain} support."


def _expected_outcome(criteria: _Task) -> str:
    """Everything the benchmark checks, one sentence a line."""
    assertions = [_AGENT.sub("The agent", assertion.text()) for assertion in criteria.part("nl_assertions").items()]
    lines = [f"{assertion.rstrip('.')}." for assertion in assertions if assertion]
    said = " ".join(lines).replace(",", "").casefold()
    words = [word.text() for word in criteria.part("communicate_info").items()]
    if unsaid := [word for word in words if word.replace(",", "").casefold() not in said]:
        lines.append(f"The agent tells the user: {', '.join(unsaid)}.")
    actions = [action for action in criteria.part("actions").items() if not _is_look_up(action)]
    lines += [_action(action) for action in actions]
    if all(_is_transfer(action) for action in actions):
        lines.append("The agent changes nothing: no order, booking or account is altered.")
    return "\n".join(lines)


def _is_look_up(action: _Task) -> bool:
    return _LOOK_UP.match(action.part("name").text()) is not None


def _is_transfer(action: _Task) -> bool:
    return action.part("name").text().startswith("transfer_to_human")


def _action(action: _Task) -> str:
    """One action in plain words: those written for it, or its own name and arguments."""
    name, arguments = action.part("name").text(), action.part("arguments").data or {}
    compared = action.part("compare_args").data
    if not isinstance(arguments, Mapping):
        raise _NotATaskError(f"must be an object, not {kind_of(arguments)}", "evaluation_criteria.actions.arguments")
    if _is_transfer(action):
        compared = []  # its one argument is a summary, in words that no two agents would choose alike
    said = {key: _value(arguments[key]) for key in arguments if compared is None or key in compared}
    who = "The user" if action.part("requestor").text() == "user" else "The agent"
    words = _SAID.get(name, "")
    if words and set(_ARGUMENT.findall(words)) == set(said):
        return f"{who} {words.format(**said)}."
    verb, *rest = name.split("_")
    details = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in said.items() if value)
    object_ = f" the {' '.join(rest)}" if rest else ""
    return f"{who} {_third_person(verb)}{object_}{f' ({details})' if details else ''}."


def _third_person(verb: str) -> str:
    return f"{verb}es" if verb.endswith(("s", "x", "ch", "sh")) else re.sub(r"(?<![aeiou])y$", "ie", verb) + "s"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_value(part) for part in value.values())
    if isinstance(value, list):
        return ", ".join(_value(part) for part in value) or "none"
    return str(value)
