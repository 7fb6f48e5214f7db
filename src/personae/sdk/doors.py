"""The two ways to the server: one blocks, one is awaited. Nothing else differs between the two clients."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any, TypeVar

import anyio
import httpx2

from personae.sdk.session import Io, Send, Session, failure_of
from personae.sdk.steps import Listing, Pause, Steps, Stream

T = TypeVar("T")


class SyncDoor:
    """Blocks until the answer is there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._http = httpx2.Client(**session.options())

    def run(self, steps: Steps[T]) -> T:
        """The result of `steps`."""
        return self._drive(self._session.performed(steps))

    def each(self, listing: Listing[T]) -> Iterator[T]:
        """All items, page by page as they are asked for."""
        seen = 0
        for number in count(1):
            items, there_are = self.run(listing.page(number))
            yield from items
            seen += len(items)
            if not items or seen >= there_are:
                return

    def read(self, stream: Stream[T]) -> Iterator[T]:
        """What comes, while it comes."""
        send = self._drive(self._session.prepared(stream.call))
        try:
            with self._http.stream(send.method, send.path, **send.options) as response:
                if not response.is_success:
                    response.read()
                    raise failure_of(response)
                reader = stream.reader()
                for data in response.iter_bytes():
                    yield from reader.fed(data)
                yield from reader.rest()
        except httpx2.TransportError as error:
            raise self._session.unreachable(error) from error

    def close(self) -> None:
        self._http.close()

    def _drive(self, io: Io[T]) -> T:
        outcome: Any = None
        try:
            while True:
                outcome = self._done(io.send(outcome))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            io.close()

    def _done(self, step: Send | Pause) -> httpx2.Response | httpx2.TransportError | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return self._http.request(step.method, step.path, **step.options)
        except httpx2.TransportError as error:
            return error


class AsyncDoor:
    """Awaits the answer."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._http = httpx2.AsyncClient(**session.options())

    async def run(self, steps: Steps[T]) -> T:
        """The result of `steps`."""
        return await self._drive(self._session.performed(steps))

    async def each(self, listing: Listing[T]) -> AsyncIterator[T]:
        """All items, page by page as they are asked for."""
        seen = 0
        for number in count(1):
            items, there_are = await self.run(listing.page(number))
            for item in items:
                yield item
            seen += len(items)
            if not items or seen >= there_are:
                return

    async def read(self, stream: Stream[T]) -> AsyncIterator[T]:
        """What comes, while it comes."""
        send = await self._drive(self._session.prepared(stream.call))
        try:
            async with self._http.stream(send.method, send.path, **send.options) as response:
                if not response.is_success:
                    await response.aread()
                    raise failure_of(response)
                reader = stream.reader()
                async for data in response.aiter_bytes():
                    for item in reader.fed(data):
                        yield item
                for item in reader.rest():
                    yield item
        except httpx2.TransportError as error:
            raise self._session.unreachable(error) from error

    async def close(self) -> None:
        await self._http.aclose()

    async def _drive(self, io: Io[T]) -> T:
        outcome: Any = None
        try:
            while True:
                outcome = await self._done(io.send(outcome))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            io.close()

    async def _done(self, step: Send | Pause) -> httpx2.Response | httpx2.TransportError | None:
        if isinstance(step, Pause):
            await anyio.sleep(step.seconds)
            return None
        try:
            return await self._http.request(step.method, step.path, **step.options)
        except httpx2.TransportError as error:
            return error
