"""What broadcasts add to the trace of an event: who sent it, and who approved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hoardrun.broadcasts.kinds import EVERYBODY
from hoardrun.broadcasts.models import Broadcast
from realtime.models import Event
from realtime.streams import stream_user
from realtime.trace import contributors
from realtime.trace.moments import stamp
from realtime.trace.report import Entry

NAME = "broadcast"
RIGHT = "broadcasts.view_broadcast"
MOST = 20  # broadcasts to a target, the newest before the event
SOON = timedelta(seconds=1)  # a row is made just before its event


def register() -> None:
    """Add broadcasts to the trace."""
    contributors.register(NAME, of_event=of_event, right=RIGHT)


def of_event(stream: str, event: Event) -> Iterator[Entry]:
    """Yield who has broadcast an event, and who has decided on that."""
    user_id = stream_user(stream)
    target = EVERYBODY if user_id is None else str(user_id)
    before = Broadcast.objects.filter(target=target, created_at__lte=event.created_at + SOON)
    for row in before.select_related("decision").order_by("-pk")[:MOST]:
        decision = getattr(row, "decision", None)
        result = row.result if decision is None else decision.result
        if (result.get("stream"), result.get("offset")) != (stream, event.offset):
            continue
        data = {"broadcast_id": str(row.pk), "request_id": row.request_id}
        request = f", request {row.request_id}" if row.request_id else ""
        text = f"Broadcast #{row.pk} ({row.kind}) by user {row.author_id}{request}."
        yield Entry(at=stamp(row.created_at), source=NAME, text=text, data=data)
        if decision is not None:
            text = f"Broadcast #{row.pk} was approved by user {decision.decided_by_id}."
            yield Entry(at=stamp(decision.decided_at), source=NAME, text=text, data=data)
        return
