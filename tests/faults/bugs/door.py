"""The door of a node: the queue of logins, and the order of their turns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from realtime.core.admission import Admission
from realtime.db.batch import BatchedLoader
from realtime.servers import peers
from realtime.servers.door import Door
from tests.faults.bugs.patching import bug, changes, instead


@bug("no-door")
def no_door() -> None:
    """Begin each login at once, and go on with it when its client has left, as 0.1.0 did."""

    def wait(self: Any, handshake: Any) -> None:
        self._admission._begun.append(time.monotonic())
        handshake.enter()

    instead(Door, "wait", wait)
    instead(peers, "has_left", lambda transport: False)
    instead(BatchedLoader, "is_wanted", lambda self, key: True)


@changes("late-kept", "late", Admission)
def late_kept(original: Any, self: Any, now: float) -> Iterator[Any]:
    """Give a turn also to those that have waited too long."""
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
