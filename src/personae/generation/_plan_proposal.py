"""A sampling plan that a model proposes from a description, for people to correct."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from personae.core.model import Model, OutputSchema
from personae.core.prompt import load
from personae.core.text import shown
from personae.errors import InputError
from personae.generation._shapes import list_of, object_of
from personae.generation.sampling import Attribute, Never, Plan
from personae.generation.sampling.slots import check
from personae.llm.offline.steps.population import ProposePlan
from personae.llm.structured import NotUsable, ask

SYSTEM = load("personae.generation", "plan")
TASK = load("personae.generation", "plan_task")
MOST_CONTEXT = 60_000
FEWEST, MOST = 2, 12
"""Attributes of a proposed plan."""
_OFF = Fraction(2, 100)
"""A model's shares may miss 100 % by so much, and are scaled."""

_TEXT = {"type": "string"}


SCHEMA = OutputSchema(
    "plan",
    object_of(
        {
            "attributes": list_of(
                object_of(
                    {
                        "name": _TEXT,
                        "about": _TEXT,
                        "values": list_of(object_of({"value": _TEXT, "share": {"type": "number"}})),
                    }
                )
            ),
            "never": list_of(object_of({"values": list_of(object_of({"attribute": _TEXT, "value": _TEXT}))})),
        }
    ),
)


async def propose_plan(model: Model, text: str) -> Plan:
    """What the model thinks how common what is. Raises ProviderError where it gives no plan without contradictions."""
    parsed = await ask(
        model,
        [
            {"role": "system", "content": SYSTEM.render()},
            {"role": "user", "content": TASK.render(text=shown(text, MOST_CONTEXT))},
        ],
        purpose="generator",
        schema=SCHEMA,
        parse=_plan,
        about=ProposePlan(text),
        max_output_tokens=4_000,
    )
    return parsed.value


def text_of_plan(plan: Plan, *comments: str) -> str:
    """The plan as the YAML that `read_plan` reads."""
    lines = [*(f"# {comment}" for comment in comments), "attributes:"]
    for one in plan:
        lines.append(f"  {_quoted(one.name)}:")
        if one.about:
            lines.append(f"    about: {_quoted(one.about)}")
        lines.append("    shares:")
        lines += [f"      {_quoted(value)}: {float(share * 100):.6g}%" for value, share in one.shares.items()]
    if plan.never:
        lines.append("never:")
    for rule in plan.never:
        held = ", ".join(
            f"{_quoted(name)}: [{', '.join(map(_quoted, values))}]" for name, values in rule.values.items()
        )
        lines.append(f"  - {{{held}}}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _plan(data: Any) -> Plan:
    """The plan in an answer. NotUsable that names what is wrong with it."""
    rows = data.get("attributes") if isinstance(data, Mapping) else None
    if not isinstance(rows, list) or not FEWEST <= len(rows) <= MOST:
        raise NotUsable(f"It must be a JSON object with {FEWEST} to {MOST} `attributes`.")
    attributes = tuple(map(_attribute, rows))
    names = [one.name for one in attributes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise NotUsable(f"The attribute {twice!r} stands there twice.")
    known = {one.name: one.shares for one in attributes}
    plan = Plan(attributes, never=tuple(_rule(row, known) for row in data.get("never") or ()))
    try:
        check(plan)
    except InputError as error:
        raise NotUsable(f"It contradicts itself: {error.problem}.") from None
    return plan


def _attribute(row: Any) -> Attribute:
    name = row.get("name") if isinstance(row, Mapping) else None
    values = row.get("values") if isinstance(row, Mapping) else None
    if not isinstance(name, str) or not name.strip() or not isinstance(values, list):
        raise NotUsable("Each attribute needs a `name` and `values`.")
    shares: dict[str, Fraction] = {}
    for one in values:
        value, share = (one.get("value"), one.get("share")) if isinstance(one, Mapping) else (None, None)
        is_number = isinstance(share, (int, float)) and not isinstance(share, bool) and 0 <= share <= 100
        if not isinstance(value, str) or not value.strip() or not is_number:
            raise NotUsable(f"Each value of {name!r} needs a `value` and a `share` from 0 to 100.")
        shares[value.strip()] = shares.get(value.strip(), Fraction()) + Fraction(str(share)) / 100
    total = sum(shares.values(), Fraction())
    if abs(total - 1) > _OFF:
        raise NotUsable(f"The shares of {name!r} add up to {float(total * 100):.4g}, not 100.")
    about = row.get("about")
    scaled = {value: share / total for value, share in shares.items()}
    return Attribute(name.strip(), scaled, about.strip() if isinstance(about, str) else "")


def _rule(row: Any, known: Mapping[str, Mapping[str, Fraction]]) -> Never:
    values: dict[str, tuple[str, ...]] = {}
    for one in (row.get("values") if isinstance(row, Mapping) else None) or ():
        name, value = (one.get("attribute"), one.get("value")) if isinstance(one, Mapping) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str) or value not in known.get(name, ()):
            raise NotUsable(f"A rule under `never` names {name!r} {value!r}, which is no value of an attribute.")
        values[name] = (*values.get(name, ()), value)
    if len(values) < 2:
        raise NotUsable("Each rule under `never` must name values of two attributes or more.")
    return Never(values)
