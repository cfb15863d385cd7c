"""The bell's numbers, and what is active."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import selectors, services
from notifications.messages import NotificationCounts
from notifications.models import Notification
from realtime import computed, jobs
from tests.notifications.support import HOUR, draft, expired, note


def test_it_counts_for_all_users_in_one_query(alice, bob, charlie, django_assert_num_queries):
    read, seen, archived, *_ = [note(alice) for _ in range(5)]
    services.notification_mark_read(notification_id=read.pk)
    services.notification_mark_seen(notification_id=seen.pk)
    services.notification_archive(notification_id=archived.pk)
    note(bob)
    with django_assert_num_queries(1):
        counts = selectors.notification_counts([alice.pk, bob.pk, charlie.pk])
    assert counts == {
        alice.pk: NotificationCounts(unread=3, unseen=2),
        bob.pk: NotificationCounts(unread=1, unseen=1),
        charlie.pk: NotificationCounts(unread=0, unseen=0),
    }


@pytest.mark.reported(number=9)
@pytest.mark.parametrize("seed", range(3))
def test_it_counts_right_after_any_history(alice, bob, seed: int):
    chance = random.Random(seed)
    rows = [note(chance.choice([alice, bob])) for _ in range(8)]
    for _ in range(25):
        row = chance.choice(rows)
        match chance.choice(["read", "unread", "archived", "seen", "all seen", "snooze", "new"]):
            case "seen":
                services.notification_mark_seen(notification_id=row.pk)
            case "all seen":
                services.notifications_mark_all_seen(user_id=row.user_id)
            case "snooze" if Notification.objects.get(pk=row.pk).status == "unread":
                until = timezone.now() + HOUR
                services.notification_snooze(
                    notification_id=row.pk, user_id=row.user_id, until=until
                )
            case "new":
                rows.append(note(alice))
            case "read" | "unread" | "archived" as status:
                services.notification_set_status(notification_id=row.pk, status=status)
        found = selectors.notification_counts([alice.pk, bob.pk])
        assert selectors.notification_counts([alice.pk]) == {alice.pk: found[alice.pk]}
        for user in (alice, bob):
            unread = [
                each
                for each in Notification.objects.filter(user=user)
                if each.status == "unread" and each.snoozed_until is None
            ]
            unseen = sum(each.seen_at is None for each in unread)
            assert found[user.pk] == NotificationCounts(unread=len(unread), unseen=unseen)


def many(counts: dict[User, int]) -> None:
    """Give each user this number of notifications, of which one in twenty is unread."""
    at = timezone.now()
    text = {"type": "security", "title": "Hello", "message": "World" * 50}
    unread = {"status": "unread", "published_at": at}
    read = unread | {"status": "read", "seen_at": at, "read_at": at}
    Notification.objects.bulk_create(
        Notification(user=user, **text, **(read if number % 20 else unread))
        for user, count in counts.items()
        for number in range(count)
    )
    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:  # without statistics each index seems as good
        vacuum = "" if connection.in_atomic_block else "VACUUM "
        cursor.execute(f"{vacuum}ANALYZE notifications_notification")


def plan(queries: CaptureQueriesContext) -> str:
    """Return how the database answers the one query that was captured."""
    [query] = queries.captured_queries
    is_sqlite = connection.vendor == "sqlite"
    with transaction.atomic(), connection.cursor() as cursor:
        if not is_sqlite:  # a small table is read whole, unless that is forbidden
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{query['sql']}")
        return "\n".join(str(line[-1]) for line in cursor.fetchall())


@pytest.mark.reported(number=9)
@pytest.mark.django_db(transaction=True)  # for PostgreSQL's VACUUM: rows that all see need no look
@pytest.mark.parametrize("names", [["alice"], ["alice", "bob"]])
def test_many_unread_are_counted_by_an_index_alone(alice, bob, names):
    many({alice: 1000, bob: 1000})
    users = [user.pk for user in (alice, bob) if user.username in names]
    with CaptureQueriesContext(connection) as queries:
        found = selectors.notification_counts(users)
    assert found == dict.fromkeys(users, NotificationCounts(unread=50, unseen=50))
    # SQLite takes an index with a condition only where the statement names its value.
    is_sqlite = connection.vendor == "sqlite"
    way = "SEARCH " if is_sqlite else "Index Only Scan using notification_counted"
    assert way in plan(queries)
    assert ("GROUP BY" in queries.captured_queries[0]["sql"]) == (len(users) > 1)


@pytest.mark.reported(number=9)
@pytest.mark.parametrize("unread_only", [True, False])
def test_a_page_of_many_unread_is_read_in_the_order_of_an_index(alice, bob, charlie, unread_only):
    many({alice: 100, bob: 1500, charlie: 1500})
    with CaptureQueriesContext(connection) as queries:
        selectors.notifications_newest.rows(alice.pk, limit=50, unread_only=unread_only)
    found = plan(queries)
    assert ("notification_inbox" if unread_only else "notification_newest") in found
    assert "Sort" not in found and "B-TREE" not in found


def test_it_counts_for_any_number_of_users(alice, bob, django_assert_num_queries):
    note(alice)
    note(bob)
    others = range(10**6, 10**6 + 1500)
    with django_assert_num_queries(2):
        counts = selectors.notification_counts([alice.pk, *others, bob.pk])
    assert len(counts) == 1502
    assert {user_id for user_id, found in counts.items() if found.unread} == {alice.pk, bob.pk}
    assert selectors.notification_counts([]) == {}


def test_it_counts_neither_scheduled_nor_expired_ones(alice):
    note(alice, scheduled_at=timezone.now() + HOUR)
    expired(alice)
    assert selectors.notification_counts([alice.pk])[alice.pk].unread == 0
    assert selectors.notification_summary(user_id=alice.pk)["unread_count"] == 0


def test_it_finds_users_with_lapsed_notifications_page_by_page(
    alice, bob, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(selectors, "LAPSED_PAGE", 2)
    now = timezone.now()
    for user, seconds in ((alice, 1), (bob, 1), (bob, 1), (alice, 1), (alice, 2), (alice, -900)):
        created = note(user, expires_at=now + HOUR)
        moment = now - timedelta(seconds=seconds)
        Notification.objects.filter(pk=created.pk).update(expires_at=moment)
    place: tuple[datetime, int] | None = None
    pages: list[set[int]] = []
    while not pages or pages[-1]:
        with django_assert_num_queries(1 if place else 2):  # at first, the database's time
            users, place = selectors.notifications_lapsed(place)
        pages.append(users)
    assert pages == [{alice.pk}, {bob.pk}, set()]
    assert selectors.notifications_lapsed(place) == (set(), place)


@pytest.mark.parametrize("case", ["read", "archived", "unpublished", "long ago"])
def test_it_finds_no_user_with_unchanged_counts(alice, case: str):
    created = note(alice, expires_at=timezone.now() + HOUR)
    if case in {"read", "archived"}:
        services.notification_set_status(notification_id=created.pk, status=case)
    elif case == "unpublished":
        Notification.objects.update(published_at=None)
    ago = 2 * HOUR if case == "long ago" else timedelta(seconds=1)
    Notification.objects.update(expires_at=timezone.now() - ago)
    users, place = selectors.notifications_lapsed(None)
    assert users == set()
    assert selectors.notifications_lapsed(place) == (set(), place)


def test_an_outage_before_the_first_expiry_hides_none(alice):
    note(alice, expires_at=timezone.now() + HOUR)
    nobody, place = selectors.notifications_lapsed(None)
    assert nobody == set()
    # An outage of an hour: that look was an hour ago, and the expiry half an hour.
    then = (place[0] - HOUR, place[1])
    Notification.objects.update(expires_at=timezone.now() - HOUR / 2)
    assert selectors.notifications_lapsed(then)[0] == {alice.pk}


def test_it_looks_for_what_has_expired_by_an_index_of_nothing_else(alice):
    [index] = [i for i in Notification._meta.indexes if i.name == "notification_lapsing"]
    place = (timezone.now(), alice.pk)
    rows = selectors.notifications_lapsing(place)
    if connection.vendor == "sqlite":
        assert index.name in rows.explain()
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, rows.model._meta.db_table)
    assert index.name in constraints


def test_it_counts_an_unread_again_one_as_seen(alice):
    created = note(alice)
    services.notification_mark_read(notification_id=created.pk)
    services.notification_mark_unread(notification_id=created.pk)
    counts = selectors.notification_counts([alice.pk])[alice.pk]
    assert counts == NotificationCounts(unread=1, unseen=0)


def test_it_lists_only_announcements_that_show_now(charlie):
    now = timezone.now()
    draft(charlie, title="Draft")
    draft(charlie, title="Over", published_at=now, ends_at=now - HOUR)
    draft(charlie, title="Live", published_at=now, ends_at=now + HOUR)
    assert [a.title for a in selectors.announcements_active()] == ["Live"]


def test_a_published_announcement_shows_on_a_node_with_a_clock_behind(charlie):
    """Its event is before the position of any snapshot, so nothing would tell of it again."""
    ahead = timezone.now() + timedelta(seconds=3)
    draft(charlie, title="Live", starts_at=ahead, published_at=ahead)
    assert [a.title for a in selectors.announcements_active()] == ["Live"]


@pytest.mark.parametrize("event", ["notification", "notification_updated"])
def test_it_sends_the_counts_after_each_change(event: str):
    assert computed.after(event)


def test_it_has_the_nodes_publish_what_is_due(alice: User):
    assert "publish_due" in [job.name for job in jobs.jobs()]
