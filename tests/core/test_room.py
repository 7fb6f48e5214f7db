"""Rooms: methods found by name, in our folders and in other packages, imported only when asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from personae.core.room import Room
from personae.errors import NotFound

OURS = "from attic import things\n@things.method({name!r})\nclass {kind}:\n    '''A {name}.'''\n"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room[object]:
    """A package `attic` with the methods `old_chair` and `lamp`, and a foreign package that adds `mirror`."""
    package = tmp_path / "attic"
    package.mkdir()
    (package / "__init__.py").write_text("from personae.core.room import Room\nthings = Room('attic', 'thing')\n")
    (package / "old_chair.py").write_text(OURS.format(name="old-chair", kind="Chair"))
    (package / "lamp.py").write_text(OURS.format(name="lamp", kind="Lamp"))
    (package / "_dust.py").write_text("raise RuntimeError('never imported')\n")
    (tmp_path / "foreign.py").write_text(OURS.format(name="mirror", kind="Mirror"))
    info = tmp_path / "foreign-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[attic]\nmirror = foreign\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("attic", "attic.old_chair", "attic.lamp", "foreign"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    from importlib import import_module

    found: Room[object] = import_module("attic").things
    return found


def test_names_are_listed_without_importing_one(room: Room[object]) -> None:
    assert room.names() == ("lamp", "mirror", "old_chair")
    assert "attic.lamp" not in sys.modules


@pytest.mark.parametrize("name", ["old-chair", "old_chair"])
def test_dash_and_underscore_are_the_same(room: Room[object], name: str) -> None:
    assert room.get(name).__name__ == "Chair"


def test_another_package_adds_a_method_by_an_entry_point(room: Room[object]) -> None:
    assert room.get("mirror").__name__ == "Mirror"


def test_all_imports_everything(room: Room[object]) -> None:
    assert sorted(method.__name__ for method in room.all().values()) == ["Chair", "Lamp", "Mirror"]


def test_an_unknown_name_is_answered_with_the_nearest(room: Room[object]) -> None:
    with pytest.raises(NotFound, match=r"no thing is called 'lmap'; there is lamp$"):
        room.get("lmap")


def test_a_name_like_no_other_is_answered_with_all(room: Room[object]) -> None:
    with pytest.raises(NotFound, match="there is lamp, mirror, old_chair"):
        room.get("wardrobe")


def test_two_classes_of_one_name_are_refused(room: Room[object]) -> None:
    room.get("lamp")
    with pytest.raises(ValueError, match="two things are called 'lamp'"):
        room.method("lamp")(type("Torch", (), {}))


def test_two_classes_that_share_even_their_own_name_are_refused(room: Room[object]) -> None:
    room.get("lamp")
    with pytest.raises(ValueError, match="two things are called 'lamp'"):
        room.method("lamp")(type("Lamp", (), {"__module__": "elsewhere"}))


def test_a_module_that_is_imported_again_is_no_duplicate(room: Room[object]) -> None:
    method = room.get("lamp")
    assert room.method("lamp")(method) is method


def test_hidden_modules_are_no_methods() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "from personae.bots import bots; print(*bots.names())"], capture_output=True, text=True
    )
    assert not [name for name in listed.stdout.split() if name.startswith("_")]
