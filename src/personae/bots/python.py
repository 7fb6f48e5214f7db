"""A function in a file, a module or in hand: it gets the conversation so far and returns the reply.

Source: seeds/003, `model_fn(prompt: str) -> str`
Idea:   the conversation rendered as lines `USER: ...` and `ASSISTANT: ...`, or chat messages for a function that takes
        `messages`. Sync functions run on threads of their own, async ones in a loop of their own.
Cost:   whatever the function does.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from personae.bots import BotReply, BotSpec, BotWiring, Session, bots
from personae.bots._chat import cut, messages, prompt_for, reply_text, repr_of
from personae.bots._files import Travelling, files_beside, is_installed
from personae.bots._spec_file import spec_in_file
from personae.bots._threads import Outcome, OwnLoop, Threads, awaited
from personae.core.conversation import Turn
from personae.core.model import Message
from personae.core.seed import digest
from personae.core.text import whole
from personae.errors import BotError, InputError

Function = Callable[..., Any]

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_FILE = re.compile(r"(.+\.py)(?::([^\W\d]\w*))?", re.DOTALL)
# White space, also the invisible kind that a model would overlook.
_FORGED = re.compile(
    r"[\s\u200b-\u200f\u2060\ufeff]*(user|assistant|system)[\s\u200b-\u200f\u2060\ufeff]*:", re.IGNORECASE
)
_LABELS = {"user": "USER", "assistant": "ASSISTANT", "system": "SYSTEM"}


@bots.method("python")
@dataclass(frozen=True)
class PythonBot:
    """A Python function."""

    source: str = ""
    """`FILE.py`, or a module such as `package.module`. Blank if `function` is the function itself."""
    function: str | Function = "model_fn"
    """The function's name in the source, or the function. An async function that is given itself is awaited in the
    caller's event loop, because it may hold what belongs there; one from a source in a loop of its own."""
    system_prompt: str = ""
    """Rendered first, as a line `SYSTEM: ...` or as the first of `messages`."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """`FILE.py`, `FILE.py:function`, `package.module:function`, or a spec file with `bot: python`."""
        target = target.removeprefix("python:")
        if "://" in target or target.partition(":")[0].replace("-", "_") in (*bots.names(), "model"):
            return None
        if match := _FILE.fullmatch(target):
            return cls(source=match[1], function=match[2] or "model_fn")
        if _MODULE.fullmatch(target):
            source, _, function = target.partition(":")
            return cls(source=source, function=function)
        return spec_in_file(target, "python", cls)

    @property
    def label(self) -> str:
        if not isinstance(self.function, str):
            return f"python:{getattr(self.function, '__qualname__', type(self.function).__name__)}"
        name = Path(self.source).name if self.source.endswith(".py") else self.source
        return f"python:{name}" if self.function == "model_fn" else f"python:{name}:{self.function}"

    def with_files(self) -> BotSpec:
        """Itself where it is a function in hand, or in an installed module; else with the files that it is made of."""
        if not isinstance(self.function, str):
            return self
        _loaded(self.source, self.function)
        if self.source.endswith(".py"):
            file = Path(self.source)
            files = files_beside(file, file.resolve().parent)
            return Travelling(self.label, files, partial(_of_file, self, file.name))
        module = sys.modules[self.source]
        file = Path(module.__file__ or "")
        if is_installed(file):
            return self
        root = file.resolve().parents[self.source.count(".") + (file.name == "__init__.py")]
        return Travelling(self.label, files_beside(file, root), partial(_of_module, self))

    def open(self, wiring: BotWiring) -> _Python:
        if isinstance(self.function, str):
            return _Python(self, _loaded(self.source, self.function), wiring)
        return _Python(self, self.function, wiring)


def _of_file(spec: PythonBot, name: str, folder: Path) -> PythonBot:
    return replace(spec, source=str(folder / name))


def _of_module(spec: PythonBot, folder: Path) -> PythonBot:  # noqa: ARG001 - it is on the path by then
    return spec


class _Python:
    is_stateful = False

    def __init__(self, spec: PythonBot, function: Function, wiring: BotWiring) -> None:
        self.spec = spec
        self.system_prompt = spec.system_prompt
        self._call = _caller(function)
        self._is_async = _is_async(function)
        self._file = _file_of(function)
        self._timeout_s = wiring.timeout_s
        self._threads = Threads(wiring.concurrency)
        self._own_loop = OwnLoop() if isinstance(spec.function, str) else None

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        outcome = await self._called(turns, prompt_for(session, self.system_prompt))
        if outcome.raised is not None:
            raise _failure(self.spec.label, outcome.raised, self._file) from outcome.raised
        text = reply_text(outcome.value, self.spec.label)
        return BotReply(text, outcome.latency_ms)

    async def _called(self, turns: Sequence[Turn], system_prompt: str) -> Outcome:
        chat = messages(turns, system_prompt)
        try:
            if self._is_async:
                return await self._awaited(lambda: self._call(chat))
            outcome = await self._threads.call(lambda: self._call(chat), self._timeout_s)
            if inspect.isawaitable(outcome.value):  # a plain function that hands back a coroutine
                return await self._awaited(lambda: outcome.value)
            return outcome
        except TimeoutError:
            raise BotError(f"{self.spec.label}: no answer within {self._timeout_s:g} s", retryable=True) from None

    async def _awaited(self, call: Callable[[], Awaitable[Any]]) -> Outcome:
        if self._own_loop is not None:
            return await self._own_loop.call(call, self._timeout_s)
        async with asyncio.timeout(self._timeout_s):
            return await awaited(call)

    async def close(self) -> None:
        if self._own_loop is not None:
            self._own_loop.close()


def render(chat: Sequence[Message]) -> str:
    """The conversation as text: `USER: ...` and `ASSISTANT: ...`, each on a line of its own, `SYSTEM: ...` first.

    A line of content that looks like the beginning of a turn gets a backslash before it, so no content forges a turn.
    """
    return "\n".join(f"{_LABELS[message['role']]}: {escaped(message['content'])}" for message in chat)


def escaped(content: str) -> str:
    """`content` with a backslash before each line that begins like a turn. Every line break of Unicode counts."""
    return "".join("\\" + line if _FORGED.match(line) else line for line in content.splitlines(keepends=True))


def _is_async(function: Function) -> bool:
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the method itself is looked at, not whether it is there
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def _loaded(source: str, name: str) -> Function:
    """The function `name` of `source`. Raises InputError."""
    if not source:
        raise InputError("names no file or module: give `FILE.py` or `package.module`", field="source")
    file = Path(source) if source.endswith(".py") else None
    module = _from_file(file) if file is not None else _from_module(source)
    where = file or getattr(module, "__file__", None) or source
    function = getattr(module, name, None)
    if function is None:
        own = [each for each, value in vars(module).items() if inspect.isfunction(value) and not each.startswith("_")]
        there = f" (functions there: {', '.join(own)})" if own else ""
        problem = (
            f"defines no function {name!r}{there}: add `def {name}(prompt: str) -> str`, or name one as FILE.py:NAME"
        )
        raise InputError(problem, file=where)
    if not callable(function):
        raise InputError(f"{name!r} is {type(function).__name__}, not a function", file=where)
    return function  # type: ignore[no-any-return]  # whatever a stranger's file holds, found callable above


def _from_file(file: Path) -> ModuleType:
    if not file.is_file():
        what = "is a folder, not a file" if file.is_dir() else "no such file: check the path"
        raise InputError(what, file=file)
    name = f"_personae_bot_{digest(str(file.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        with _importable(file.resolve().parent), _import_errors(file):
            spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module


def _from_module(name: str) -> ModuleType:
    with _importable(Path.cwd()), _import_errors(None, name):
        return importlib.import_module(name)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


@contextmanager
def _import_errors(file: Path | None, module: str = "") -> Iterator[None]:
    """Whatever goes wrong at import as an InputError with file and line. Only Ctrl-C passes: it is the reader's own."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        raise InputError(f"is not Python: {error.msg}", file=error.filename or file, line=error.lineno) from error
    except BaseException as error:  # a stranger's module may raise anything, SystemExit included
        place, line = _last_place(error, file)
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            raise InputError(
                f"there is no module {error.name!r}: give a FILE.py, or install it", field="source"
            ) from error
        hint = ": put what only a script should do under `if __name__ == '__main__':`" if _exits(error) else ""
        problem = f"fails while it is imported: {type(error).__name__}: {whole(_said(error))}{hint}"
        raise InputError(problem, file=place or module, line=line) from error


def _exits(error: BaseException) -> bool:
    return isinstance(error, SystemExit)


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failed:  # a stranger's __str__ may raise anything
        return f"<its text fails with {type(failed).__name__}>"


def _last_place(error: BaseException, file: Path | None) -> tuple[str | None, int | None]:
    """Where `error` was raised: the deepest place in `file`, else the deepest that is not our own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    if file is not None:
        frames = [frame for frame in frames if Path(frame.filename) in (file, file.resolve())] or frames
    if not frames:
        return (str(file) if file is not None else None), None
    return frames[-1].filename, frames[-1].lineno


def _is_ours(filename: str) -> bool:
    return filename.startswith("<frozen") or Path(filename).parent == Path(__file__).parent


def _caller(function: Function) -> Callable[[Sequence[Message]], Any]:
    """How it is called with a conversation. Raises InputError where it takes neither messages nor a prompt."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # some builtins have none
        return lambda chat: function(render(chat))
    wanted = signature.parameters.get("messages")
    by_name = wanted is not None and wanted.kind is not inspect.Parameter.POSITIONAL_ONLY
    try:
        if by_name:
            signature.bind(messages=[])
        else:
            signature.bind("")
    except TypeError as error:
        raise _wrong_signature(function, signature) from error
    if by_name:
        return lambda chat: function(messages=list(chat))
    if wanted is not None:
        return lambda chat: function(list(chat))
    return lambda chat: function(render(chat))


def _wrong_signature(function: Function, signature: inspect.Signature) -> InputError:
    code = getattr(inspect.unwrap(function), "__code__", None)
    name = getattr(function, "__name__", type(function).__name__)
    problem = f"{name}{signature} cannot be called with a prompt: write `def {name}(prompt: str) -> str`, or `messages`"
    return InputError(problem, file=code.co_filename if code else None, line=code.co_firstlineno if code else None)


def _file_of(function: Function) -> Path | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Path(code.co_filename) if code else None


def _failure(label: str, error: BaseException, file: Path | None) -> BotError:
    place, line = _last_place(error, file)
    where = f" ({Path(place).name}:{line})" if place else ""
    if isinstance(error, SystemExit):
        problem = f"{label} called sys.exit({repr_of(error.code)}){where}"
    else:
        said = _said(error)
        problem = f"{label} raised {type(error).__name__}{': ' if said else ''}{said}{where}"
    told = "".join(traceback.format_exception(error, limit=-10))
    return BotError(cut(problem), received=whole(told[-2000:]))
