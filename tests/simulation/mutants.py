"""Bugs that only a simulation tells from luck: each function patches one thing of the node."""

from __future__ import annotations

from typing import Any

from realtime.consumer import login
from realtime.core import roster
from realtime.core.state import ConnectionState
from realtime.hub import acks, hub, login_data, recheck, socket, streams
from realtime.protocol.codes import CloseCode
from tests.faults.bugs.patches import bug, replace


@bug("first-cursor-late")
def first_cursor_late() -> None:
    """Greet a new device before anything says where it begins; its acks will."""
    replace(login_data, "_first_cursors", lambda original: lambda *given: ())


@bug("ack-of-before")
def ack_of_before() -> None:
    """Take acks of before a resynchronisation for acks of what has their numbers now."""

    def make(original: Any) -> Any:
        def resynced(self: Any, stream: str, offset: int) -> None: ...

        return resynced

    replace(ConnectionState, "resynced", make)


@bug("ack-of-before-late")
def ack_of_before_late() -> None:
    """Refuse only acks of up to where a stream was resynchronised, whatever was sent before."""

    def make(original: Any) -> Any:
        def _say_resync(self: Any, socket: Any, name: Any, place: Any, *given: Any) -> None:
            original(self, socket, name, place, *given)
            socket.connection.ack_after[name] = place.offset

        return _say_resync

    replace(streams.FollowedStreams, "_say_resync", make)


def _instead(owner: Any, name: str, function: Any) -> None:
    replace(owner, name, lambda original: function)


def _nothing(*given: Any) -> None: ...


async def _idle(*given: Any) -> None: ...


# -- acknowledgements


@bug("ack-unshielded")
def ack_unshielded() -> None:
    """Let a login that is given up take with it what it had stored for all."""

    async def flush(self: Any) -> Any:
        return await self._flush()

    _instead(acks.Acks, "flush", flush)


@bug("ack-put-back")
def ack_put_back() -> None:
    """Put what could not be stored in the place of newer acks."""

    def put_back(self: Any, moves: Any) -> None:
        self._moves |= moves

    _instead(acks.Acks, "_put_back", put_back)


@bug("reset-unsettled")
def reset_unsettled() -> None:
    """Begin a stream anew, and spread only then what this turn had of its old life."""

    def make(original: Any) -> Any:
        def _reset(self: Any, followed: Any, head: Any, reason: Any) -> None:
            fan_out, self._cycle.fan_out_now = self._cycle.fan_out_now, _nothing
            try:
                original(self, followed, head, reason)
            finally:
                self._cycle.fan_out_now = fan_out

        return _reset

    replace(streams.FollowedStreams, "_reset", make)


# -- rights and time


@bug("renewal-unseen")
def renewal_unseen() -> None:
    """Do not look again when a login was read before what the node has heard since."""
    _instead(login, "_look_again", _nothing)


@bug("rights-unheard")
def rights_unheard() -> None:
    _instead(recheck.AccessRecheck, "receive", _nothing)


@bug("no-recheck")
def no_recheck() -> None:
    """Look at rights only when an event tells of them."""
    _instead(recheck.AccessRecheck, "run", _idle)


@bug("no-expiry")
def no_expiry() -> None:
    _instead(socket.Socket, "expire", _nothing)


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
    _instead(hub.Hub, "_beat", _nothing)


@bug("no-sweep")
def no_sweep() -> None:
    _instead(hub.Hub, "_sweep", _nothing)


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


# -- what is left behind


@bug("groups-kept")
def groups_kept() -> None:
    """Hear for ever of the users who have left."""

    def make(original: Any) -> Any:
        def join_streams(self: Any, streams: Any) -> None:
            original(self, [name for name in streams if name in self.streams.followed])

        return join_streams

    replace(hub.Hub, "join_streams", make)


@bug("strangers-kept")
def strangers_kept() -> None:
    """Count who has logged in, or left, among those without a login."""
    _instead(hub.Hub, "_known", _nothing)


@bug("roster-kept")
def roster_kept() -> None:
    """Report connections that have gone."""
    _instead(roster.Roster, "remove", _nothing)
