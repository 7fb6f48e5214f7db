"""What many who watch an experiment cost the server: beside what the same calls of models cost while nobody watches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.measure import RunError
from bench.server import Server, launch, nouns, serving, wait
from bench.tools import Work
from lab.fake_llm import FakeLLM, FakeLLMProcess


class Watchers(Protocol):
    """Many who watch."""

    def heard(self) -> list[int]:
        """Events that each has heard so far."""
        ...


@dataclass(frozen=True)
class Span:
    """Some seconds of an experiment that ran from their first to their last."""

    cpu_s: float
    wall_s: float
    calls: int
    """Of models: how far the experiment came."""


@dataclass(frozen=True)
class Launched:
    """An experiment that a server runs."""

    server: Server
    fake: FakeLLMProcess
    id_: int

    def span(self, seconds: float) -> Span:
        """The next seconds. Raises RunError where the experiment does not run through all of them."""
        self._must_run()
        calls, cpu_s, began = self._calls(), self.server.cpu_s(), time.perf_counter()
        time.sleep(seconds)
        found = Span(self.server.cpu_s() - cpu_s, time.perf_counter() - began, self._calls() - calls)
        self._must_run()
        if not found.calls:
            raise RunError(f"the experiment stood still for {seconds:g} s: nothing was there to be watched")
        return found

    def _must_run(self) -> None:
        found = self.server.call("GET", f"/experiments/{self.id_}", params={"with_results": False})
        if found["status"] != "running":
            done = f"{found['finished']} of {found['planned']} conversations"
            raise RunError(f"the experiment was {found['status']} after {done}: nothing was there to be watched")

    def _calls(self) -> int:
        return self.fake.ledger.total().calls


@contextmanager
def launched(work: Work) -> Iterator[Launched]:
    """It is cancelled at the end."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeLLM.in_process(None, "--latency-ms", str(work.latency_ms)) as fake,
        serving(Path(folder), fake) as server,
    ):
        id_ = launch(server, work, nouns(server, fake, work))
        yield Launched(server, fake, id_)
        server.call("POST", f"/experiments/{id_}/cancel")
        wait(server, id_)


def cost_of_watching(
    work: Work, watching: Callable[[str, int], AbstractContextManager[Watchers]], *, settling_s: float, seconds: float
) -> float:
    """The share of one core. `watching` takes the server's address and the experiment.

    Raises RunError where an experiment was over before the seconds were, or somebody was told too little in them: what
    would be measured then is too good.
    """
    with launched(work) as run:
        time.sleep(settling_s)
        alone = run.span(seconds)
    with launched(work) as run, watching(run.server.url, run.id_) as watchers:
        time.sleep(settling_s)  # everybody has the page
        before = watchers.heard()
        watched = run.span(seconds)
        heard = [now - then for now, then in zip(watchers.heard(), before, strict=True)]
    if min(heard) < watched.calls / 2:  # nearly every call is an event
        raise RunError(f"somebody heard {min(heard)} events while {watched.calls} calls were made: not all were served")
    return (watched.cpu_s - alone.cpu_s * watched.calls / alone.calls) / watched.wall_s
