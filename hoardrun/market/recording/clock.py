"""The time of a replay: where in the recording it is, and what time it is at the venue. Pure.

A position is microseconds since the recording began. A replay that is rebased adds whole minutes
to all times that the venue writes, so that candles still begin with a minute, and begins so far
into the recording that the venue's time is now.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d)(?=:\d\d)")


class Clock:
    """Goes from a position on, `speed` times as fast as `monotonic`, once it is started.

    A fast one does not go by itself: `reach` moves it.
    """

    def __init__(
        self, *, began: int, speed: float, begin: int, is_fast: bool, monotonic: Callable[[], float]
    ) -> None:
        self._began = began
        self._speed = speed
        self._from = self._begin = begin
        self._is_fast = is_fast
        self._monotonic = monotonic
        self._started: float | None = None
        self.shift = 0

    def rebase(self, moment: int) -> None:
        """Let the venue's time be a moment now, microseconds since 1970; before the start only."""
        apart = moment - (self._began + self._from)
        self.shift = apart // MINUTE * MINUTE
        self._begin = self._from + apart - self.shift

    def start(self) -> None:
        """Begin to go."""
        self._started = self._monotonic()

    @property
    def position(self) -> int:
        if self._started is None or self._is_fast:
            return self._begin
        return self._begin + int((self._monotonic() - self._started) * self._speed * SECOND)

    @property
    def moment(self) -> int:
        """What time it is at the venue, microseconds since 1970."""
        return self._began + self.position + self.shift

    def seconds_until(self, position: int) -> float:
        """Return the real seconds until a position is reached; at most zero if it has been."""
        return 0.0 if self._is_fast else (position - self.position) / SECOND / self._speed

    def reach(self, position: int) -> None:
        """Move a fast clock on."""
        if self._is_fast:
            self._begin = max(self._begin, position)


def shifted(text: str, shift: int) -> str:
    """Add whole minutes to all dates with a time in a frame, and change nothing else."""
    if not shift:
        return text
    return _MINUTES.sub(lambda found: _moved(*found.groups(), shift), text)


def written(at: int, decimals: int = 6) -> str:
    """Write a moment as RFC 3339, with so many decimals of a second."""
    moment = EPOCH + timedelta(microseconds=at)
    fraction = f"{moment.microsecond:06d}000"[:decimals]
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"


def microseconds(text: str) -> int:
    """Read RFC 3339 with any number of decimals; what is finer is cut off. Raises ValueError."""
    whole, _, fraction = text.removesuffix("Z").removesuffix("+00:00").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1) + int(f"{fraction:0<6}"[:6])


@lru_cache(maxsize=256)
def _moved(day: str, between: str, minute: str, shift: int) -> str:
    moment = datetime.fromisoformat(f"{day}T{minute}") + timedelta(microseconds=shift)
    return f"{moment:%Y-%m-%d}{between}{moment:%H:%M}"
