"""Put streams at another place: their past is gone, or they have begun a new life.

What was read before such a reset may be older than the place after it: `FollowedStream.resets`
counts them, so that a reader notices.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sized
from typing import Literal

from realtime import log
from realtime.core.continuity import Head, Reason, StreamPosition
from realtime.core.notes import Note, Noted
from realtime.core.resume import join_epochs, snapshots_within_ms
from realtime.db import threads
from realtime.hub.followed import FollowedStream
from realtime.hub.socket import Socket
from realtime.hub.writes import WriteCycle
from realtime.protocol.connection import Position, ResyncRequired

logger = logging.getLogger(__name__)

SNAPSHOT_PATH = "/api/v1/snapshot"
RENEWED_AT_ONCE = 500  # streams that go on in a new epoch between two turns of the event loop
LOG_SECONDS = 1.0  # in which resets of streams gather for one line of the log


class Resets:
    """Resets the streams that a node follows, and tells their sockets to take a snapshot.

    `on_reset(name)` is told of each, and `catch_up(followed)` has one read on that woke up
    meanwhile. `crowd` is all sockets of the node.
    """

    def __init__(
        self,
        cycle: WriteCycle[Socket],
        followed: Mapping[str, FollowedStream],
        on_reset: Callable[[str], None],
        catch_up: Callable[[FollowedStream], object],
        crowd: Sized,
    ) -> None:
        self._cycle = cycle
        self._followed = followed
        self._on_reset = on_reset
        self._catch_up = catch_up
        self._crowd = crowd
        self._unlogged: dict[Reason, list[str]] = {}  # streams that no line of the log names yet

    def reset(self, followed: FollowedStream, head: Head, reason: Reason) -> None:
        """Go on from the head, and tell all sockets that were live that the past is gone."""
        if not self._unlogged:
            asyncio.get_running_loop().call_later(LOG_SECONDS, self._log)
        self._unlogged.setdefault(reason, []).append(followed.name)
        is_of_all = log.deployment_part(head.epoch) != log.deployment_part(followed.place.epoch)
        self._put_at(followed, head, reason, len(self._crowd if is_of_all else followed.at_place))

    def _log(self) -> None:
        resets, self._unlogged = self._unlogged, {}
        for reason, names in resets.items():
            if len(names) == 1:
                logger.warning("stream %s: resynchronised (%s)", names[0], reason)
            else:
                logger.warning("%d streams resynchronised (%s)", len(names), reason)

    def _put_at(self, followed: FollowedStream, head: Head, reason: Reason, told: int) -> None:
        """Go on from the head; `told` sockets of this node take a snapshot by now."""
        self._cycle.fan_out_now()
        if head.epoch != followed.place.epoch:
            followed.woken = 0  # those offsets were of a life that is over
        followed.resets += 1
        before = followed.place.offset
        followed.place.epoch, followed.place.offset = head.epoch, head.head
        most = snapshots_within_ms(told)
        to = head.head
        note = Note(kind="resync", stream=followed.name, before=before, to=to, reason=reason)
        passed = (time.monotonic(), note)  # one for thousands of sockets
        for socket in followed.at_place:
            after = random.randint(0, most) if most else 0
            say_resync(socket, followed.place, reason, passed, after)
        self._on_reset(followed.name)

    async def begin_anew(self) -> None:
        """Go on in the epochs that the log has now, as the deployment has begun new ones.

        Reads one row a stream, RENEWED_AT_ONCE of them together, and lets sockets be served in
        between. Streams that are in their new life already are left alone.
        """
        names = list(self._followed)
        logger.warning("%d streams resynchronise: the deployment has a new epoch", len(names))
        for start in range(0, len(names), RENEWED_AT_ONCE):
            known = {
                name: (followed, followed.resets)
                for name in names[start : start + RENEWED_AT_ONCE]
                if (followed := self._followed.get(name)) is not None and followed.known
            }
            found = await threads.run(log.heads, list(known)) if known else {}
            for name, head in found.items():
                followed, resets = known[name]
                if self._followed.get(name) is not followed or followed.resets != resets:
                    continue  # the read position may be older than the stream's current one
                if head.epoch != followed.place.epoch:
                    self._put_at(followed, head, "epoch", len(self._crowd))
                    if followed.woken > followed.place.offset:
                        self._catch_up(followed)


def resync(
    socket: Socket, name: str, place: StreamPosition, reason: Reason, asked: int | None = None
) -> None:
    """Put a socket that waits at another place, and tell its client to go on from there.

    `asked` is the offset that its client wanted to go on from, at a login.
    """
    before = socket.connection.places[name].offset if asked is None else asked
    place = socket.connection.places[name] = StreamPosition(place.epoch, place.offset)
    kind: Literal["anew", "resync"] = "resync" if asked is None else "anew"
    note = Note(kind=kind, stream=name, before=before, to=place.offset, reason=reason)
    say_resync(socket, place, reason, (time.monotonic(), note))


def say_resync(
    socket: Socket,
    place: StreamPosition,
    reason: Reason,
    passed: Noted,
    snapshot_after_ms: int = 0,
) -> None:
    """Tell a client that it goes on from `place`; it may still ack what came before."""
    _, note = passed
    socket.connection.resynced(note.stream, max(note.before, place.offset))
    socket.connection.note(passed)
    socket.reply(
        ResyncRequired(
            stream=note.stream,
            reason=reason,
            position=Position(offset=place.offset, epoch=place.epoch),
            epoch=join_epochs([other.epoch for other in socket.connection.places.values()]),
            snapshot=SNAPSHOT_PATH,
            snapshot_after_ms=snapshot_after_ms,
        )
    )
