"""Work that log lines and records belong to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from realtime import log_context
from realtime.log_context import Work


@contextmanager
def at_work(request_id: str) -> Iterator[Work]:
    """Let a request be at work."""
    work = Work(request_id)
    token = log_context.work.set(work)
    try:
        yield work
    finally:
        log_context.work.reset(token)
