"""Where a run comes from: date, versions and the state of the user's repository, for the record."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from typing import Any

import personae


def origin(created_at: str, prompts: Mapping[str, str]) -> dict[str, Any]:
    """What each row says about when, by what and from which commit it was made."""
    return {
        "created_at": created_at,
        "git_commit": _git_commit(),
        "prompts": dict(prompts),
        "versions": {"personae": personae.__version__, "python": platform.python_version()},
    }


def _git_commit() -> str | None:
    """The commit of the folder that we run in, `+changes` behind it where files differ; None outside a repository."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return f"{head}+changes" if _git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=5)  # noqa: S603, S607 - fixed arguments; git is found where the user's shell finds it
    return done.stdout.strip()
