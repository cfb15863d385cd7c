"""All queries for notifications and announcements.

Only `notifications_visible` decides what a user may see: their own notifications that are
published. The database's clock, which all nodes share, decides which rows are due or expired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Expression, Q, QuerySet, Value
from django.db.models.functions import Now

from notifications.choices import NotificationType, Priority, Status
from notifications.kinds import Kind, lookup
from notifications.messages import NotificationCounts
from notifications.models import Announcement, Notification, Preference
from notifications.payloads import LISTED
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import NotFound
from realtime.sql.prepared import Prepared

RECENT = 5  # notifications that a summary shows
COUNTED_AT_ONCE = 1024  # users whose unread notifications one query counts
LAPSED_PAGE = 5000  # rows read at once of what has expired
LOOK_BACK = timedelta(minutes=1)


_reader = Prepared(
    lambda user_id: Preference.objects.filter(user_id=user_id).values_list("locale", "zone")
)


def database_now() -> Expression:
    """Return the database's clock, for use in a query."""
    return Now()


def notifications_visible(user_id: int) -> QuerySet[Notification]:
    """Select the notifications that a user may see."""
    return Notification.objects.filter(user_id=user_id, published_at__isnull=False)


def notification_get(
    *, notification_id: int | str, user_id: int | None = None, lock: bool = False
) -> Notification:
    """Return a notification that the user may see; without a `user_id`, for staff, any.

    Raises NotFound.
    """
    rows = Notification.objects.all() if user_id is None else notifications_visible(user_id)
    if lock:
        rows = rows.select_for_update(no_key=True)
    found = rows.filter(pk=row_id(notification_id)).first()
    if found is None:
        raise NotFound(f"There is no notification {notification_id!s:.64}.")
    return found


def notifications_list(
    *,
    user_id: int,
    status: str | None = None,
    type: str | None = None,
    priority: str | None = None,
    kind: str | None = None,
    category: str | None = None,
    pinned: bool | None = None,
    snoozed: bool | None = None,
    unread_only: bool = False,
) -> QuerySet[Notification]:
    """Return a user's notifications, the newest first.

    `unread_only` gives those that the bell counts: unread, not expired and not snoozed.
    """
    rows = notifications_visible(user_id)
    given = {
        **{"status": status, "type": type, "priority": priority},
        "pinned_at__isnull": None if pinned is None else not pinned,
        "snoozed_until__isnull": None if snoozed is None else not snoozed,
    }
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    if kind is not None or category is not None:
        rows = rows.filter(_of_kinds(lookup.named(kind=kind, category=category)))
    if unread_only:
        rows = rows.filter(unexpired(), _awake(), status=Status.UNREAD)
    return rows.order_by("-id")


def _of_kinds(kinds: Sequence[Kind]) -> Q:
    """Match notifications of these kinds. Those that name none are of the general kinds."""
    own = Q(kind__in=[kind.name for kind in kinds])
    general = [kind.type for kind in kinds if kind.name == lookup.general(kind.type)]
    return own | Q(kind="", type__in=general) if general else own


# Rows of `notifications_list`, for lists that are asked for all the time.
notifications_newest = Prepared(
    lambda user_id, **asked: notifications_list(user_id=user_id, **asked).values_list(*LISTED)
)


def _unread(user_ids: Sequence[int]) -> QuerySet[Notification]:
    """Select what the bells of users count, by columns of `notification_counted` alone."""
    rows = Notification.objects.filter(unexpired(), _awake(), user_id__in=user_ids)
    return rows.filter(status=Status.UNREAD, published_at__isnull=False).order_by()


_UNSEEN = Count("user", filter=Q(seen_at__isnull=True))
_counts_of_many = Prepared(
    lambda *user_ids: (
        _unread(user_ids)
        .values("user_id")
        .annotate(unread=Count("*"), unseen=_UNSEEN)
        .values_list("user_id", "unread", "unseen")
    )
)
# Without groups: to compare each row with the one before is a quarter of the work.
_counts_of_one = Prepared(
    lambda user_id: (
        _unread([user_id])
        .values(every=Value(1))
        .annotate(unread=Count("*"), unseen=_UNSEEN)
        .values_list("unread", "unseen")
    )
)


def notification_counts(user_ids: Sequence[int]) -> Mapping[int, NotificationCounts]:
    """Count for the bell of each of these users, COUNTED_AT_ONCE of them in one query.

    Counts what is published, unread, not expired and not snoozed; reading implies having seen.
    """
    if len(user_ids) == 1:
        [found] = _counts_of_one.rows(user_ids[0])
        return {user_ids[0]: NotificationCounts(unread=found.unread, unseen=found.unseen)}
    counts = {user_id: NotificationCounts(unread=0, unseen=0) for user_id in user_ids}
    for start in range(0, len(user_ids), COUNTED_AT_ONCE):
        some = user_ids[start : start + COUNTED_AT_ONCE]
        # The last one is named again up to a power of two: so there are few statements.
        surplus = (1 << (len(some) - 1).bit_length()) - len(some)
        for user_id, unread, unseen in _counts_of_many.rows(*some, *[some[-1]] * surplus):
            counts[user_id] = NotificationCounts(unread=unread, unseen=unseen)
    return counts


def notification_summary(*, user_id: int) -> dict[str, Any]:
    """Count a user's notifications by status, type, priority and category, with the newest.

    Those that have expired or that are snoozed are left out.
    """
    groups = _groups.rows(user_id)
    by_category, unread_by_category = Counter[str](), Counter[str]()
    category_by_kind: dict[str, str] = {}
    for group in groups:
        category = lookup.category_of(group.kind, group.type)
        by_category[category] += group.count
        category_by_kind[group.kind or lookup.general(group.type)] = category
        if group.status == Status.UNREAD:
            unread_by_category[category] += group.count

    def count(name: str, value: str) -> int:
        return sum(group.count for group in groups if getattr(group, name) == value)

    return {
        "total_notifications": sum(group.count for group in groups),
        **{f"{name}_count": count("status", name) for name in Status.values},
        "unseen_count": sum(g.unseen for g in groups if g.status == Status.UNREAD),
        "by_type": {name: count("type", name) for name in NotificationType.values},
        "by_priority": {name: count("priority", name) for name in Priority.values},
        "by_category": dict(sorted(by_category.items())),
        "unread_by_category": dict(sorted(unread_by_category.items())),
        "category_by_kind": dict(sorted(category_by_kind.items())),
        "recent_notifications": _recent.rows(user_id, limit=RECENT),
    }


_groups = Prepared(
    lambda user_id: (
        notifications_visible(user_id)
        .filter(unexpired(), _awake())
        .order_by()
        .values("status", "type", "priority", "kind")
        .annotate(count=Count("id"), unseen=Count("id", filter=Q(seen_at__isnull=True)))
        .values_list("status", "type", "priority", "kind", "count", "unseen")
    )
)
_recent = Prepared(
    lambda user_id: (
        notifications_visible(user_id)
        .filter(unexpired(), _awake())
        .exclude(status=Status.ARCHIVED)
        .order_by("-id")
        .values_list(*LISTED)
    )
)


def notifications_due() -> QuerySet[Notification]:
    """Select the notifications to publish now. One that was archived is called off."""
    return Notification.objects.filter(
        unexpired(),
        Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=database_now()),
        published_at__isnull=True,
        status=Status.UNREAD,
    ).order_by("id")


def notifications_to_wake() -> QuerySet[Notification]:
    """Select the notifications whose snooze is over."""
    return Notification.objects.filter(snoozed_until__lte=database_now()).order_by("id")


def announcements_active() -> QuerySet[Announcement]:
    """Select the announcements that are live, the newest first."""
    return Announcement.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=database_now()),
        published_at__isnull=False,  # `starts_at` may be ahead of this database's clock
    ).order_by("-published_at", "-id")


def announcements_due() -> QuerySet[Announcement]:
    """Select the scheduled announcements that have started and not ended."""
    return Announcement.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=database_now()),
        starts_at__lte=database_now(),
        published_at__isnull=True,
    ).order_by("id")


def unexpired() -> Q:
    """Match notifications that have not expired."""
    return Q(expires_at__isnull=True) | Q(expires_at__gt=database_now())


def _awake() -> Q:
    """Match notifications that are not snoozed; a job wakes those whose time has come."""
    return Q(snoozed_until__isnull=True)


def notifications_lapsed(
    after: tuple[datetime, int] | None,
) -> tuple[set[int], tuple[datetime, int]]:
    """Return the users whose notifications expired after a place, and the place to go on from.

    Reads one page of unread notifications that have expired since the place `after`, at first
    since LOOK_BACK ago; no users at the end. The first call fixes the place even if it finds
    nothing. It may miss a row that is committed after its own expiry: publishing that row
    computes the counts anyway.
    """
    place = (clock.now() - LOOK_BACK, 0) if after is None else after
    page = list(notifications_lapsing(place)[:LAPSED_PAGE])
    places = [(row["expires_at"], row["user_id"]) for row in page]
    return {user_id for _, user_id in places}, places[-1] if places else place


def notifications_lapsing(after: tuple[datetime, int]) -> QuerySet[Notification, Any]:
    """Select unread notifications that expired after a place, in the order of their index."""
    moment, user_id = after
    return (
        Notification.objects.filter(
            Q(expires_at__gt=moment) | Q(user_id__gt=user_id),
            expires_at__gte=moment,
            expires_at__lte=database_now(),
            status=Status.UNREAD,
            published_at__isnull=False,
        )
        .order_by("expires_at", "user_id")
        .values("expires_at", "user_id")
    )


def locale_and_zone(user_id: int) -> tuple[str, str]:
    """Return the language and the time zone that a user has chosen; '' for what is not chosen."""
    rows = _reader.rows(user_id)
    return (rows[0].locale, rows[0].zone) if rows else ("", "")


def locales_and_zones(user_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return the language and the time zone of users, by their ids, as far as they chose any."""
    found = Preference.objects.filter(user_id__in=user_ids)
    rows = found.values_list("user_id", "locale", "zone")
    return {user_id: (locale, zone) for user_id, locale, zone in rows}
