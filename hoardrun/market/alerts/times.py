"""Venues' times: whole microseconds in memory, moments in the database. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    """Return a moment; nothing is rounded."""
    return _BEGIN + timedelta(microseconds=microseconds)


def microseconds_of(moment: datetime) -> int:
    """Return the microseconds since 1970."""
    return (moment - _BEGIN) // _MICROSECOND
