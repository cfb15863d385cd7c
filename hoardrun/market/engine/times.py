"""The rhythm of leaders, in seconds; MARKET_TIME_SCALE divides it."""

from __future__ import annotations

import time

GATHER_SECONDS = 0.02  # between two messages of a source: many prices share one
JUDGE_SECONDS = 0.25  # between two looks at what has become stale
MARKETS_SECONDS = 1.0  # between two looks at which markets are open
SAVE_SECONDS = 3.0  # between two times that quotes are stored
ANNOUNCE_SECONDS = 5.0  # after which the feeds of all prices are said again


def now() -> int:
    """Return this machine's time: whole microseconds since 1970."""
    return time.time_ns() // 1000
