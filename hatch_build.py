"""The build's one step of its own: htmx, copied out of the `django-htmx` wheel into the package.

So no third-party source stands in the tree, and no Node is needed. `python hatch_build.py` does it without a build.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path(__file__).parent / "src/personae/server/web/static/vendor"
FILES = {"htmx-4.min.js": "htmx.js", "ext/hx-sse-4.min.js": "hx-sse.js"}
"""What is taken, by its name in the wheel."""


class CopyHtmx(BuildHookInterface[Any]):
    """Runs before every build, editable ones too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Copy the files; pyproject.toml names them as artifacts, so that they are in the wheel."""
        copy()


def copy() -> None:
    """The files, where they are missing or another version's."""
    wheel = distribution("django-htmx")
    VENDOR.mkdir(exist_ok=True)
    for source, name in FILES.items():
        found = Path(str(wheel.locate_file(f"django_htmx/static/django_htmx/{source}")))
        (VENDOR / name).write_bytes(found.read_bytes())


if __name__ == "__main__":
    copy()
