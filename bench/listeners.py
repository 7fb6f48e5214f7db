"""Many who watch one experiment: open event streams, read by one thread that wakes as seldom as they do."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from typing import Self


class Listeners:
    """So many streams of one address, open inside the `with`."""

    def __init__(self, url: str, path: str, count: int) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._address = (host, int(port))
        self._heard = [0] * count
        self._sockets: list[socket.socket] = []
        self._stop = threading.Event()
        self._reader = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        for _ in self._heard:
            one = socket.create_connection(self._address)
            one.sendall(self._request)
            self._sockets.append(one)
        self._reader.start()
        return self

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            for index, one in enumerate(self._sockets):
                selector.register(one, selectors.EVENT_READ, index)
            while not self._stop.is_set():
                for key, _ in selector.select(0.2):
                    said = self._sockets[key.data].recv(2**20)
                    self._heard[key.data] += said.count(b"event: ")
                    if not said:  # the server has sent it away
                        selector.unregister(key.fileobj)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop.set()
        self._reader.join()
        for one in self._sockets:
            one.close()

    def heard(self) -> list[int]:
        """Events that each has heard so far; one that comes in two pieces may be missed."""
        return list(self._heard)
