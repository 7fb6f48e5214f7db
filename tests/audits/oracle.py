"""The published package `ppol` 0.1.1 as an oracle: two of its modules, without the rest and what the rest needs.

It is fetched once, by pip and without its dependencies, into a folder beside the environment's own.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

WANTED = "ppol==0.1.1"
FOLDER = Path(sys.prefix) / "oracles" / WANTED.replace("==", "-")
_UNREACHABLE = (
    "No matching distribution",
    "Connection",
    "Temporary failure",
    "Max retries",
    "timed out",
    "No module named pip",
)


@cache
def module(name: str) -> ModuleType:
    """The module `ppol.NAME`, alone. Skips the test where the package cannot be fetched."""
    file = FOLDER / "ppol" / f"{name}.py"
    if not file.exists():
        _fetch()
    found = importlib.util.spec_from_file_location(f"ppol_oracle_{name}", file)
    assert found is not None
    assert found.loader is not None
    loaded = importlib.util.module_from_spec(found)
    sys.modules[found.name] = loaded  # its dataclasses look themselves up
    found.loader.exec_module(loaded)
    return loaded


def _fetch() -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    done = subprocess.run([*pip, "--target", str(FOLDER), WANTED], capture_output=True, text=True, timeout=300)
    if done.returncode and any(sign in done.stderr for sign in _UNREACHABLE):
        pytest.skip(f"{WANTED} is the oracle here, and the package registry cannot be reached: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
