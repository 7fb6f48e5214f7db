"""Parser scripts that try to get out of their sandbox, through the server that runs them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lab.fake_bot import FakeBots
from tests.server.running import Server, running

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Attack:
    script: str
    ends_as: str
    """What stands in the error, as a regular expression."""


FILES = [
    Attack("open('{file}').read()", "PermissionError"),
    Attack("open('{file}', 'a').write('x')", "PermissionError"),
    Attack("from pathlib import Path\nPath('{file}').read_text()", "PermissionError"),
    Attack("from pathlib import Path\nPath('{file}').unlink()", "PermissionError"),
    Attack("import os\nos.listdir('/')", "PermissionError"),
    Attack("import shutil", "No module named 'shutil'"),
    Attack("import glob", "No module named 'glob'"),
]
SYSTEM = [
    Attack("import os\nos.system('id')", "no attribute 'system'"),
    Attack("import os\nos.popen('id')", "no attribute 'popen'"),
    Attack("import os\nos.kill(1, 9)", "no attribute 'kill'"),
    Attack("import os\nos.environ['PERSONAE_SECRET_KEY']", "not supported"),
    Attack("import os\nos.getenv('PERSONAE_SECRET_KEY')", "not supported"),
    Attack("import sys\nsys.exit(1)", "no attribute 'exit'"),
    Attack("raise SystemExit()", "SystemExit"),
    Attack("raise KeyboardInterrupt()", "KeyboardInterrupt"),
    Attack("import subprocess", "No module named 'subprocess'"),
    Attack("import ctypes", "No module named 'ctypes'"),
    Attack("import importlib", "No module named 'importlib'"),
    Attack("import multiprocessing", "No module named 'multiprocessing'"),
    Attack("import personae", "No module named 'personae'"),
]
NETWORK = [
    Attack("import socket", "No module named 'socket'"),
    Attack("import urllib.request", "No module named 'urllib'"),
    Attack("import http.client", "No module named 'http'"),
    Attack("import aiohttp", "No module named 'aiohttp'"),
]
ESCAPES = [
    Attack("().__class__.__base__.__subclasses__()", "no attribute '__class__'"),
    Attack("(lambda: 0).__globals__['os']", "no attribute '__globals__'"),
    Attack("getattr('', '__class__')", "no attribute '__class__'"),
    Attack("'{0.__class__.__mro__}'.format(())", "no attribute '__class__'"),
    Attack("body.__init__.__globals__", "no attribute '__init__'"),
    Attack("try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame", "no attribute '__traceback__'"),
    Attack("import sys\nsys.modules['os']", "no attribute 'modules'"),
    Attack("import sys\nsys._getframe()", "no attribute '_getframe'"),
    Attack("__import__('os')", "is not defined"),
    Attack("__builtins__", "is not defined"),
    Attack("globals()", "is not defined"),
    Attack("compile('1', 'x', 'eval')", "is not defined"),
    Attack("eval(\"__import__('os')\")", "is not defined"),
    Attack("from os import *", "not supported"),
]
ENDED = "MemoryError|TimeoutError|took too long"
"""Which limit is met first is a matter of how fast the machine is."""
EXHAUSTION = [
    Attack(
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        ENDED,
    ),
    Attack("sum(1 for _ in iter(int, 1))", ENDED),
    Attack("'a' * 10 ** 10", ENDED),
    Attack("9 ** 9 ** 9", ENDED),
    Attack("'%0999999999d' % 1", ENDED),
    Attack("many = 'x'\nwhile True:\n    many = many + many", ENDED),
    Attack("','.join(['x' * 1000] * 10 ** 8)", ENDED),
    Attack("'x' * 50_000_000", "yields 50,000,000 characters"),
    Attack("def again():\n    return again()\nagain()", "RecursionError"),
    Attack("class A:\n    def __repr__(self):\n        return repr(self)\nrepr(A())", "RecursionError"),
    Attack("import json\njson.loads('[' * 1_000_000)", "recursion limit"),
    Attack("deep = 'x'\nfor _ in range(100_000):\n    deep = [deep]\ndeep", "not a text"),
    Attack("(" * 20_000 + "1" + ")" * 20_000, "too deeply nested"),
    Attack("-" * 90_000 + "1", "too deeply nested"),
]


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with running(database_url) as made:
        yield made


def checked(api: httpx2.Client, bots: FakeBots, script: str) -> dict[str, Any]:
    """What the test of a bot with this parser finds."""
    api_config = {"url": f"{bots.url}/json", "body": {"message": "{{message}}"}}
    body = {"name": "x", "inference_type": "custom_api", "custom_api_config": api_config}
    answer = api.post("/llm_configs/test", json=body | {"custom_response_parser": script})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "attacks",
    [FILES, SYSTEM, NETWORK, ESCAPES, EXHAUSTION],
    ids=["files", "system", "network", "escapes", "exhaustion"],
)
def test_each_attack_ends_as_a_bot_error_and_the_server_goes_on(
    server: Server, attacks: list[Attack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONAE_SECRET_KEY", "the secret of the deployment")
    file = tmp_path / "file.txt"
    file.write_text("the text of the file")
    with FakeBots.in_thread() as bots, server.client() as api:
        for attack in attacks:
            found = checked(api, bots, attack.script.replace("{file}", str(file)))
            assert (found["verdict"], re.search(attack.ends_as, found["error"]) is not None) == ("failed", True), found[
                "error"
            ]
            assert [secret for secret in ("the secret of", "the text of") if secret in str(found)] == []
        assert checked(api, bots, "body['reply']['text']")["turns"][0]["reply"]
    assert file.read_text() == "the text of the file"
    assert os.environ["PERSONAE_SECRET_KEY"] == "the secret of the deployment"


def test_a_script_whose_syntax_is_broken_is_refused_when_the_config_is_stored(server: Server) -> None:
    with server.client() as api:
        api_config = {"url": "http://127.0.0.1:1/"}
        body = {"name": "x", "inference_type": "custom_api", "custom_api_config": api_config}
        for script in ("a b", "(" * 20_000, "def f(:\n  pass"):
            answer = api.post("/llm_configs", json=body | {"custom_response_parser": script})
            assert answer.status_code == 400
            assert answer.json()["detail"].startswith("custom_response_parser: the parser script is not Python")
