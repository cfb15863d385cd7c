"""The used part of a rate, from two counters in place of the time of every request."""

from __future__ import annotations

from typing import NamedTuple

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Rate(NamedTuple):
    """A rate: a number of units in a number of seconds."""

    limit: int
    seconds: int


class Moment(NamedTuple):
    """The number of the window in which something happens, and how much of it has passed."""

    window: int
    share: float  # from 0 up to 1


def rate_of(text: str) -> Rate:
    """Read a rate such as `60/min`, as `realtime.option_fields.rate` lets it through."""
    limit, _, period = text.partition("/")
    return Rate(int(limit), _SECONDS[period[0]])


def moment_of(rate: Rate, now: float) -> Moment:
    """Say in which window of a rate a time lies."""
    window, rest = divmod(now, rate.seconds)
    return Moment(int(window), rest / rate.seconds)


def used(previous: int, current: int, share: float) -> float:
    """Estimate what was used in the last period: all of this window, part of the one before.

    The units of the window before count as spread evenly over it.
    """
    return previous * (1 - share) + current


def wait_seconds(rate: Rate, cost: int, previous: int, current: int, share: float) -> float:
    """Say after how long `cost` more units are let pass, if nothing else comes.

    One period at most.
    """
    room = rate.limit - cost - current
    if room >= 0 and previous:
        return max(0.0, 1 - room / previous - share) * rate.seconds
    left = 1 - share
    needed = max(0.0, 1 - (rate.limit - cost) / current) if current else 0.0
    return min(left + needed, 1.0) * rate.seconds
