"""Who has been reached: the positions of streams, and what the devices of users have applied.

This is the part of the log and of the registry of sockets that other apps may read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from realtime import log
from realtime.core.continuity import Head
from realtime.core.devices import DeviceReach, UserReach
from realtime.log.applied import Applied, read_applied
from realtime.log.devices import read_devices
from realtime.streams import user_stream

__all__ = ["Applied", "DeviceReach", "UserReach", "applied", "begin", "devices", "positions"]


def begin(names: Iterable[str]) -> None:
    """Begin the streams that nothing was written to yet, so that they have a position."""
    log.ensure(names)


def positions(names: Iterable[str]) -> dict[str, Head]:
    """Return the position of each stream that has begun, as the caller's transaction sees it."""
    return log.heads(names)


def devices(
    since: Mapping[int, datetime], stream: Callable[[int], str] = user_stream
) -> dict[int, UserReach]:
    """Return what the devices of some users have applied, and which are connected and active.

    `since` maps each user to the commit of the oldest event that is asked about: sockets that
    closed earlier say nothing of it. `stream` names the stream of the events. One query for all
    of them, up to some hundred users; each user is in the result. Connections are up to two
    seconds old, cursors as the caller's transaction sees them.
    """
    return read_devices([(user_id, stream(user_id), at) for user_id, at in since.items()])


def applied(stream: str, epoch: str, offset: int, user_ids: Collection[int]) -> dict[int, Applied]:
    """Return which of some users have a device that has applied an event of a shared stream.

    Those without such a device are left out. One query for up to some hundred users. A cursor of
    another epoch says nothing, and devices of services do not count.
    """
    return read_applied(stream, epoch, offset, user_ids)
