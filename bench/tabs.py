"""Tabs that watch an experiment, as static/live.js makes them: the page, its event stream, and what it asks for beside.

No browsers: twenty of them would take the cores that the experiment runs on, so that the server seemed to do less.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import httpx2
import orjson

from bench.measure import RunError

_SLOTS = 4
_NEXT_LOOK_S, _SHOWN_AFTER_END_S = 3.0, 4.0
"""NEXT_LOOK_MS and SHOWN_AFTER_END_MS of live.js."""
_PAGE = {"accept": "text/html", "accept-encoding": "gzip"}


class Tabs:
    """So many tabs with the page of one experiment, open inside the `with`."""

    def __init__(self, url: str, experiment_id: int, count: int) -> None:
        self._url, self._id = url, experiment_id
        self._tabs = [_Tab() for _ in range(count)]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()))
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(60)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if kind is None and not all(tab.looks for tab in self._tabs):
            raise RunError(f"some tab did not look: {[tab.looks for tab in self._tabs]}")

    def heard(self) -> list[int]:
        """Events that each has heard so far."""
        return [tab.events for tab in self._tabs]

    async def _watch(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with httpx2.AsyncClient(base_url=self._url, timeout=60, trust_env=False) as client:
            tasks = [asyncio.create_task(tab.watch(client, self._id)) for tab in self._tabs]
            self._ready.set()
            await self._stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Tab:
    """One of them. It shows conversations, each a while longer than it lasts, and asks for others in their place."""

    def __init__(self) -> None:
        self.events = self.looks = 0
        self._shown: set[str] = set()
        self._ended: set[str] = set()
        self._waits = False

    async def watch(self, client: httpx2.AsyncClient, experiment_id: int) -> None:
        page = f"/p/1/experiments/{experiment_id}"
        self._shown = _talks((await client.get(page, headers=_PAGE)).text)
        async with asyncio.TaskGroup() as looks:
            async for name, data in _heard(client, f"/api/v0/projects/1/experiments/{experiment_id}/events"):
                self.events += 1
                wait_s = 0.0
                if name == "response" and data["key"] in self._shown:
                    self._ended.add(data["key"])
                    wait_s = _SHOWN_AFTER_END_S
                elif name != "turn" or data["key"] in self._shown:
                    continue
                if wait_s or (not self._waits and self._free):
                    looks.create_task(self._look(client, page, wait_s))

    @property
    def _free(self) -> int:
        return _SLOTS - len(self._shown) + len(self._ended)

    async def _look(self, client: httpx2.AsyncClient, page: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        if self._waits or not self._free:
            return
        self._waits = True
        await asyncio.sleep(_NEXT_LOOK_S)
        stay = self._shown - self._ended
        query: dict[str, int | list[str]] = {"besides": sorted(stay), "limit": _SLOTS - len(stay)}
        found = await client.get(f"{page}/now", params=query, headers=_PAGE)
        self.looks += 1
        self._shown = stay | _talks(found.text)
        self._ended.clear()
        self._waits = False


def _talks(html: str) -> set[str]:
    return set(re.findall(r'data-key="([^"]+)"', html))


async def _heard(client: httpx2.AsyncClient, address: str) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Name and data of each event."""
    name = ""
    async with client.stream("GET", address) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, orjson.loads(line.removeprefix("data: "))
