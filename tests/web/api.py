"""What a journey begins with is brought through the API."""

from __future__ import annotations

from typing import Any

import httpx2


class Api:
    """The API of a server on loopback, to bring what a journey begins with."""

    def __init__(self, url: str) -> None:
        self._base = f"{url}/api/v0/projects/1"

    def post(self, path: str, **body: Any) -> Any:
        return self._call("POST", path, json=body)

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = httpx2.request(method, self._base + path, timeout=30, trust_env=False, **more)
        assert answer.is_success, answer.text
        return answer.json()
