"""What `import personae` and `personae --help` cost, and which heavy modules they pull in."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass

from bench.measure import RunError, run_program
from bench.tools import PERSONAE

HEAVY = (
    "aiohttp", "altair", "alembic", "anthropic", "fastapi", "genai_prices", "jinja2", "narwhals", "numpy", "openai",
    "pandas", "pydantic", "ray", "rich", "ruamel.yaml", "scipy", "sqlalchemy", "stamina", "typer", "vl_convert",
)  # fmt: skip
TELL = f"import json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
HELP = f"""
import contextlib, io, sys
sys.argv = ["personae", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    from personae.cli import main
    main()
{TELL}
"""


@dataclass(frozen=True)
class Startup:
    what: str
    cpu_s: float
    """Median of the repeats; the first, which may compile, is left out."""
    peak_mib: float
    heavy: tuple[str, ...]


def startups(repeats: int) -> list[Startup]:
    """Raises RunError when either does not work at all."""
    return [
        _startup("import personae", [sys.executable, "-c", "import personae"], f"import personae\n{TELL}", repeats),
        _startup("personae --help", [str(PERSONAE), "--help"], HELP, repeats),
    ]


def _startup(what: str, command: list[str], tell: str, repeats: int) -> Startup:
    costs = [run_program(command, {}) for _ in range(repeats + 1)][1:]
    told = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=False)
    if told.returncode:
        raise RunError(f"{what}: {told.stderr.strip().splitlines()[-1]}")
    heavy = tuple(json.loads(told.stdout.splitlines()[-1]))
    cpu = statistics.median(cost.cpu_s for cost in costs)
    return Startup(what, cpu, max(cost.peak_mib for cost in costs), heavy)
