"""Change many notifications at once, and publish the changes of each user together.

Each change is made twice: on the instances, by `move`, which tells what changed, and in the
table, by one statement for some hundred rows. Both use the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from notifications import selectors, validation
from notifications.choices import BulkOutcome, Status
from notifications.delivery.closing import ladders_close
from notifications.events import publish_states
from notifications.models import Notification
from notifications.payloads import notification_payload, notification_state
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import InvalidInput
from realtime.publish import publish_many
from realtime.retry import one_transaction
from realtime.streams import user_stream

MAX_IDS = 100  # in one bulk update over the API
CHUNK = 400  # rows in one statement
TOGETHER = 1000  # rows in one transaction; other publishers to their users wait for it

Record = Callable[[Sequence[Notification]], object]
_BRIEF = ("pk", "user", "published_at", "cancelled_at", *Notification.STATE_FIELDS)


@one_transaction
def notifications_bulk_update(
    *, user_id: int, ids: Sequence[int | str], status: str
) -> dict[str, str]:
    """Move a user's notifications to a status; return `updated` or `not_found` for each id.

    One that already has the status is `updated` too, but not published again.
    """
    target = validation.choice("status", status, Status.values)
    if not 0 < len(ids) <= MAX_IDS:
        raise InvalidInput("notification_ids", f"give 1 to {MAX_IDS} ids, not {len(ids)}")
    numbers = {str(id): row_id(id) for id in ids}
    if len(numbers) != len(ids):
        raise InvalidInput("notification_ids", "give each id once")
    visible = selectors.notifications_visible(user_id)
    rows = _locked(visible.filter(pk__in=numbers.values()), target)
    _move(rows, target)
    found = {row.pk for row in rows}
    return {
        id: BulkOutcome.UPDATED.value if number in found else BulkOutcome.NOT_FOUND.value
        for id, number in numbers.items()
    }


@one_transaction
def notifications_mark_all_read(*, user_id: int) -> int:
    """Mark all unread notifications as read, and so as seen; return how many."""
    unread = selectors.notifications_visible(user_id).filter(status=Status.UNREAD)
    return len(_move(_locked(unread, Status.READ), Status.READ))


@one_transaction
def notifications_mark_all_seen(*, user_id: int) -> int:
    """Mark all unread notifications as seen, which stops the bell; return how many."""
    now = clock.now()
    unread = selectors.notifications_visible(user_id).filter(status=Status.UNREAD)
    rows = _locked(unread.filter(seen_at__isnull=True), Status.READ)
    for row in rows:
        row.seen_at = now
    _update(rows, {"seen_at": now, "updated_at": now})
    publish_states((row.user_id, notification_state(row)) for row in rows)
    return len(rows)


def notifications_mark_read(*, ids: Iterable[int], record: Record | None = None) -> int:
    """Mark these notifications of any users as read; return how many that changed.

    Publishes those of one user together. An archived one stays archived. Works in transactions
    of TOGETHER rows, and calls `record` in each with the rows that it changed.
    """
    return _each(ids, lambda rows: _move(rows, Status.READ, keep_archived=True), record)


def notifications_archive(*, ids: Iterable[int], record: Record | None = None) -> int:
    """Archive these notifications, as `notifications_mark_read` marks them.

    One that is still scheduled will not be published.
    """
    return _each(ids, lambda rows: _move(rows, Status.ARCHIVED), record)


def notifications_cancel(*, ids: Iterable[int], record: Record | None = None) -> int:
    """Cancel these notifications, as `notifications_mark_read` marks them.

    A cancelled one is archived, and no more of it leaves the system: its ladder ends and what
    waits to be sent is not. One that is being sent this moment goes on.
    """

    def cancel(rows: Sequence[Notification]) -> Sequence[Notification]:
        changed = [row for row in rows if row.cancelled_at is None]
        if changed:
            ids = [row.pk for row in changed]
            now = clock.now()
            ladders_close(ids, "cancelled")
            _update(changed, {"cancelled_at": now, "updated_at": now})
            _move(changed, Status.ARCHIVED)
        return changed

    return _each(ids, cancel, record)


def notification_cancel(*, notification_id: int | str) -> Notification:
    """Cancel one notification, see `notifications_cancel`; repeated, it changes nothing.

    Raises NotFound.
    """
    found = selectors.notification_get(notification_id=notification_id)
    notifications_cancel(ids=[found.pk])
    found.refresh_from_db()
    return found


def notifications_resend(*, ids: Iterable[int], record: Record | None = None) -> int:
    """Publish these notifications again, as they are now; return how many.

    Leaves out those that are not published yet: they are published at their time.
    """

    def resend(rows: Sequence[Notification]) -> Sequence[Notification]:
        sent = [row for row in rows if row.published_at is not None]
        publish_many([(user_stream(row.user_id), notification_payload(row)) for row in sent])
        return sent

    return _each(ids, resend, record, whole=True)


def notifications_tell(*, ids: Iterable[int]) -> int:
    """Send these notifications, as they are now, to their users' devices; return how many.

    Call it after `QuerySet.update()` or `bulk_update()`, in the same transaction: those publish
    nothing. Leaves out those that are not published yet.
    """

    def tell(rows: Sequence[Notification]) -> Sequence[Notification]:
        told = [row for row in rows if row.published_at is not None]
        publish_states((row.user_id, notification_state(row, whole=True)) for row in told)
        return told

    return _each(ids, tell, None, whole=True)


def _each(
    ids: Iterable[int],
    change: Callable[[Sequence[Notification]], Sequence[Notification]],
    record: Record | None,
    *,
    whole: bool = False,
) -> int:
    """Change rows in batches, ordered by user; return how many changed."""

    @one_transaction
    def change_some(some: Sequence[int]) -> int:
        rows = Notification.objects.filter(pk__in=some)
        changed = change(_locked(rows, Status.UNREAD if whole else Status.READ))
        if record is not None and changed:
            record(changed)
        return len(changed)

    return sum(change_some(some) for some in _by_user(ids))


def _by_user(ids: Iterable[int]) -> Iterator[list[int]]:
    """Order the ids by user, and split them into batches."""
    owners: list[tuple[int, int]] = []
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        rows = Notification.objects.filter(pk__in=wanted[start : start + CHUNK])
        owners += rows.order_by().values_list("user_id", "pk")
    ordered = [pk for _, pk in sorted(owners)]
    for start in range(0, len(ordered), TOGETHER):
        yield ordered[start : start + TOGETHER]


def _locked(rows: QuerySet[Notification], target: str) -> list[Notification]:
    """Lock rows in the order of their ids, so that two bulk writers never deadlock.

    Rows that become unread are published with their content, so it is read too.
    """
    rows = rows.order_by("pk").select_for_update(no_key=True)
    return list(rows if target == Status.UNREAD else rows.only(*_BRIEF))


def _move(
    rows: Sequence[Notification], target: str, *, keep_archived: bool = False
) -> list[Notification]:
    """Move locked rows to a status, publish, and return the rows that changed."""
    now = clock.now()
    changed = [row for row in rows if (row.read(now) if keep_archived else row.move(target, now))]
    opened = [row for row in changed if row.status != target]
    moved = [row for row in changed if row.status == target]
    reading = {"read_at": Coalesce(F("read_at"), Value(now)), "updated_at": now}
    reading |= {"seen_at": Coalesce(F("seen_at"), Value(now))}
    _update(opened, reading)
    values: dict[str, Any] = {"status": target, "archived_at": None, "updated_at": now}
    if target == Status.READ:
        values |= reading
    elif target == Status.ARCHIVED:
        values["archived_at"] = now
    else:
        values["read_at"] = None
    _update(moved, values)
    told = [row for row in changed if row.published_at is not None]
    is_back = target == Status.UNREAD
    publish_states((row.user_id, notification_state(row, whole=is_back)) for row in told)
    return changed


def _update(rows: Sequence[Notification], values: Mapping[str, Any | datetime]) -> None:
    ids = [row.pk for row in rows]
    for start in range(0, len(ids), CHUNK):
        Notification.objects.filter(pk__in=ids[start : start + CHUNK]).update(**values)
