"""Every exception that personae raises on purpose, one child per thing that the reader can do about it.

PersonaeError
├── ConfigurationError      a setting, key or option is missing or wrong: change it
├── InputError              a file or a value cannot be taken whole: mend it at file, line, field
├── ProviderError           a language model did not answer: status, retryable, heals
├── BotError                the bot under test did not answer; what was received is kept
├── BudgetExceeded          the ceiling is reached: raise it and go on
├── RecordingError          the results cannot be written (disk full, file in use): make room and go on
├── ExecutorError           the machines that held the conversations are gone: run the same again to go on
├── ServerError             the personae server failed or cannot be reached: status, retryable
├── NotFound                nothing by that name or id
├── Conflict                it is there already, or somebody else holds it
└── PermissionDenied        not allowed for this key or role
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class PersonaeError(Exception):
    """Root of all errors of personae. Its text says what is wrong, where, and how to mend it."""

    details: Mapping[str, Any] = {}
    """What a server's answer says beside the message, for programs."""


class ConfigurationError(PersonaeError):
    """A setting, key or option is missing or wrong."""


class InputError(PersonaeError):
    """A file or value cannot be taken whole.

    The text begins with `file:line: field:`, as far as they are known. One that tells of several problems gives them
    one by one in `each`.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
        each: tuple[InputError, ...] = (),
    ) -> None:
        self.problem, self.file, self.line, self.field = problem, file, line, field
        self.each = each or (self,)
        place = str(file) if file is not None else ""
        if line is not None:
            place += f":{line}" if place else f"line {line}"
        super().__init__(": ".join(part for part in (place, field, problem) if part))


class ProviderError(PersonaeError):
    """A language model's endpoint refused, failed or could not be understood."""

    def __init__(
        self,
        problem: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        hopeless: bool = False,
        retry_after_s: float | None = None,
        body: str = "",
    ) -> None:
        super().__init__(problem)
        self.status = status
        self.retryable = retryable
        """The same request may succeed a moment later."""
        self.hopeless = hopeless
        """No request with these settings can succeed (wrong key, unknown model): the whole run stops."""
        self.retry_after_s = retry_after_s
        self.body = body


class BotError(PersonaeError):
    """The bot under test failed to give a reply."""

    def __init__(self, problem: str, *, received: str = "", retryable: bool = False, hopeless: bool = False) -> None:
        super().__init__(problem)
        self.received = received
        """What came back instead of a reply, cut to 2,000 characters."""
        self.retryable = retryable
        self.hopeless = hopeless
        """No conversation can succeed with these settings (wrong key, wrong address)."""


class BudgetExceeded(PersonaeError):
    """The next call could take spend, calls or tokens over their ceiling, so it was not made."""


class RecordingError(PersonaeError):
    """Results cannot be written. What was recorded before is whole."""


class ExecutorError(PersonaeError):
    """The cluster that held the conversations failed as a whole. What was recorded before is whole."""


class ServerError(PersonaeError):
    """The personae server failed, or cannot be reached."""

    def __init__(self, problem: str, *, status: int | None = None, retryable: bool = False) -> None:
        super().__init__(problem)
        self.status = status
        """None where there was no answer."""
        self.retryable = retryable
        """The same request may succeed later."""


class NotFound(PersonaeError):
    """Nothing goes by that name or id."""


class Conflict(PersonaeError):
    """It exists already, or another process holds it."""


class PermissionDenied(PersonaeError):
    """This key or role may not do that."""
