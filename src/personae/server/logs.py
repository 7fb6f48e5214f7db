"""The server's log: one line per record, as text for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from personae.errors import ConfigurationError

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
"""What every record has; all else was given as `extra`."""


class JsonLines(logging.Formatter):
    """Each record as one line of JSON: time, level, logger, message, the extras, and the exception if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        data: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        data |= {name: value for name, value in _extras(record).items() if name not in data}
        if record.exc_info:
            data["exception"] = self.formatException(record.exc_info)
        return json.dumps(data, ensure_ascii=True, default=str)  # ASCII: no character can break a line


class TextLines(logging.Formatter):
    """Each record as a line to read: time, level, logger, message, `name=value`; tracebacks stand below."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [_moment(record), record.levelname.ljust(7), f"{record.name}:", _one_line(record.getMessage())]
        parts += [f"{name}={_one_line(str(value))}" for name, value in _extras(record).items()]
        line = " ".join(parts)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


FORMATS: Mapping[str, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines}


def configure(log_format: str, stream: TextIO = sys.stderr) -> None:
    """Log to `stream` from now on: our own from INFO, others' from WARNING. Raises ConfigurationError."""
    if log_format not in FORMATS:
        raise ConfigurationError(f"log_format must be text or json, not {log_format!r}")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATS[log_format]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("personae").setLevel(logging.INFO)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _one_line(text: str) -> str:
    """Without what would begin a new line, so that nobody outside can write a record of their own."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
