"""What every bot of the room keeps to, found by the room and not by a list."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import sys
from dataclasses import MISSING
from typing import Any

import pytest

from personae.bots import BotWiring, bots

NAMES = bots.names()
FOREIGN = [
    "",
    "nothing",
    "persona.jsonl",
    "gone.yaml",
    "gone.json",
    "ftp://127.0.0.1/x",
    "no-such-kind:rest",
    "a b:c",
]
OWN = {
    "openai": ["http://127.0.0.1/v1", "https://bot.example", "model:offline"],
    "botario": ["botario:http://127.0.0.1"],
    "mock": ["mock", "mock:echo"],
    "python": ["bot.py", "bot.py:talk", "a.b:talk"],
    "command": ["command:python bot.py"],
    "custom_api": [],
}
SECRET = "s3cret-v4lue"


def test_the_room_holds_the_bots_of_the_design() -> None:
    assert set(OWN) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_module_says_source_idea_and_cost(name: str) -> None:
    doc = inspect.getdoc(sys.modules[bots.get(name).__module__]) or ""
    first, _, rest = doc.partition("\n")
    assert first.endswith((".", "?"))
    assert all(f"\n{word}" in f"\n{rest}" for word in ("Source:", "Idea:", "Cost:"))


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_explained_below_it(name: str) -> None:
    method: Any = bots.get(name)
    assert vars(method)["__dataclass_params__"].frozen
    tree = ast.parse(inspect.getsource(sys.modules[method.__module__]))
    body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == method.__name__)
    for before, after in itertools.pairwise(body):
        if isinstance(before, ast.AnnAssign):
            assert isinstance(after, ast.Expr), f"{ast.unparse(before)} has no docstring"
            assert isinstance(after.value, ast.Constant)
            assert str(after.value.value).strip().endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_foreign_targets_are_none_of_its_business(name: str) -> None:
    method = bots.get(name)
    others = [target for other, targets in OWN.items() if other != name for target in targets]
    taken = [target for target in (*FOREIGN, *others) if method.from_target(target) is not None]
    assert taken == []


@pytest.mark.parametrize("name", [name for name in NAMES if OWN.get(name)])
def test_its_own_targets_are(name: str) -> None:
    assert all(isinstance(bots.get(name).from_target(target), bots.get(name)) for target in OWN[name])


def full(name: str) -> Any:
    """The bot with a secret wherever one can stand."""
    method: Any = bots.get(name)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(method):
        if field.name in ("url", "base_url"):
            values[field.name] = f"http://127.0.0.1/x?key={SECRET}"
        elif field.name == "command":
            values[field.name] = f"python --key {SECRET}"
        elif field.metadata.get("secret"):
            values[field.name] = {"X-Key": SECRET} if field.default is MISSING else SECRET
    return method(**values)


@pytest.mark.parametrize("name", NAMES)
def test_the_label_is_short_and_holds_no_secret(name: str) -> None:
    label = full(name).label
    assert 0 < len(label) < 80
    assert "\n" not in label
    assert SECRET not in label


@pytest.mark.parametrize("name", NAMES)
def test_settings_that_are_secret_are_not_in_the_repr(name: str) -> None:
    hidden = [field for field in dataclasses.fields(full(name)) if field.metadata.get("secret")]
    assert all(not field.repr for field in hidden)


def no_model(**settings: Any) -> Any:
    """Opening a bot asks nothing of its model."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.anyio
async def test_a_bot_can_be_opened_and_closed_twice_and_says_whether_it_remembers(name: str, wiring: BotWiring) -> None:
    if name == "python":
        spec: Any = bots.get(name)(function=str)  # type: ignore[call-arg]
    else:
        spec = full(name)
    bot = spec.open(dataclasses.replace(wiring, connect_model=no_model))
    assert isinstance(bot.is_stateful, bool)
    assert isinstance(bot.system_prompt, str)
    await bot.close()
    await bot.close()
