"""Make a trace of the rows of one notification. Pure: what is loaded decides, and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from notifications.kinds.lookup import general
from notifications.models import Notification
from notifications.trace import report
from notifications.trace.causes import CLOSED, UNKNOWN_KIND
from notifications.trace.loading import Loaded
from notifications.trace.parts import Entry, Sending, Socket
from notifications.trace.report import Content, Step, Trace
from notifications.trace.sendings import sendings
from notifications.trace.sockets import sockets
from notifications.trace.steps import steps
from notifications.trace.verdict import advice, answer, reached, verdict
from notifications.trace.words import NAMES
from realtime.trace.moments import maybe, stamp


def timeline(found: Loaded, *, with_content: bool = False) -> Trace:
    """Say what became of a notification; its text only for those who may read it."""
    row, now = found.row, reached(found)
    rungs = tuple(steps(found))
    of_steps = {one.id for step in rungs for one in step.sendings}
    others = sendings((one for one in found.deliveries if str(one.pk) not in of_steps), found)
    seen = tuple(sockets(found))
    first: Any = row or found.deliveries[0]
    return Trace(
        notification_id=str(found.notification_id),
        user_id=str(found.user_id),
        kind=(row.kind or general(row.type)) if row is not None else first.kind,
        type="" if row is None else row.type,
        priority="" if row is None else row.priority,
        transaction_id=_transaction(row),
        is_erased=row is None,
        **{
            name: None if row is None else maybe(getattr(row, name))
            for name in (
                "created_at", "published_at", "scheduled_at", "expires_at", "seen_at", "read_at",
                "archived_at", "cancelled_at",
            )
        },
        reach=now.reach.name.lower(),
        answer=answer(found, now),
        verdict=verdict(found, rungs, now),
        advice=advice(rungs, now),
        ladder=_ladder(found),
        sockets=seen,
        steps=rungs,
        others=others,
        timeline=tuple(sorted(_entries(found, rungs, others, seen), key=lambda one: one.at)),
        content=Content(title=row.title, message=row.message) if row and with_content else None,
        traced_at=stamp(found.now),
    )  # fmt: skip


def _transaction(row: Notification | None) -> str | None:
    """Return the transaction that a notification is about, which its sender names."""
    found = None if row is None else row.metadata.get("transaction_id")
    return None if found is None else str(found)


def _ladder(found: Loaded) -> report.Ladder | None:
    row = found.ladder
    if row is None:
        return None
    text = "It goes on." if row.closed_at is None else _end(row.reason)
    return report.Ladder(
        event_offset=row.event_offset,
        epoch=row.epoch,
        committed_at=stamp(row.committed_at),
        policy_version=row.policy_version,
        due_at=None if row.closed_at is not None else stamp(row.due_at),
        closed_at=maybe(row.closed_at),
        reason=row.reason,
        evidence=row.evidence,
        text=text,
    )


def _end(reason: str) -> str:
    return next((text for name, text in CLOSED.items() if name == reason), UNKNOWN_KIND)


def _entries(
    found: Loaded, rungs: Sequence[Step], others: Sequence[Sending], seen: Iterable[Socket]
) -> Iterator[Entry]:
    """Yield what has happened, and when."""
    row, ladder = found.row, found.ladder
    if ladder is not None:
        txn = _transaction(row)
        beside = f" with transaction #{txn}" if txn else ""
        text = f"Committed{beside} as event {ladder.event_offset} of epoch {ladder.epoch}."
        yield Entry(at=stamp(ladder.committed_at), text=text)
        if ladder.closed_at is not None:
            yield Entry(at=stamp(ladder.closed_at), text=f"The ladder ended. {_end(ladder.reason)}")
    elif row is not None and row.published_at is not None:
        yield Entry(at=stamp(row.published_at), text="Published, without a ladder.")
    for column, text in _MARKS.items():
        if (moment := getattr(row, column, None)) is not None:
            yield Entry(at=stamp(moment), text=text)
    for socket in seen:
        if socket.opened_at and not socket.was_open:
            yield Entry(at=socket.opened_at, text=f"Connected: {socket.device or 'a device'}.")
        if socket.closed_at:
            yield Entry(at=socket.closed_at, text=f"Disconnected: {socket.device or 'a device'}.")
        if socket.has_it and socket.acked_at:
            device = socket.device or "a device"
            text = f"Acknowledged by {device} up to {socket.acked}, no later than this."
            yield Entry(at=socket.acked_at, text=text)
    for step in rungs:
        for gathered in step.digests:
            yield from of_sendings(gathered.sendings, "In a digest: ")
            if gathered.closed_at:
                yield Entry(at=gathered.closed_at, text=gathered.text, channel=gathered.channel)
        yield from of_sendings(step.sendings, "")
    yield from of_sendings(others, "")


_MARKS = {
    "seen_at": "Seen in the app.",
    "read_at": "Read.",
    "archived_at": "Archived.",
    "cancelled_at": "Cancelled.",
}


def of_sendings(found: Iterable[Sending], before: str) -> Iterator[Entry]:
    """Yield what happened to deliveries; each text begins with `before`."""
    for one in found:
        name = f"{before}{NAMES[one.channel]}"
        again = " Sent once more, as somebody decided." if one.resend else ""
        to = f" to {one.to}" if one.to else ""
        yield Entry(at=one.decided_at, channel=one.channel, text=f"{name}{to}: {one.text}{again}")
        for call in one.calls:
            yield Entry(at=call.started_at, channel=one.channel, text=f"{name}: {call.text}")
        for heard in one.heard:
            yield Entry(at=heard.at, channel=one.channel, text=f"{name}: {heard.text}")
