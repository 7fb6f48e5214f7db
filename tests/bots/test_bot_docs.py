"""The page on bots: it names every bot and every setting, and its examples are real."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from personae.bots import BotWiring, Session, bots
from personae.bots._targets import FORMS, parse_target
from personae.bots.python import PythonBot
from tests.bots.serving import user

PAGE = (Path(__file__).parents[2] / "docs" / "bots.md").read_text()
EXAMPLES = re.findall(r"```(yaml|python)\n(.*?)```", PAGE, re.DOTALL)
KEYS = ("MY_BOT_KEY", "SHOP_BOT_KEY", "BOTARIO_KEY")


@pytest.mark.parametrize("name", bots.names())
def test_every_bot_and_each_of_its_settings_is_on_the_page(name: str) -> None:
    section = PAGE[PAGE.index(f"\n## {name}: ") :].split("\n## ", 2)[1]
    method: Any = bots.get(name)
    missing = [
        field.name for field in dataclasses.fields(method) if not re.search(rf"(`|\n){field.name}(`|:)", section)
    ]
    assert missing == []


@pytest.mark.parametrize("example", [text for kind, text in EXAMPLES if kind == "yaml"])
@pytest.mark.anyio
async def test_every_spec_file_on_the_page_opens(
    example: str, wiring: BotWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in KEYS:
        monkeypatch.setenv(key, "k")
    file = tmp_path / "bot.yaml"
    file.write_text(example)
    bot = parse_target(str(file)).open(wiring)
    await bot.close()


@pytest.mark.parametrize(("function", "reply"), [("model_fn", "You said: USER: Hi"), ("answer", "1 messages so far")])
@pytest.mark.anyio
async def test_the_functions_on_the_page_answer(function: str, reply: str, wiring: BotWiring, tmp_path: Path) -> None:
    file = tmp_path / "bot.py"
    file.write_text("\n\n".join(text for kind, text in EXAMPLES if kind == "python"))
    bot = PythonBot(str(file), function).open(wiring)
    assert (await bot.reply(user("Hi"), Session("s"))).text == reply
    await bot.close()


def test_each_form_of_a_target_is_on_the_page() -> None:
    kinds = {form.partition(":")[0].split(".")[0].split(" ")[0] for form, _ in FORMS} - {"FILE", "package", "http"}
    assert all(kind in PAGE for kind in kinds)
