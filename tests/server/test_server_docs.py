"""The page on the server: every setting is on it as the code has it, and its examples are real."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest
import typer.main
from sqlalchemy.engine import make_url

from personae.cli import app
from personae.server import settings as module
from personae.server.app import create_app
from personae.server.metrics import Metrics
from personae.server.services import open_services
from personae.server.settings import PREFIX, ServerSettings
from tests.peers.elluminate_world import brief_polls
from tests.server.running import running

__all__ = ["brief_polls"]  # a fixture: the SDK's polls come sooner

PAGE = (Path(__file__).parents[2] / "docs" / "server.md").read_text()
README = (Path(__file__).parents[2] / "README.md").read_text()
EXAMPLES = dict[str, list[str]]()
for kind, text in re.findall(r"```(python|toml|sh)\n(.*?)```", PAGE, re.DOTALL):
    EXAMPLES.setdefault(kind, []).append(text)


def told() -> dict[str, str]:
    """What the code says of each setting: the text below its field."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "ServerSettings")
    return {
        field.target.id: str(said.value.value)
        for field, said in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
    }


def line(field: dataclasses.Field[object]) -> str:
    default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    return f"| `{field.name}` | {f'`{default}`' if default else ''} | {told().get(field.name)} |"


def test_the_page_has_each_setting_with_its_default_and_what_it_is() -> None:
    section = PAGE[PAGE.index("| setting | default |") :].split("\n\n", 1)[0].splitlines()[2:]
    assert section == [line(field) for field in dataclasses.fields(ServerSettings)]


def test_the_settings_file_on_the_page_loads(tmp_path: Path) -> None:
    (tmp_path / "personae.toml").write_text(EXAMPLES["toml"][0])
    settings = ServerSettings.load(tmp_path / "personae.toml", {})
    assert (settings.simulator_provider, settings.budget_usd) == ("anthropic", 25.0)
    assert make_url(settings.database).host == "db.internal"


def test_variables_on_the_page_are_settings() -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", PAGE)) - {"CONFIG", "URL", "API_KEY"}  # those are not the server's
    assert named - {field.name.upper() for field in dataclasses.fields(ServerSettings)} == set()


def test_commands_and_options_on_the_page_exist() -> None:
    commands = typer.main.get_command(app()).commands  # type: ignore[attr-defined]  # a group has commands
    used = {
        (command, option)
        for text in EXAMPLES["sh"]
        for command, rest in re.findall(r"personae (\w+)((?: [^#\n]*)?)", text)
        for option in re.findall(r"--[a-z-]+", rest)
        if command in ("serve", "doctor")
    } | {
        ("serve", option)
        for option in re.findall(r"`(--[a-z-]+)`", PAGE[PAGE.index("`personae serve` has the") :].split(".")[0])
    }
    known = {(name, option) for name in commands for one in commands[name].params for option in one.opts}
    assert used
    assert used - known == set()


def test_metrics_on_the_page_are_counted() -> None:
    exposed = Metrics().exposition({}, 0, {}).decode()
    named = set(re.findall(r"`(personae_[a-z_]+)`", PAGE))
    assert named
    assert [name for name in named if name.removesuffix("_total") not in exposed] == []


def test_addresses_on_the_page_are_served(tmp_path: Path) -> None:
    served = create_app(open_services(ServerSettings(database=f"sqlite:///{tmp_path}/p.db", secret_key="x")))
    known = {*served.openapi()["paths"], "/docs", "/openapi.json"}
    assert set(re.findall(r"^\| `(/\w+)`", PAGE, re.MULTILINE)) <= known


def test_the_examples_run_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(f"sqlite:///{tmp_path}/p.db") as server:
        for name in ("PERSONAE", "ELLUMINATE"):
            monkeypatch.setenv(f"{name}_API_KEY", server.key)
        monkeypatch.setenv("PERSONAE_URL", server.url)
        monkeypatch.setenv("ELLUMINATE_BASE_URL", server.url)
        names: dict[str, object] = {}
        for example in EXAMPLES["python"]:
            exec(example, names)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert len(said) == 2
    assert all(re.fullmatch(r"\w+ \['(YES|NO)'\]", one) for one in said)


def test_the_readme_shows_the_way_to_the_server() -> None:
    section = README[README.index("### Server") :].split("\n## ", 1)[0]
    assert "personae serve" in section
    assert "docs/server.md" in section
