"""The door of a node: the line of logins, and who has a turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from realtime.core.admission import Admission
from realtime.servers.door import Door
from tests.faults.bugs.patching import changes


@changes("no-door", "wait", Door)
def no_door(original: Any, self: Any, handshake: Any) -> None:
    """Begin each login at once, as 0.1.0 did."""
    self._admission.under_way += 1
    handshake.enter()


@changes("late-kept", "late", Admission)
def late_kept(original: Any, self: Any, now: float) -> Iterator[Any]:
    """Give a turn also to those who have waited for too long."""
    return iter(())


@changes("newest-first", "join", Admission)
def newest_first(original: Any, self: Any, item: Any, now: float) -> None:
    """Let the newest go first."""
    original(self, item, now)
    self._line.rotate(1)


@changes("turn-kept", "done", Door, counts=True)
def turn_kept(original: Any, count: int, self: Any) -> None:
    """Forget now and then that a login is over."""
    if count % 8:
        original(self)
