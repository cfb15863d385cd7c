"""Write many notifications of one user at once, and publish the changes together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from notifications import selectors, validation
from notifications.choices import BulkOutcome, Status
from notifications.errors import InvalidInput
from notifications.models import Notification
from notifications.payloads import notification_state, state_payload
from realtime import names
from realtime.protocol.messages import NotificationState, NotificationUpdated
from realtime.publish import publish_many

MAX_IDS = 100  # in one bulk update
PER_EVENT = 100  # notifications in one event, at most
MAX_EVENT_BYTES = 32 * 1024  # of one event, unless a single notification is larger
CHUNK = 400  # rows in one statement


@transaction.atomic
def notifications_bulk_update(
    *, user_id: int, ids: Sequence[int | str], status: str
) -> dict[str, str]:
    """Move notifications to a status; return `updated` or `not_found` for each id.

    One that has the status already is `updated` too, but not published again.
    """
    target = validation.choice("status", status, Status)
    if not 0 < len(ids) <= MAX_IDS:
        raise InvalidInput("notification_ids", f"give 1 to {MAX_IDS} ids, not {len(ids)}")
    numbers = {str(id): selectors.notification_number(id) for id in ids}
    if len(numbers) != len(ids):
        raise InvalidInput("notification_ids", "give each id once")
    wanted = [number for number in numbers.values() if number is not None]
    now = timezone.now()
    visible = selectors.notifications_visible(user_id).filter(pk__in=wanted)
    rows = list(visible.order_by("pk").select_for_update())
    found = {row.pk: row for row in rows}
    changed = [row for row in found.values() if row.move(target, now)]
    Notification.objects.bulk_update(changed, Notification.STATE_FIELDS)
    is_back = target == Status.UNREAD
    _publish(user_id, [notification_state(row, is_back=is_back) for row in changed])
    return {
        id: BulkOutcome.UPDATED.value if number in found else BulkOutcome.NOT_FOUND.value
        for id, number in numbers.items()
    }


@transaction.atomic
def notifications_mark_all_read(*, user_id: int) -> int:
    """Mark everything unread as read, and with that as seen; return how many it was."""
    now = timezone.now()
    rows = _locked(selectors.notifications_visible(user_id).filter(status=Status.UNREAD))
    unseen = [row.pk for row in rows if row.seen_at is None]
    _update(unseen, seen_at=now)
    _update([row.pk for row in rows], status=Status.READ.value, read_at=now, updated_at=now)
    _publish(user_id, [state_payload(row.pk, Status.READ, row.seen_at or now, now) for row in rows])
    return len(rows)


@transaction.atomic
def notifications_mark_all_seen(*, user_id: int) -> int:
    """Mark everything unread as seen, which stops the bell; return how many it was."""
    now = timezone.now()
    unread = selectors.notifications_visible(user_id).filter(status=Status.UNREAD)
    rows = _locked(unread.filter(seen_at__isnull=True))
    _update([row.pk for row in rows], seen_at=now, updated_at=now)
    _publish(user_id, [state_payload(row.pk, row.status, now, row.read_at) for row in rows])
    return len(rows)


def _locked(rows: QuerySet[Notification]) -> list[Notification]:
    """Lock rows in the order of their ids, so that two bulk writers never deadlock."""
    return list(
        rows.order_by("pk")
        .select_for_update()
        .only("pk", "status", "seen_at", "read_at", "archived_at", "updated_at")
    )


def _update(ids: Sequence[int], **values: str | datetime) -> None:
    for start in range(0, len(ids), CHUNK):
        Notification.objects.filter(pk__in=ids[start : start + CHUNK]).update(**values)


def _publish(user_id: int, states: Sequence[NotificationState]) -> None:
    """Publish all changes at the end of the transaction, as few events as they fit into."""
    stream = names.user_stream(user_id)
    publish_many([(stream, NotificationUpdated(notifications=few)) for few in _parts(states)])


def _parts(states: Sequence[NotificationState]) -> Iterator[list[NotificationState]]:
    """Split changes so that no event is too large for a client to take."""
    part: list[NotificationState] = []
    size = 0
    for state in states:
        weight = len(msgspec.json.encode(state))
        if part and (len(part) == PER_EVENT or size + weight > MAX_EVENT_BYTES):
            yield part
            part, size = [], 0
        part.append(state)
        size += weight
    if part:
        yield part
