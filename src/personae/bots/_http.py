"""One HTTP exchange with a bot: what is repeated, and what each failure means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from personae.bots import BotWiring
from personae.bots._chat import LONGEST_RECEIVED, cut
from personae.errors import BotError, InputError
from personae.transport import Response, TransportError
from personae.transport.failure import message_in, retry_after

REFUSED = frozenset({401, 403})
NOT_THERE = frozenset({404, 405})
TRY_AGAIN = frozenset({429, 502, 503, 504})


class _Again(Exception):
    """A try that may be made again, after the seconds that the other side asked for."""

    def __init__(self, error: BotError, after_s: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after_s = after_s


@dataclass
class Endpoint:
    """Where one bot's requests go."""

    label: str
    wiring: BotWiring
    is_stateful: bool
    """It remembers what it was told, so a request that may have reached it is not made twice."""
    is_fixed: bool = True
    """The address is the same for all conversations, so if it is wrong, no conversation can succeed."""
    secrets: tuple[str, ...] = ()
    """Keys that must not appear in an error, also where the other side sends them back."""
    was_reached: bool = False
    """It answered once: if nobody is there now, it is down, and the address is right."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, until: bytes | None = None
    ) -> Response:
        """The answer, its status from 200 to 299. Raises BotError when retries did not help or would not be safe."""
        attempts = self.wiring.attempts

        async def once() -> Response:
            return await self._once(method, url, headers, body, until)

        # The first try stands outside: nearly every call ends there, and the retry machinery is not free.
        try:
            return await once()
        except _Again as again:
            if attempts <= 1:
                raise again.error from again
            failed: _Again | None = again
        import stamina  # heavy, and only needed where a call failed

        try:
            async for attempt in stamina.retry_context(
                on=_wait, attempts=attempts, timeout=None, wait_initial=0.5, wait_max=30.0
            ):
                with attempt:
                    if failed is not None:
                        first, failed = failed, None
                        raise first
                    return await once()
        except _Again as again:
            error = again.error
            text = f"{error} (tried {attempts} times)"
            raise BotError(text, received=error.received, retryable=True, hopeless=error.hopeless) from again
        raise AssertionError("the retry loop ends by an answer or an error")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, until: bytes | None
    ) -> Response:
        wiring = self.wiring
        try:
            response = await wiring.transport.request(
                method, url, headers=headers, body=body, timeout_s=wiring.timeout_s, until=until
            )
        except TransportError as error:
            is_wrong = error.unreachable and self.is_fixed and not self.was_reached
            hint = f". Check that the bot runs, and the address {shown(url)}" if is_wrong else ""
            problem = BotError(f"{self.label}: {self.hide(str(error))}{hint}", retryable=True, hopeless=is_wrong)
            was_cut = error.sent and not error.timed_out
            if not error.sent or (was_cut and not self.is_stateful):
                raise _Again(problem, None) from error
            raise problem from error
        self.was_reached = True
        if 200 <= response.status < 300:
            return response
        problem = self._failure(method, url, response)
        status = response.status
        if status == 429 or (status in TRY_AGAIN and not self.is_stateful):
            raise _Again(problem, retry_after(response.headers.get("retry-after")))
        raise problem

    def _failure(self, method: str, url: str, response: Response) -> BotError:
        status, address = response.status, f"{method} {shown(url)}"
        received = self.received(response)
        if 300 <= status < 400:
            target = shown(response.headers.get("location", "nowhere"))
            text = f"{self.label} redirects to {target!r}: give that address instead of {shown(url)}"
            return BotError(self.hide(text), received=received, hopeless=self.is_fixed)
        said = self.hide(message_in(response.body))[:500] or received[:300].strip() or "no message"
        text = f"{self.label} answered {status}: {said}"
        if status in REFUSED:
            text = f"{text.removesuffix('.')}. Check the key or token that {address} needs (auth or headers)"
        elif status in NOT_THERE:
            text = f"{text.removesuffix('.')}. Check the address and the method: {address}"
        hopeless = status in REFUSED or (status in NOT_THERE and self.is_fixed)
        return BotError(self.hide(text), received=received, retryable=status in TRY_AGAIN, hopeless=hopeless)

    def received(self, response: Response) -> str:
        """The answer's body as an error may carry it."""
        body = response.body if self.secrets else response.body[: 4 * LONGEST_RECEIVED]
        return cut(self.hide(body.decode("utf-8", "replace")))  # hidden first: a key that is cut in two is not found

    def hide(self, text: str) -> str:
        """`text` without our keys."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def checked_url(url: str, *, field: str = "url") -> str:
    """`url` if a request can go there. Raises InputError."""
    if not url.lower().startswith(("http://", "https://")):
        raise InputError(f"{shown(url)!r} does not begin with http:// or https://", field=field)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise InputError(f"is no address: {error}", field=field) from error
    if not host:
        raise InputError(f"{shown(url)!r} names no host", field=field)
    if parts.username or parts.password:
        raise InputError("holds a user or password, which would end up in records: use `auth` instead", field=field)
    return url


def host_of(url: str) -> str:
    """Host and port: what a label may show of an address."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]


def shown(url: str) -> str:
    """The address without what a person may have hidden in it (user, password, query)."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    if not separator:
        return scheme
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _wait(error: Exception) -> bool | float:
    """For stamina: whether to try again, or after how many seconds the bot asked for."""
    if not isinstance(error, _Again):
        return False
    return True if error.after_s is None else error.after_s
