"""Write a log record as a line for people, or as one JSON object a line.

JSON has the fields of FIELDS and no others: what a library hangs on its records, such as a whole
request, may hold secrets. `hoardrun.logs` takes those out of the message and the traceback first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from realtime import log_context
from realtime.meters import here

# Of a request, of a socket's end, and of both.
FIELDS = [
    *("user", "stream", "offset", "method", "path", "route", "status", "address", "bytes"),
    *("code", "by", "device", "messages_in", "messages_out", "bytes_in", "bytes_out", "seconds"),
]
_encode = msgspec.json.Encoder(enc_hook=str).encode


def _request_id(record: logging.LogRecord) -> str:
    """Return the id of the request that a record belongs to, or an empty text."""
    return record.__dict__.get("request_id") or log_context.request_id()


def _ids(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record belongs to: as it says itself, or as the context does."""
    found: dict[str, Any] = {}
    work = log_context.work.get()
    request_id = _request_id(record)
    connection_id = getattr(record, "connection_id", None) or log_context.connection_id.get()
    if request_id:
        found["request_id"] = request_id
    if connection_id:
        found["connection_id"] = connection_id
    if work is not None and work.user is not None:
        found["user"] = work.user
    return found


class Lines(logging.Formatter):
    """Time, level, logger, message, and the id of the request."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")
        self._second, self._shown = -1, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Write the time as the standard library does; all lines of a second share the work."""
        second = int(record.created)
        if second != self._second:
            self._shown = time.strftime(self.default_time_format, time.localtime(second))
            self._second = second
        return f"{self._shown},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        request_id = _request_id(record)
        line = f"{record.asctime} {record.levelname} {record.name} {record.message}"
        return f"{line} request={request_id}" if request_id else line


class JsonLines(logging.Formatter):
    """One JSON object a line, for every message."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None)
        line: dict[str, Any] = {
            "ts": f"{moment.isoformat(timespec='milliseconds')}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            "node": here.node,
            "worker": here.worker,
            "pid": record.process,
            **_ids(record),
        }
        for name in FIELDS:
            value = record.__dict__.get(name)
            if value is None or value == "":
                continue
            plain = isinstance(value, int | float)
            line[name] = value if plain else self._redact(str(value))
        if record.exc_info and not record.exc_text:
            record.exc_text = self._redact(self.formatException(record.exc_info))
        if record.exc_text:
            line["exc"] = record.exc_text
        if record.stack_info:
            line["stack"] = record.stack_info
        try:
            return _encode(line).decode()
        except UnicodeEncodeError:  # half a character, as a client may send
            return _encode({name: _whole(value) for name, value in line.items()}).decode()


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
