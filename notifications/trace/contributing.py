"""What notifications add to the trace of an event: the ladder, and what left the app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from notifications.messages import Notification as Message
from notifications.models import Escalation, Notification
from notifications.trace.loading import load
from notifications.trace.services import MAY_TRACE
from notifications.trace.timeline import timeline
from realtime.errors import NotFound
from realtime.models import Event
from realtime.streams import stream_user, user_stream
from realtime.trace import contributors
from realtime.trace.moments import stamp
from realtime.trace.report import Entry

NAME = "notification"
MOST = 20  # ladders of a user


class _Data(msgspec.Struct):
    id: str


class _Event(msgspec.Struct):
    data: _Data


_decoder = msgspec.json.Decoder(_Event)


def register() -> None:
    """Add notifications to the trace."""
    contributors.register(NAME, of_event=of_event, of_user=of_user, find=find, right=MAY_TRACE)


def of_event(stream: str, event: Event) -> Iterator[Entry]:
    """Yield what became of the notification that an event tells of."""
    if event.type != Message.wire_type or stream_user(stream) is None:
        return
    number = _decoder.decode(event.payload).data.id
    try:
        trace = timeline(load(number))
    except NotFound:
        return
    data = {"notification_id": trace.notification_id}
    yield Entry(at=trace.traced_at, source=NAME, text=trace.answer, data=data)
    for entry in trace.timeline:
        if entry.channel or "ladder" in entry.text or entry.text in {"Read.", "Seen in the app."}:
            yield Entry(at=entry.at, source=entry.channel or NAME, text=entry.text, data=data)


def of_user(user_id: int, since: datetime) -> Iterator[Entry]:
    """Yield the notifications that a user got since then."""
    own = Notification.objects.filter(user=user_id).order_by("-pk")
    for row in own.only("pk", "kind", "type", "published_at")[:MOST]:
        if row.published_at is not None and row.published_at >= since:
            text = f"Notification #{row.pk} ({row.kind or row.type}) was published."
            data = {"notification_id": str(row.pk)}
            yield Entry(at=stamp(row.published_at), source=NAME, text=text, data=data)


def find(number: int) -> tuple[str, int] | None:
    """Return the event of a notification."""
    ladder = Escalation.objects.filter(pk=number).only("user_id", "event_offset").first()
    return None if ladder is None else (user_stream(ladder.user_id), ladder.event_offset)
