"""The sockets of a user then and now, and what their devices have acknowledged. Pure.

A device that has acknowledged the offset of the event has it. Its cursor says since when at the
latest; a service acknowledges for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from notifications.models import Escalation
from notifications.policy.reach import SERVICE, SERVICE_PREFIX
from notifications.trace.loading import Loaded
from notifications.trace.parts import Socket
from realtime.models import Connection, Cursor, Departure
from realtime.streams import user_stream
from realtime.trace.moments import maybe, spoken


def sockets(found: Loaded) -> Iterator[Socket]:
    """Yield the sockets of a user: those that have closed, those that are open, other devices."""
    cursors = {cursor.device: cursor for cursor in found.cursors}
    for closed in found.closed_sockets:
        yield _closed(closed, cursors.get(closed.device), found)
    for socket in found.open_sockets:
        yield _open(socket, cursors.get(socket.device), found)
    named = {one.device for one in found.closed_sockets}
    named |= {one.device for one in found.open_sockets}
    for device, cursor in cursors.items():
        if device not in named and _has_it(cursor, found.ladder):
            yield _away(cursor, found)


def _closed(row: Departure, cursor: Cursor | None, found: Loaded) -> Socket:
    acked = row.acked.get(user_stream(found.user_id))
    is_of_epoch = cursor is not None and _is_of_epoch(cursor, found.ladder)
    at: datetime | None = row.closed_at
    if acked is None and cursor is not None:
        acked, at = cursor.acked, cursor.updated_at
    return _socket(
        row.device, row.device_class, found, acked, at,
        opened_at=row.opened_at, closed_at=row.closed_at, active_at=row.active_at,
        is_of_epoch=is_of_epoch,
    )  # fmt: skip


def _open(row: Connection, cursor: Cursor | None, found: Loaded) -> Socket:
    return _socket(
        row.device, row.device_class, found,
        None if cursor is None else cursor.acked,
        None if cursor is None else cursor.updated_at,
        opened_at=row.opened_at,
        active_at=row.node.seen_at if row.is_active else row.active_at,
        is_open=True,
        is_active=row.is_active,
        is_of_epoch=cursor is not None and _is_of_epoch(cursor, found.ladder),
    )  # fmt: skip


def _away(cursor: Cursor, found: Loaded) -> Socket:
    return _socket(
        cursor.device, cursor.device_class, found, cursor.acked, cursor.updated_at, is_of_epoch=True
    )


def _socket(
    device: str,
    device_class: str,
    found: Loaded,
    acked: int | None,
    acked_at: datetime | None,
    *,
    opened_at: datetime | None = None,
    closed_at: datetime | None = None,
    active_at: datetime | None = None,
    is_open: bool = False,
    is_active: bool = False,
    is_of_epoch: bool = False,
) -> Socket:
    ladder = found.ladder
    then = found.now if ladder is None else ladder.committed_at
    was_open = opened_at is not None and opened_at <= then and (is_open or closed_at is not None)
    has_it = (
        ladder is not None and is_of_epoch and acked is not None and acked >= ladder.event_offset
    )
    if acked is None:
        known = "it has acknowledged nothing"
    elif not is_of_epoch:
        known = f"it has acknowledged {acked} of another epoch, which says nothing"
    else:
        known = f"it has acknowledged {acked}, no later than {spoken(acked_at)}"
    if is_open:
        use = "its person is there" if is_active else "its person is not there"
    elif active_at is not None:
        use = f"its person was last there at {spoken(active_at)}"
    else:
        use = "nothing says whether its person was there"
    place = "open now" if is_open else "closed" if closed_at else "not connected"
    nobody = device_class == SERVICE or device.startswith(SERVICE_PREFIX)
    note = "; a service, which nobody looks at" if nobody else ""
    name = device or "a device without a name"
    kind = f" ({device_class})" if device_class else ""
    return Socket(
        device=device,
        device_class=device_class,
        opened_at=maybe(opened_at),
        closed_at=maybe(closed_at),
        was_open=was_open,
        is_open=is_open,
        is_active=is_active,
        active_at=maybe(active_at),
        acked=acked,
        acked_at=maybe(acked_at),
        is_of_epoch=is_of_epoch,
        has_it=has_it,
        text=f"{name}{kind}: {place}; {known}; {use}{note}.",
    )


def _is_of_epoch(cursor: Cursor, ladder: Escalation | None) -> bool:
    return ladder is not None and cursor.epoch == ladder.epoch


def _has_it(cursor: Cursor, ladder: Escalation | None) -> bool:
    return (
        ladder is not None and _is_of_epoch(cursor, ladder) and cursor.acked >= ladder.event_offset
    )
