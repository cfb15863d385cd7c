"""Errors to Sentry: each record of the log at ERROR and above, wherever it is said.

A handler of the log, because all faults are told there: those of requests, of sockets, of workers
and of commands, after the log's own filters. An integration with Django or ASGI would see requests
only, and would send their headers and bodies. Nothing of a record leaves but what is named here;
local variables, which hold tokens and amounts, do not.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import sentry_sdk
from sentry_sdk.utils import event_from_exception

from hoardrun import __version__
from hoardrun.logs import redact
from hoardrun.request_id import note
from realtime import log_context
from realtime.meters import here

FLUSH_SECONDS = 2.0  # longest wait, at the end of a process, for errors to be taken
REPEAT_SECONDS = 10.0  # between two errors from one place: to describe one takes milliseconds
MAX_PLACES = 1000
_LEVELS = {logging.CRITICAL: "fatal", logging.ERROR: "error"}
_OWN = ("sentry_sdk", "urllib3")  # what they say of a failed report must not make another


class ToSentry(logging.Handler):
    """Reports records to Sentry, from a thread of the library's; what waits is bounded."""

    def __init__(self, dsn: str, level: str = "ERROR") -> None:
        super().__init__(level)
        self._client = sentry_sdk.Client(
            dsn=dsn,
            release=f"hoardrun@{__version__}",
            before_send=_redacted,
            include_local_variables=False,
            max_breadcrumbs=0,
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
        )
        self._told: dict[tuple[object, ...], float] = {}
        before = sys.excepthook
        sys.excepthook = lambda *error: self._last_words(before, *error)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_OWN) or self._is_repeated(record):
            return
        try:
            self._report(record)
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Wait until reports were taken, FLUSH_SECONDS at most. The log does it at its end."""
        self._client.flush(timeout=FLUSH_SECONDS)

    def close(self) -> None:
        """Report no more, after as long as `flush` waits at most."""
        self._client.close(timeout=FLUSH_SECONDS)
        super().close()

    def _is_repeated(self, record: logging.LogRecord) -> bool:
        """Say whether the like was reported just now: where a store is away, a node says much."""
        kind = record.exc_info[0] if record.exc_info else None
        place = (record.name, record.pathname, record.lineno, kind)
        now = time.monotonic()
        if now < self._told.get(place, 0.0):
            return True
        if len(self._told) >= MAX_PLACES:
            self._told.clear()
        self._told[place] = now + REPEAT_SECONDS
        return False

    def _report(self, record: logging.LogRecord) -> None:
        event: Any = {}
        hint: Any = {}
        if record.exc_info and record.exc_info[0] is not None:
            event, hint = event_from_exception(
                record.exc_info,
                client_options=self._client.options,
                mechanism={"type": "logging", "handled": True},
            )
        event["level"] = _LEVELS.get(record.levelno, "error")
        event["logger"] = record.name
        event["logentry"] = {"formatted": record.getMessage()}
        _describe(event, record)
        self._client.capture_event(event, hint)

    def _last_words(
        self,
        before: Callable[..., Any],
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        """Report what ends the process, which is printed and not logged."""
        if issubclass(kind, Exception):
            found = (kind, error, traceback)
            name, text = "sys.excepthook", f"ended by {kind.__name__}"
            record = logging.LogRecord(name, logging.CRITICAL, "", 0, text, (), found)
            self.handle(record)
        before(kind, error, traceback)


def _describe(event: Any, record: logging.LogRecord) -> None:
    """Say what the record belongs to: a request, a command or a socket."""
    work = log_context.work.get()
    connection_id = getattr(record, "connection_id", None) or log_context.connection_id.get()
    tags = {"node": here.node, "worker": here.worker}
    if work is not None:
        if (request := getattr(record, "request", None)) is not None:
            note(work, request)  # Django says what failed before the answer is made
        tags["request_id"] = work.request_id
        event["transaction"] = work.route
        if work.user is not None:
            event["user"] = {"id": str(work.user)}
        if work.traceparent:
            _, trace_id, span_id, _ = work.traceparent.split("-")
            event["contexts"] = {"trace": {"trace_id": trace_id, "span_id": span_id}}
    if connection_id:
        tags["connection_id"] = connection_id
    event["tags"] = {name: str(value) for name, value in tags.items()}


def _redacted(event: Any, hint: Any) -> Any:
    """Take secrets out of what an error and its line say, as the log does.

    Not out of ids and times, which have as many digits in a row as a phone has.
    """
    return {
        name: _without_secrets(value) if name in {"exception", "logentry"} else value
        for name, value in event.items()
    }


def _without_secrets(part: Any) -> Any:
    match part:
        case str():
            return redact(part)
        case dict():
            return {name: _without_secrets(value) for name, value in part.items()}
        case list() | tuple():
            return [_without_secrets(value) for value in part]
    return part
