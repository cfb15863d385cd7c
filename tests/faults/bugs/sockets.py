"""What is written to sockets, and when they are closed."""

from __future__ import annotations

from typing import Any

from realtime.core import roster
from realtime.core.outbound import Outbound
from realtime.hub import hub, socket, sockets
from realtime.hub.writes import WriteCycle
from realtime.protocol.codes import CloseCode
from tests.faults.bugs.patching import bug, changes, instead, nothing


@changes("swapped", "write_all", WriteCycle)
def swapped(original: Any, self: Any, sockets: Any, frames: Any) -> Any:
    """Swap the events of one turn on the wire."""
    return original(self, sockets, list(reversed(frames)))


@changes("full-socket", "offer", Outbound)
def full_socket(original: Any, self: Any, frame: Any) -> bool:
    """Take it for a delivery when a socket refuses an event because too much waits."""
    original(self, frame)
    return True


@bug("no-expiry")
def no_expiry() -> None:
    instead(socket.Socket, "expire", nothing)


@changes("surplus-stays", "close", socket.Socket)
def surplus_stays(original: Any, self: Any, code: Any, *, at_once: bool = False) -> None:
    """Close no socket for being one too many."""
    if code is not CloseCode.TOO_MANY_CONNECTIONS:
        original(self, code, at_once=at_once)


@bug("no-heartbeat")
def no_heartbeat() -> None:
    instead(sockets.Sockets, "_beat", nothing)


@bug("no-sweep")
def no_sweep() -> None:
    instead(hub.Hub, "_sweep", nothing)


@changes("task-kept", "gone", socket.Socket)
def task_kept(original: Any, self: Any) -> None:
    """Let what a socket was about to do go on without it."""
    tasks, self.tasks = self.tasks, None
    drained, self._drained = self._drained, None
    original(self)
    self.tasks, self._drained = tasks, drained


@bug("strangers-kept")
def strangers_kept() -> None:
    """Count sockets that have logged in, or left, as anonymous still."""
    instead(sockets.Sockets, "_no_longer_anonymous", nothing)


@bug("roster-kept")
def roster_kept() -> None:
    """Report connections that have gone."""
    instead(roster.Roster, "remove", nothing)
