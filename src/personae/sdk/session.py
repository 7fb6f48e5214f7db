"""From steps to requests, without sending any: address, credentials, project, retries, and errors out of answers."""

from __future__ import annotations

import os
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from personae.core.text import loads, whole_values
from personae.errors import (
    BudgetExceeded,
    ConfigurationError,
    Conflict,
    InputError,
    NotFound,
    PermissionDenied,
    PersonaeError,
    ServerError,
)
from personae.sdk.steps import Call, Pause, Steps

T = TypeVar("T")

URL, KEY, PROJECT = "PERSONAE_URL", "PERSONAE_API_KEY", "PERSONAE_PROJECT"
LOCAL = "http://127.0.0.1:8300"
"""Where `personae serve` listens unless told otherwise."""
TIMEOUT_S = 60.0
RETRIES = 3
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_REPEATABLE = {"GET", "HEAD", "PUT", "DELETE"}
"""Once or twice is the same."""
_NOT_DONE = {429, 503}
"""The server says that it did nothing."""
_PERHAPS_DONE = {502, 504}
"""Somebody on the way gave up: only what is repeatable is tried again."""
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Send:
    """One request for a door to send: it answers with the response, or with the error that came instead."""

    method: str
    path: str
    options: Mapping[str, Any]


Io = Generator[Send | Pause, Any, T]
"""What a door does on the way to a result."""


@dataclass(slots=True)
class Session:
    """Where the server is, who asks, and which project."""

    base_url: str
    api_key: str = field(repr=False)
    project: int | str | None
    """Id or name; None: the only one that can be seen."""
    timeout_s: float
    retries: int
    _project_id: int | None = None

    @classmethod
    def of(
        cls, base_url: str | None, api_key: str | None, project: int | str | None, timeout_s: float, retries: int
    ) -> Session:
        """What is not given is looked up in the environment. Raises ConfigurationError."""
        url = (base_url or os.environ.get(URL) or LOCAL).rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ConfigurationError(f"the server's address must begin with http:// or https://, not {url!r}")
        named = os.environ.get(PROJECT) if project is None else project
        if isinstance(named, str) and named.isdecimal():
            named = int(named)
        return cls(url, os.environ.get(KEY, "") if api_key is None else api_key, named or None, timeout_s, retries)

    def options(self) -> dict[str, Any]:
        """For an HTTP client."""
        headers = {"X-API-Key": self.api_key} if self.api_key else {}
        return {"base_url": f"{self.base_url}/api/v0/", "headers": headers, "timeout": self.timeout_s}

    def performed(self, steps: Steps[T]) -> Io[T]:
        """The requests and pauses of `steps`. An error of a call is raised inside of them."""
        answer: Any = None
        failure: PersonaeError | None = None
        try:
            while True:
                step = steps.send(answer) if failure is None else steps.throw(failure)
                answer = failure = None
                if isinstance(step, Pause):
                    yield step
                    continue
                try:
                    answer = yield from self._answered(step)
                except PersonaeError as error:
                    failure = error
        except StopIteration as done:
            result: T = done.value
            return result
        except ValidationError as error:
            raise ServerError(f"{self.base_url} answered what this version does not understand: {error}") from error
        finally:
            steps.close()

    def prepared(self, call: Call) -> Io[Send]:
        """The request of a call, its project looked up."""
        path = call.path
        if call.in_project:
            if self._project_id is None:
                self._project_id = yield from self._find_project()
            path = f"projects/{self._project_id}/{path}".rstrip("/")
        options: dict[str, Any] = {
            "params": {name: _written(value) for name, value in call.query.items() if value is not None}
        }
        if call.file is not None:
            options |= {"files": {"file": call.file}, "data": dict(call.form)}
        elif call.body is not None:
            options["json"] = whole_values(call.body)
        if call.timeout_s is not None:
            options["timeout"] = call.timeout_s
        return Send(call.method, path, options)

    def _answered(self, call: Call) -> Io[Any]:
        response = yield from self._tried((yield from self.prepared(call)))
        if not response.is_success:
            raise failure_of(response)
        if call.is_raw:
            return response.content
        try:
            return loads(response.content) if response.content else None
        except ValueError:
            raise ServerError(
                f"{self.base_url} answered with something else than JSON: is it a personae server?",
                status=response.status_code,
            ) from None

    def _tried(self, send: Send) -> Io[httpx2.Response]:
        for number in count():
            outcome: httpx2.Response | httpx2.TransportError = yield send
            if number >= self.retries or not _may_repeat(send, outcome):
                break
            yield Pause(_wait_s(outcome, number))
        if isinstance(outcome, httpx2.TransportError):
            raise self.unreachable(outcome) from outcome
        return outcome

    def unreachable(self, error: Exception) -> ServerError:
        """What to say of a request without an answer."""
        problem = str(error) or type(error).__name__
        return ServerError(f"{self.base_url} does not answer: {problem}", retryable=True)

    def _find_project(self) -> Io[int]:
        if isinstance(self.project, int):
            return self.project
        found = (yield from self._answered(Call("GET", "projects", in_project=False)))["items"]
        chosen = [one for one in found if self.project in (None, one["name"])]
        if len(chosen) == 1:
            return int(chosen[0]["id"])
        names = ", ".join(f"{one['name']!r} ({one['id']})" for one in found) or "none"
        if self.project is not None:
            raise NotFound(f"there is no project {self.project!r} that you can see; there is: {names}")
        raise ConfigurationError(f"say which project: give project=, or set {PROJECT}; there is: {names}")


def _written(value: Any) -> Any:
    return "true" if value is True else "false" if value is False else value


def _may_repeat(send: Send, outcome: httpx2.Response | httpx2.TransportError) -> bool:
    if isinstance(outcome, httpx2.TransportError):
        return isinstance(outcome, _NEVER_SENT) or send.method in _REPEATABLE
    status = outcome.status_code
    return status in _NOT_DONE or (status in _PERHAPS_DONE and send.method in _REPEATABLE)


def _wait_s(outcome: httpx2.Response | httpx2.TransportError, number: int) -> float:
    """What the server asks for, else longer each time, and not the same for all clients at once."""
    asked = "" if isinstance(outcome, httpx2.TransportError) else outcome.headers.get("retry-after", "")
    if asked.isdecimal():
        return min(float(asked), _LONGEST_WAIT_S)
    if asked and not isinstance(outcome, httpx2.TransportError):
        return _until(asked, outcome.headers.get("date", ""))
    wait_s: float = min(_FIRST_WAIT_S * 2**number, _LONGEST_WAIT_S)
    return wait_s * (0.75 + random.random() / 2)


def _until(then: str, now: str) -> float:
    """Seconds between two dates of the server's own clock."""
    try:
        seconds = (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return _FIRST_WAIT_S
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)


_KINDS: Mapping[int, type[PersonaeError]] = {
    401: ConfigurationError,
    402: BudgetExceeded,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
}


def failure_of(response: httpx2.Response) -> PersonaeError:
    """The error that an answer tells of, with its body in `details`."""
    try:
        body = loads(response.content)
    except ValueError:
        body = None
    details = body if isinstance(body, dict) else {}
    said = str(details.get("detail") or response.text[:500].strip() or f"HTTP {response.status_code}")
    status = response.status_code
    error: PersonaeError
    if status in _KINDS:
        error = _KINDS[status](said)
    elif 400 <= status < 500 and status != 429:
        error = InputError(said)
    else:
        error = ServerError(said, status=status, retryable=status in _NOT_DONE | _PERHAPS_DONE)
    error.details = details
    return error
