"""Every room keeps its promise: one method per file, under the file's name, with a header that says what it is."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import personae
from personae.core.room import Room

SOURCE = Path(personae.__file__).parent


def rooms() -> dict[str, Room[Any]]:
    """Every room in the code base, by its package."""
    found: dict[str, Room[Any]] = {}
    for path in SOURCE.rglob("*.py"):
        if "] = Room(" not in path.read_text(encoding="utf-8"):
            continue
        name = ".".join(("personae", *path.relative_to(SOURCE).with_suffix("").parts))
        module = import_module(name.removesuffix(".__init__"))
        found |= {value.package: value for value in vars(module).values() if isinstance(value, Room)}
    return found


@dataclass(frozen=True)
class Case:
    room: Room[Any]
    name: str

    @property
    def module(self) -> ModuleType:
        return import_module(f"{self.room.package}.{self.name}")

    @property
    def method(self) -> type[Any]:
        found: type[Any] = self.room.get(self.name)
        return found


CASES = {f"{package}.{name}": Case(room, name) for package, room in rooms().items() for name in room._modules()}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def test_all_rooms_are_found() -> None:
    names = ["bots", "executors", "generation", "llm.providers", "rating.metrics", "reports", "sources"]
    assert set(rooms()) >= {f"personae.{name}" for name in names}


@cases
def test_a_module_registers_one_method_under_its_own_name(case: Case) -> None:
    import_module(case.module.__name__)
    own = [name for name, method in case.room.all().items() if method.__module__ == case.module.__name__]
    assert own == [case.name]


@cases
def test_a_method_has_no_settings_or_is_a_frozen_dataclass(case: Case) -> None:
    if case.method.__init__ is not object.__init__:
        assert is_dataclass(case.method)
        assert case.method.__dataclass_params__.frozen  # type: ignore[attr-defined]


@cases
def test_a_module_begins_with_a_header_for_readers(case: Case) -> None:
    header = inspect.getdoc(case.module) or ""
    first = header.split("\n")[0]
    assert 20 <= len(first) <= 120
    assert first.rstrip().endswith((".", "?"))


@cases
def test_a_method_says_what_it_is(case: Case) -> None:
    assert (case.method.__doc__ or "").strip().endswith(".")
    assert not (case.method.__doc__ or "").startswith(f"{case.method.__name__}(")


@cases
def test_a_method_is_found_with_a_dash_too(case: Case) -> None:
    assert case.room.get(case.name.replace("_", "-")) is case.method
