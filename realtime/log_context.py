"""The origin of a log line: the HTTP request, the command or the socket at work.

It is set where one begins; `hoardrun.log_lines` writes it into each line. Work of a thread for a
request belongs to it too, as Django takes these variables along.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Work:
    """One request, or one run of a command of `manage.py`.

    `user` and `route` become known while it is answered; `is_routed` says that the second did.
    `traceparent` is its place in a trace, in the form of the W3C; empty where nobody traces. `span`
    is that of a library that traces, if there is one.
    """

    request_id: str
    user: int | str | None = None
    route: str = ""
    is_routed: bool = False
    traceparent: str = ""
    span: Any = None


work: ContextVar[Work | None] = ContextVar("hoardrun_work", default=None)
connection_id: ContextVar[str] = ContextVar("hoardrun_connection_id", default="")


def request_id() -> str:
    """Return the id of the request, or of the run of a command, at work; empty if there is none."""
    at_work = work.get()
    return "" if at_work is None else at_work.request_id


def origin() -> tuple[str | None, str | None]:
    """Return the id of the request or the command at work, and its `traceparent`; None without."""
    at_work = work.get()
    return (at_work.request_id, at_work.traceparent or None) if at_work else (None, None)


def tell(
    logger: logging.Logger, text: str, args: tuple[object, ...], fields: Mapping[str, object]
) -> None:
    """Log at INFO, with fields, what each socket has said of it.

    `logger.info` would search the stack for the place in the code, which no form of the log writes.
    """
    if logger.isEnabledFor(logging.INFO):
        made = logger.makeRecord(logger.name, logging.INFO, "", 0, text, args, None, extra=fields)
        logger.handle(made)
