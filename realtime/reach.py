"""The positions of streams: the part of the log that other apps may read."""

from __future__ import annotations

from collections.abc import Iterable

from realtime import log
from realtime.core.continuity import Head


def begin(names: Iterable[str]) -> None:
    """Begin the streams that nothing was written to yet, so that they have a position."""
    log.ensure(names)


def positions(names: Iterable[str]) -> dict[str, Head]:
    """Return the position of each stream that has begun, as the caller's transaction sees it."""
    return log.heads(names)
