"""What `personae doctor` looks at, and how it shows what it found."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from personae import __version__
from personae.core.model import Model, Request
from personae.errors import ConfigurationError, PersonaeError
from personae.llm.config import LLMConfig, Wiring
from personae.llm.http_provider import HttpProvider
from personae.llm.limits import Limits
from personae.llm.providers import connect, providers
from personae.transport import Pool

try:
    from personae.server.logs import FORMATS
    from personae.server.models import judge_config, simulator_config
    from personae.server.secrets import Cipher
    from personae.server.settings import PREFIX, ServerSettings
    from personae.store import counts
    from personae.store.engine import Database, may_heal
    from personae.store.migrate import head, is_known, revision
except ModuleNotFoundError as error:
    raise ConfigurationError(
        f"the server needs {error.name!r}, which is not installed: pip install 'personae[server]'"
    ) from error

LEAST_SECRET = 16
"""Characters of a secret key."""
_PACKAGES = ("fastapi", "uvicorn", "sqlalchemy", "psycopg", "aiosqlite", "alembic", "pydantic", "aiohttp")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    is_ok: bool
    found: str
    mend: str = ""
    """How to mend it, where it is not well."""


def examine(config: Path | None, *, call: bool, as_json: bool, **options: Any) -> None:
    """Look at everything and print it. Exits with 1 where something is wrong."""
    findings = asyncio.run(_all(config, call=call, options=options))
    is_well = all(finding.is_ok for finding in findings)
    if as_json:
        data = {"ok": is_well, "checks": [asdict(finding) for finding in findings]}
        sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show(findings, Console(highlight=False))
    if not is_well:
        sys.exit(1)


async def _all(config: Path | None, *, call: bool, options: dict[str, Any]) -> list[Finding]:
    findings = [_versions()]
    try:
        settings = ServerSettings.load(config).with_(**options)
    except PersonaeError as error:
        return [*findings, Finding("settings", False, str(error), "change it, and look at docs/server.md")]
    findings += [_settings(settings, config), _folder(settings), _secret(settings)]
    findings += [finding async for finding in _database(settings)]
    findings += [
        await _model("simulator", simulator_config(settings), call=call),
        await _model("judge", judge_config(settings), call=call),
    ]
    return [*findings, _keys(), await asyncio.to_thread(_port, settings), _traces(settings)]


def _versions() -> Finding:
    installed = ", ".join(f"{name} {version(name)}" for name in _PACKAGES if _is_installed(name))
    return Finding("versions", True, f"personae {__version__}, Python {platform.python_version()}, {installed}")


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _settings(settings: ServerSettings, config: Path | None) -> Finding:
    file = config or os.environ.get(f"{PREFIX}CONFIG")
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    where = ", ".join([*([str(file)] if file else []), *given]) or "all at their defaults"
    if settings.log_format not in FORMATS:
        return Finding("settings", False, f"log_format is {settings.log_format!r}", "write text or json")
    return Finding("settings", True, where)


def _folder(settings: ServerSettings) -> Finding:
    folder = settings.folder
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "data folder", True, f"{folder} can be written" + ("" if there == folder else ", once it is made")
        )
    mend = f"let this user write there, or choose another by {PREFIX}DATA_FOLDER"
    return Finding("data folder", False, f"{there} cannot be written", mend)


def _secret(settings: ServerSettings) -> Finding:
    if settings.secret_key:
        if len(settings.secret_key) < LEAST_SECRET:
            mend = f"choose at least {LEAST_SECRET} random characters: stored keys must then be entered anew"
            return Finding("secret key", False, f"it has {len(settings.secret_key)} characters", mend)
        return Finding("secret key", True, f"from {PREFIX}SECRET_KEY or the settings file")
    path = settings.folder / "secret"
    if not path.exists():
        return Finding("secret key", True, f"none yet: the first start makes one in {path}")
    if path.stat().st_mode & 0o077:
        return Finding("secret key", False, f"others can read {path}", f"chmod 600 {path}")
    return Finding("secret key", True, f"kept in {path}")


async def _database(settings: ServerSettings) -> AsyncIterator[Finding]:
    if missing := _missing_file(settings.database_url):
        yield Finding("database", True, f"{missing} is not there yet: the first start makes it")
        return
    try:
        database = Database(settings.database_url)
    except ConfigurationError as error:
        yield Finding("database", False, str(error), f"change {PREFIX}DATABASE")
        return
    try:
        yield await _schema(database)
        yield await _stored_keys(database, settings)
    except Exception as error:  # whatever the driver raises; what cannot heal goes on up
        if not may_heal(error):
            raise
        problem = str(getattr(error, "orig", error)).strip().splitlines()[0]
        mend = f"start it, or change {PREFIX}DATABASE"
        yield Finding("database", False, f"{database.shown} does not answer: {problem}", mend)
    finally:
        await database.close()


def _missing_file(url: str) -> str:
    """The file of SQLite that is not there: connecting would make it."""
    file = url.partition(":///")[2]
    return file if url.startswith("sqlite") and not Path(file).exists() else ""


async def _schema(database: Database) -> Finding:
    at = await revision(database)
    if at == head():
        return Finding("database", True, f"{database.shown}, at revision {at}")
    if at is None:
        return Finding("database", True, f"{database.shown} is empty: the first start sets it up")
    if is_known(at):
        return Finding("database", True, f"{database.shown} is at revision {at}: the next start brings it to {head()}")
    return Finding("database", False, f"{database.shown} is at the unknown revision {at}", "install a later personae")


async def _stored_keys(database: Database, settings: ServerSettings) -> Finding:
    name = "stored keys"
    if await revision(database) != head():
        return Finding(name, True, "not looked at before the database is at this version's schema")
    async with database.reading() as connection:
        sealed = await counts.sealed(connection)
    secret = settings.secret_key or _kept(settings.folder / "secret")
    if not sealed or not secret:
        return Finding(
            name, not sealed, f"{len(sealed)} are stored", f"set the {PREFIX}SECRET_KEY they were stored with"
        )
    unreadable = 0
    for one in sealed:
        try:
            Cipher(secret).unseal(one)
        except ConfigurationError:
            unreadable += 1
    mend = f"set the {PREFIX}SECRET_KEY they were stored with, or enter those keys anew"
    return Finding(name, not unreadable, f"{len(sealed) - unreadable} of {len(sealed)} can be read", mend)


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


async def _model(role: str, config: LLMConfig, *, call: bool) -> Finding:
    async with Pool() as pool:
        try:
            model = connect(config, Wiring(pool, Limits(1), attempts=1))
            answered = await _asked(model) if call else ""
        except PersonaeError as error:
            return Finding(role, False, str(error), f"change {PREFIX}{role.upper()}_... in the settings")
    at = getattr(model, "url", "")
    found = model.name + (f" at {at}" if at else "") + answered
    return Finding(role, True, found + (": for trying, not for measuring" if config.provider == "offline" else ""))


async def _asked(model: Model) -> str:
    if not hasattr(model, "url"):
        return ""
    messages = [{"role": "user", "content": "Answer with the word OK."}]
    reply = await model.complete(Request(messages, "generator", max_output_tokens=16))
    return f", answered in {reply.latency_ms:.0f} ms"


def _keys() -> Finding:
    names: set[str] = set()
    for provider in providers.all().values():
        if issubclass(provider, HttpProvider):
            names.update(provider().key_variables)
    there = sorted(name for name in names if os.environ.get(name, "").strip())
    return Finding("keys in the environment", True, ", ".join(there) or "none")


def _port(settings: ServerSettings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    try:
        with socket.create_server((settings.host, settings.port), family=_family(settings.host)):
            return Finding("port", True, f"{where} is free")
    except OSError as error:
        if _is_ours(settings):
            return Finding("port", True, f"personae serves at {where}")
        problem = error.strerror or str(error)
        return Finding(
            "port", False, f"cannot listen on {where}: {problem}", "choose another --port, or end what has it"
        )


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_ours(settings: ServerSettings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/healthz"
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
            return bool(orjson.loads(answer.read(1000)) == {"status": "ok"})
    except (URLError, OSError, ValueError):
        return False


def _traces(settings: ServerSettings) -> Finding:
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    if not settings.otel and not endpoint:
        return Finding("traces", True, "off")
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        return Finding("traces", False, "wanted, but OpenTelemetry is not installed", "pip install 'personae[otel]'")
    return Finding("traces", True, f"sent to {endpoint or 'the default address'}")


def _show(findings: list[Finding], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("", "check", "found"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        mark = Text("ok", style="green") if finding.is_ok else Text("problem", style="bold red")
        found = Text(finding.found)
        if not finding.is_ok and finding.mend:
            found.append(f"\nto mend it: {finding.mend}", style="yellow")
        table.add_row(mark, finding.check, found)
    console.print(table)
