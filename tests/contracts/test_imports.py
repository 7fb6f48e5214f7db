"""What starts quickly stays quick: nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.running import environment

HEAVY = (
    "aiohttp", "altair", "fastapi", "genai_prices", "jinja2", "numpy", "pydantic", "rich.live", "scipy", "sqlalchemy",
    "stamina", "vl_convert",
)  # fmt: skip
BARE = "import personae"
HELP = (
    "import sys; sys.argv = ['personae', '--help']\nfrom personae.cli import main\ntry: main()\nexcept SystemExit: pass"
)
OF_SIMULATE = HELP.replace("'--help'", "'simulate', '--help'")
REPORT = f"\nimport sys\nprint('\\nimported:', *(name for name in {HEAVY!r} if name in sys.modules))"
MOST_CPU_S = 0.4
USUAL_CPU_S = 0.1
"""What `import asyncio` takes."""


def run(code: str) -> tuple[str, float]:
    """What it printed last, and its CPU seconds."""
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout.strip().split("\n")[-1], cpu


@pytest.mark.parametrize("code", [BARE, HELP, OF_SIMULATE], ids=["import", "help", "simulate help"])
def test_nothing_heavy_is_imported(code: str) -> None:
    imported = run(code + REPORT)[0].split()[1:]
    assert set(imported) <= ({"pydantic"} if code is OF_SIMULATE else set())  # Typer checks `min=` with it


@pytest.mark.parametrize("code", [BARE, HELP], ids=["import", "help"])
def test_it_starts_quickly(code: str) -> None:
    tries = (run(code)[1] / max(run("import asyncio")[1], USUAL_CPU_S) for _ in range(10))  # alike slow at that moment
    assert any(ratio < MOST_CPU_S / USUAL_CPU_S for ratio in tries)


def test_simulate_imports_no_charts_and_no_statistics_library() -> None:
    code = "import personae.cli._simulate" + REPORT
    assert not {"altair", "vl_convert", "jinja2", "scipy", "numpy"} & set(run(code)[0].split())


def test_every_public_name_is_there() -> None:
    import personae

    assert all(getattr(personae, name) is not None for name in personae.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import personae

    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = personae.nonsense
