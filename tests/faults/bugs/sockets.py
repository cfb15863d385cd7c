"""The writes to sockets, and their closes."""

from __future__ import annotations

from typing import Any

from realtime.core import roster
from realtime.core.outbound import Outbound
from realtime.hub import hub, socket, sockets
from realtime.hub.writes import WriteCycle
from realtime.protocol.codes import CloseCode
from tests.faults.bugs.patching import changes, without


@changes("swapped", "write_all", WriteCycle)
def swapped(original: Any, self: Any, audience: Any, sockets: Any, frames: Any) -> Any:
    """Swap the events of one turn on the wire."""
    return original(self, audience, sockets, list(reversed(frames)))


@changes("full-socket", "offer", Outbound)
def full_socket(original: Any, self: Any, frame: Any) -> bool:
    """Take it for a delivery when a socket refuses an event because too much waits."""
    original(self, frame)
    return True


without("no-expiry", "expire", socket.Socket)


@changes("surplus-stays", "close", socket.Socket)
def surplus_stays(original: Any, self: Any, code: Any, *, at_once: bool = False) -> None:
    """Close no socket for being one too many."""
    if code is not CloseCode.TOO_MANY_CONNECTIONS:
        original(self, code, at_once=at_once)


without("no-heartbeat", "_beat", sockets.Sockets)


without("no-sweep", "_sweep", hub.Hub)


@changes("task-kept", "gone", socket.Socket)
def task_kept(original: Any, self: Any) -> None:
    """Let what a socket was about to do go on without it."""
    tasks, self.tasks = self.tasks, None
    drained, self._drained = self._drained, None
    original(self)
    self.tasks, self._drained = tasks, drained


# Sockets that have logged in, or left, are still counted as anonymous.
without("strangers-kept", "_no_longer_anonymous", sockets.Sockets)


# Connections that have gone are reported.
without("roster-kept", "remove", roster.Roster)
