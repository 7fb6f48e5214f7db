"""Run the lab inside a test's event loop, in a thread, or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.fake_llm.ledger import Ledger
from lab.fake_llm.limits import OPEN, Limits
from lab.fake_llm.request import ChatRequest
from lab.fake_llm.script import Director, Script, script_to_json
from lab.fake_llm.server import LabServer
from lab.fake_llm.state import Lab, Settings
from lab.serving import in_thread

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
BACKLOG = 4096


class FakeLLM:
    """A model server on loopback.

    `async with FakeLLM(script) as fake` serves in the running loop; `with FakeLLM.in_thread(script) as fake`
    in a thread; `with FakeLLM.in_process() as fake` in another process, for measurements. `fake.url` has no
    path: OpenAI clients want `fake.url + "/v1"`, Anthropic's want it as it is.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        latency_ms: float = 0,
        jitter_ms: float = 0,
        end_after: int | None = None,
        limits: Limits = OPEN,
        keep_requests: bool = True,
        port: int = 0,
    ) -> None:
        self._settings = Settings(latency_ms, jitter_ms, end_after, limits, keep_requests)
        self._script = script
        self._port = port

    async def __aenter__(self) -> Self:
        self._lab = Lab(self._settings, self._script)
        self._server = LabServer(self._lab)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, HOST, self._port, backlog=BACKLOG)
        self._port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._lab.closing.set()
        await self._server.shutdown(0.05)

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def ledger(self) -> Ledger:
        return self._lab.ledger

    @property
    def requests(self) -> list[ChatRequest]:
        """Every chat request in order of arrival, when `keep_requests` is on."""
        return self._lab.requests

    def asked(self, role: str) -> list[ChatRequest]:
        """The requests to one role: `simulator`, `bot` or `judge`."""
        return [request for request in self._lab.requests if request.role == role]

    def play(self, script: Script | None) -> None:
        """Replace the script from the next request on."""
        self._lab.director = Director(script)

    def reset(self) -> None:
        """Empty the ledger and forget the requests."""
        self._lab.reset()

    @classmethod
    def in_thread(cls, script: Script | None = None, **options: Any) -> AbstractContextManager[FakeLLM]:
        """The same, for synchronous tests: served by an event loop in a thread of its own."""
        return in_thread(cls(script, **options))

    @staticmethod
    @contextmanager
    def in_process(script: Script | None = None, *arguments: str) -> Iterator[FakeLLMProcess]:
        """In a process of its own; `arguments` are those of `python -m lab.fake_llm`."""
        command = [sys.executable, "-m", "lab.fake_llm", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the fake model server ended at once, with exit code {process.wait()}")
                fake = FakeLLMProcess(f"http://{HOST}:{json.loads(line)['port']}", process.pid)
                if script is not None:
                    fake.play(script)
                yield fake
            finally:
                process.terminate()


class FakeLLMProcess:
    """A fake model server in another process, spoken to through its own doors."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid

    @property
    def ledger(self) -> Ledger:
        """The ledger as it is now."""
        return Ledger.from_json(self._call("ledger"))

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Path, role and body of each request, if the server was started with `--keep-requests`."""
        found: list[dict[str, Any]] = self._call("requests")["requests"]
        return found

    def play(self, script: Script | None) -> None:
        self._call("script", script_to_json(script))

    def reset(self) -> None:
        self._call("reset", {})

    def _call(self, door: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_lab/{door}", data)
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
