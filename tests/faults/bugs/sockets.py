"""What is written to sockets, and when they are closed."""

from __future__ import annotations

from typing import Any

from realtime.core import roster
from realtime.core.outbound import Outbound
from realtime.hub import hub, socket, sockets
from realtime.hub.writes import WriteCycle
from realtime.protocol.codes import CloseCode
from tests.faults.bugs.patching import bug, instead, nothing, replace


@bug("swapped")
def swapped() -> None:
    def make(original: Any) -> Any:
        def write_all(self: Any, sockets: Any, frames: Any) -> Any:
            return original(self, sockets, list(reversed(frames)))

        return write_all

    replace(WriteCycle, "write_all", make)


@bug("full-socket")
def full_socket() -> None:
    """Take it for a delivery when a socket refuses an event because too much waits."""

    def make(original: Any) -> Any:
        def offer(self: Any, frame: Any) -> bool:
            original(self, frame)
            return True

        return offer

    replace(Outbound, "offer", make)


@bug("no-expiry")
def no_expiry() -> None:
    instead(socket.Socket, "expire", nothing)


@bug("surplus-stays")
def surplus_stays() -> None:
    def make(original: Any) -> Any:
        def close(self: Any, code: Any, *, at_once: bool = False) -> None:
            if code is not CloseCode.TOO_MANY_CONNECTIONS:
                original(self, code, at_once=at_once)

        return close

    replace(socket.Socket, "close", make)


@bug("no-heartbeat")
def no_heartbeat() -> None:
    instead(sockets.Sockets, "_beat", nothing)


@bug("no-sweep")
def no_sweep() -> None:
    instead(hub.Hub, "_sweep", nothing)


@bug("task-kept")
def task_kept() -> None:
    """Let what a socket was about to do go on without it."""

    def make(original: Any) -> Any:
        def gone(self: Any) -> None:
            tasks, self.tasks = self.tasks, None
            drained, self._drained = self._drained, None
            original(self)
            self.tasks, self._drained = tasks, drained

        return gone

    replace(socket.Socket, "gone", make)


@bug("strangers-kept")
def strangers_kept() -> None:
    """Count sockets that have logged in, or left, as anonymous still."""
    instead(sockets.Sockets, "_no_longer_anonymous", nothing)


@bug("roster-kept")
def roster_kept() -> None:
    """Report connections that have gone."""
    instead(roster.Roster, "remove", nothing)
