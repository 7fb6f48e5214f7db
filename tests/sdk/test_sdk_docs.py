"""The guide to the SDK: its examples run, and it names every method."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from personae.sdk import Client
from personae.sdk.nouns import Noun
from tests.running import environment
from tests.server.running import Server

PAGE = (Path(__file__).parents[2] / "docs" / "sdk.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_run_one_after_the_other(server: Server) -> None:
    variables = environment(PERSONAE_URL=server.url) | {"PERSONAE_API_KEY": server.key}
    said = [
        subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True).stdout
        for code in EXAMPLES
    ]
    assert said[0].startswith("2 conversations, (0.0, 0.0) US dollars; nothing is missing\n")
    assert "2 of 2" in said[0]
    assert "personas are in the library" in said[2]
    assert len(said) == 3


def test_every_method_of_every_noun_is_named() -> None:
    with Client("http://127.0.0.1:1") as client:
        nouns = {name: noun for name, noun in vars(client).items() if isinstance(noun, Noun)}
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert {name: re.findall(r"`(\w+)`", methods) for name, methods in told.items()} == {
        name: [method for method in vars(type(noun)) if not method.startswith("_")] for name, noun in nouns.items()
    }
