"""A chat server, and a recorder for the bots in this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from personae.provenance import record_prompts
from tests.provenance.chat_server import serving
from tests.provenance.samples import Recorder

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else importing it asks the network


@pytest.fixture(scope="session")
def chat_server() -> Iterator[str]:
    """Its address, without a path."""
    with serving() as url:
        yield url


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """`record_prompts` for the bots in this folder, writing into the test's own folder."""
    return partial(record_prompts, Path(__file__).parent, out=tmp_path / "prompt_recordings.jsonl")
