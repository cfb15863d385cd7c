"""Decide which logins a node takes: those that wait for a turn, those that are under way. Pure.

A login that waits for longer than its client does is work in vain. So the line is short: a
login that comes when it is too long, or has waited in it for too long, is refused at once, which
is cheap.
Logins that are under way share the node: too many of them make all slow. So once the oldest one
has taken long, the number under way is kept to what lately ended in a second.
A renewal is of a socket that is connected: it waits in a line of its own, from which nothing is
taken out, and every other turn is for that line.
A refused login is told when to come back: by appointment, at the pace of recent turns. If all came
back soon, the refusals of thousands would cost more than the logins. A node that is slow for a
moment must not send its clients far away, so the latest appointment is near while refusals are few.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_SMOOTHING = 0.1  # of the time between two turns
_IDLE_SECONDS = 1.0  # a longer time without a turn says nothing about the next one
SLOW_SECONDS = 0.5  # that a login is under way
ENDED_SECONDS = 1.0  # over which logins that end are counted, and how long they should take
LEAST_UNDER_WAY = 16  # even while none ends, as with a database that is away
SOONEST_SECONDS = 1  # of an appointment
NEAR_SECONDS = 5  # the latest appointment while AFFORDED refusals a second come, or fewer
FAR_SECONDS = 60  # the latest one ever
AFFORDED = 700  # refusals a second, of which each takes 0.1 to 0.3 ms
_LATELY_SECONDS = 5.0  # over which they are counted: a crowd stays, and a moment's rush does not
_OVERBOOKED = 2  # as many as could have a turn: not all come, and the line must not be empty
_FASTEST_SECONDS = 0.001  # a turn, where none was measured yet


class Admission(Generic[T]):
    """The line of a node, oldest first, and how many logins are under way behind it.

    `most` bounds both, `seconds` the time in the line. Times are monotonic.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._begun: deque[float] = deque()  # when each that is under way began, oldest first
        self._ends = 0.0  # of logins a second, lately
        self._ended = 0.0  # when the last one did
        self._most = most
        self._seconds = seconds
        self._line: deque[tuple[float, T]] = deque()
        self._renewals: deque[T] = deque()
        self._may_renew = True  # before the next login
        self._turn = 0.0  # when the last one had its turn
        self._between = 0.0  # two turns, lately
        self._booked = 0.0  # the last appointment
        self._refusals = 0.0  # a second, lately
        self._refused = 0.0  # when the last one was

    @property
    def under_way(self) -> int:
        """The number of logins and renewals that have had their turn and are not done."""
        return len(self._begun)

    def __len__(self) -> int:
        return len(self._line) + len(self._renewals)

    def has_room(self, now: float) -> bool:
        """Return True if a newcomer would have its turn in time, by the pace of recent turns."""
        if not self._line:
            return True
        waits = len(self._line)
        return (
            waits < self._most
            and waits * self._between <= self._seconds
            and now - self._line[0][0] <= self._seconds
        )

    def appointment(self, now: float, chance: float) -> int:
        """Return in how many seconds a login that is refused now should come back.

        From SOONEST_SECONDS to NEAR_SECONDS. Once these are booked out, it is a time of the second
        half, by `chance`, from 0 to 1, and as many times later as refusals are more than AFFORDED.
        """
        faded = math.exp((self._refused - now) / _LATELY_SECONDS)
        self._refusals = 1 / _LATELY_SECONDS + self._refusals * faded
        self._refused = now
        pace = max(self._between, _FASTEST_SECONDS) / _OVERBOOKED
        wait = max(self._booked - now, SOONEST_SECONDS) + pace
        if wait <= NEAR_SECONDS:
            self._booked = now + wait
        else:
            latest = min(NEAR_SECONDS * max(self._refusals / AFFORDED, 1), FAR_SECONDS)
            wait = latest * (1 + chance) / 2
        return round(wait)

    def join(self, item: T, now: float) -> None:
        """Let one wait at the end of the line."""
        if not self._line:
            self._turn = now
        self._line.append((now, item))

    def join_renewals(self, item: T) -> None:
        """Let a renewal wait, for as long as it takes."""
        self._renewals.append(item)

    def late(self, now: float) -> Iterator[T]:
        """Take out all that have waited too long, except the last: one always gets its turn."""
        while len(self._line) > 1 and now - self._line[0][0] > self._seconds:
            yield self._line.popleft()[1]

    def next(self, now: float) -> T | None:
        """Give the oldest its turn: it is under way until `done`. None if no turn is free."""
        if self.under_way >= self._most:
            return None
        if self._renewals and (self._may_renew or not self._line):
            self._may_renew = False
            self._begun.append(now)
            return self._renewals.popleft()
        self._may_renew = True
        if not self._line or self._is_slow(now):
            return None
        took = min(now - self._turn, _IDLE_SECONDS)
        self._between += (took - self._between) * _SMOOTHING
        self._turn = now
        self._begun.append(now)
        return self._line.popleft()[1]

    def done(self, now: float) -> None:
        """Note that a login is over: greeted, refused, or without its client.

        It counts as the oldest one, so that one that hangs holds up no other.
        """
        self._begun.popleft()
        self._ends = 1 / ENDED_SECONDS + self._ends_lately(now)
        self._ended = now

    def _is_slow(self, now: float) -> bool:
        """Return True if those under way take long, and one more would, too."""
        return (
            self.under_way >= max(self._ends_lately(now) * ENDED_SECONDS, LEAST_UNDER_WAY)
            and now - self._begun[0] > SLOW_SECONDS
        )

    def _ends_lately(self, now: float) -> float:
        return self._ends * math.exp((self._ended - now) / ENDED_SECONDS)
