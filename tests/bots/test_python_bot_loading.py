from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from personae.bots import BotWiring, Session
from personae.bots.python import PythonBot
from personae.errors import InputError
from tests.bots.serving import user

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Case:
    code: str
    message: str
    line: int | None = None


CASES = {
    "no function": Case(
        "def answer(prompt): ...\ndef _hidden(prompt): ...\n",
        r"defines no function 'model_fn' \(functions there: answer\): add `def model_fn\(prompt: str\) -> str`",
    ),
    "no function at all": Case("", "defines no function 'model_fn': add"),
    "not a function": Case("model_fn = 3\n", "'model_fn' is int, not a function"),
    "raises": Case("x = 1\ny = x / 0\n", "fails while it is imported: ZeroDivisionError: division by zero", 2),
    "exits": Case("import sys\n\nsys.exit(2)\n", "SystemExit: 2: put what only a script should do under", 3),
    "exits softly": Case("raise SystemExit\n", "SystemExit", 1),
    "odd": Case("class Odd(BaseException): ...\nraise Odd('x')\n", "Odd: x", 2),
    "no python": Case("x = 1\ndef model_fn(prompt)\n    pass\n", "is not Python: expected ':'", 2),
    "null byte": Case("x = '\x00'\n", "null bytes"),
    "missing import": Case("import json\nimport not_there_at_all\n", "No module named 'not_there_at_all'", 2),
    "deep": Case("import json\njson.loads('{')\n", "JSONDecodeError", 2),
    "no parameter": Case("\ndef model_fn():\n    return ''\n", r"model_fn\(\) cannot be called with a prompt", 2),
    "two parameters": Case(
        "def model_fn(a, b): ...\n", r"write `def model_fn\(prompt: str\) -> str`, or `messages`", 1
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_is_wrong_with_the_file_is_told_with_place_and_remedy(
    name: str, wiring: BotWiring, tmp_path: Path
) -> None:
    case = CASES[name]
    file = tmp_path / "bot.py"
    file.write_text(case.code)
    before = set(sys.modules), list(sys.path)
    with pytest.raises(InputError, match=case.message) as raised:
        PythonBot(str(file)).open(wiring)
    assert raised.value.line == case.line
    assert str(raised.value).startswith(f"{file}:{case.line}: " if case.line else f"{file}: ")
    assert sys.path == before[1]


@pytest.mark.parametrize(("target", "message"), [("gone.py", "no such file"), (".", "is a folder")])
async def test_a_file_that_is_not_there(target: str, message: str, wiring: BotWiring, tmp_path: Path) -> None:
    path = tmp_path / target
    if target == ".":
        path = tmp_path / "folder.py"
        path.mkdir()
    with pytest.raises(InputError, match=message):
        PythonBot(str(path)).open(wiring)


async def test_a_module_that_is_not_there(wiring: BotWiring) -> None:
    with pytest.raises(InputError, match=r"there is no module 'not_there_at_all': give a FILE\.py, or install it"):
        PythonBot("not_there_at_all.bots").open(wiring)


async def test_no_source_at_all(wiring: BotWiring) -> None:
    with pytest.raises(InputError, match=r"source: names no file or module"):
        PythonBot().open(wiring)


async def test_a_file_may_import_its_neighbours_and_define_dataclasses(wiring: BotWiring, tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_bot.py").write_text("WORD = 'from next door'\n")
    file = tmp_path / "bot.py"
    file.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from neighbour_of_bot import WORD\n"
        "@dataclass\n"
        "class Answer:\n"
        "    word: str\n"
        "def talk(prompt):\n"
        "    return Answer(WORD).word\n"
    )
    spec = PythonBot.from_target(f"{file}:talk")
    assert spec is not None
    reply = await spec.open(wiring).reply(user("Hi"), Session("s"))
    assert reply.text == "from next door"
    assert str(tmp_path) not in sys.path
    del sys.modules["neighbour_of_bot"]


async def test_two_files_of_one_name_do_not_meet(wiring: BotWiring, tmp_path: Path) -> None:
    bots = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "json.py"
        file.write_text(f"def model_fn(prompt): return {folder!r}\n")
        bots.append(PythonBot(str(file)).open(wiring))
    assert [(await bot.reply(user("Hi"), Session("s"))).text for bot in bots] == ["one", "two"]


async def test_a_function_in_a_module(wiring: BotWiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "shop_bots"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "polite.py").write_text("def talk(messages): return f'{len(messages)} so far'\n")
    monkeypatch.chdir(tmp_path)
    spec = PythonBot.from_target("shop_bots.polite:talk")
    assert spec is not None
    assert (await spec.open(wiring).reply(user("Hi", "Hello", "Bye"), Session("s"))).text == "3 so far"
    with pytest.raises(InputError, match="defines no function 'tlak'"):
        PythonBot("shop_bots.polite", "tlak").open(wiring)
    for name in ("shop_bots", "shop_bots.polite"):
        del sys.modules[name]
