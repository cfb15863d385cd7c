"""Fan-out, catching up and reconciling."""

from __future__ import annotations

import time
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any

from realtime import log
from realtime.cluster import epoch_watch
from realtime.core.frames import Frame
from realtime.db import threads
from realtime.hub import replay, resets, streams
from realtime.log import reading
from realtime.servers.door import Door
from tests.faults.bugs.patching import bug, changes, instead, nothing, replace, without


@bug("replay-before-join")
def replay_before_join() -> None:
    """Read the head of a stream, and get the answer only some seconds later."""
    read_at: dict[str, float] = {}
    followed = streams.FollowedStreams
    original_learn, original_receive = followed.learn, followed.receive

    def learn(self: Any, name: str, head: Any) -> None:
        read_at.setdefault(name, time.monotonic())
        original_learn(self, name, head)

    def receive(self: Any, events: Any) -> None:
        now = time.monotonic()
        heard = [event for event in events if now - read_at.get(event[0], 0) > 8]
        original_receive(self, heard)

    instead(followed, "learn", learn)
    instead(followed, "receive", receive)


@changes("no-reconcile", "compare", streams.FollowedStreams)
def no_reconcile(original: Any, self: Any, heads: Any) -> None:
    """Take silence for proof that nothing was missed."""


@bug("one-page")
def one_page() -> None:
    """After a page of the log go live, although more follows."""

    def make(original: Any) -> Any:
        async def _page(self: Any, socket: Any, followed: Any) -> Any:
            place = socket.connection.places[followed.name]
            before = place.offset
            sent = await original(self, socket, followed)
            more = before < place.offset < followed.place.offset
            if more and followed.is_waiting(socket):
                self._streams.go_live(socket, followed)
            return sent

        return _page

    replace(replay.Replay, "_page", make)
    reading.PAGE = 2


@bug("filter-first")
def filter_first() -> None:
    """Look whether a socket waits, and only then spread, which may make it wait.

    The kernel keeps little for a reader here: it would hold the megabytes of a burst, and no socket
    would be full in the moment of a change.
    """

    def change(self: Any, socket: Any, types: Any) -> None:
        socket.connection.subscriptions = types
        for name in socket.connection.places:
            followed = self.followed.get(name)
            if followed is not None and not followed.is_waiting(socket):
                self._cycle.fan_out_now()
                followed.go_live(socket)

    def make(original: Any) -> Any:
        def listen(self: Any, sockets: Any, adopt: Any) -> None:
            for each in sockets:
                each.setsockopt(SOL_SOCKET, SO_SNDBUF, 16 * 1024)
            original(self, sockets, adopt)

        return listen

    instead(streams.FollowedStreams, "filter", change)
    replace(Door, "listen", make)


@changes("twice", "_deliver", streams.FollowedStreams)
def twice(original: Any, self: Any, followed: Any, entry: Any) -> None:
    """Write each event twice to sockets that named a device."""
    original(self, followed, entry)
    for socket in list(followed.live):
        if socket.connection.device:
            socket.put(Frame(entry.payload.encode()))


@changes("wrong-socket", "_deliver", streams.FollowedStreams, counts=True)
def wrong_socket(original: Any, count: int, self: Any, followed: Any, entry: Any) -> None:
    """Now and then write a user's event to every socket of the node."""
    original(self, followed, entry)
    if count % 50 == 0:
        for other in list(self.followed.values()):
            if other is not followed:
                for socket in list(other.live)[:1]:
                    socket.put(Frame(entry.payload.encode()))


@changes("anew-in-part", "begin_anew", resets.Resets)
async def anew_in_part(original: Any, self: Any) -> None:
    """Begin only the first few of all streams anew."""
    first = list(self._followed.items())[: resets.RENEWED_AT_ONCE]
    before = {name: (followed, followed.resets) for name, followed in first if followed.known}
    for name, head in (await threads.run(log.heads, list(before))).items():
        followed, count = before[name]
        if self._followed.get(name) is not followed or followed.resets != count:
            continue
        if head.epoch != followed.place.epoch:
            self._put_at(followed, head, "epoch", len(self._crowd))


@changes("anew-unseen", "look", epoch_watch.EpochWatch)
async def anew_unseen(original: Any, self: Any) -> None:
    """Never look at the deployment's epoch."""


# A device that cannot resume is told nothing.
without("resync-silent", "say_resync", resets)


@changes("reset-unsettled", "reset", resets.Resets)
def reset_unsettled(original: Any, self: Any, followed: Any, head: Any, reason: Any) -> None:
    """Begin a stream anew, and spread only then what this turn had of its old life."""
    fan_out, self._cycle.fan_out_now = self._cycle.fan_out_now, nothing
    try:
        original(self, followed, head, reason)
    finally:
        self._cycle.fan_out_now = fan_out


@changes("groups-kept", "_join", streams.FollowedStreams)
def groups_kept(original: Any, self: Any, name: str) -> None:
    """Keep receiving events of users that have left."""
    if name in self.followed:
        original(self, name)
