"""A snapshot and the events after it are together the next snapshot, for every kind of event.

A history of what services, staff and time do is played at random; a client takes a snapshot
somewhere in it, applies every later event as the protocol says, and must then hold what a
fresh snapshot shows. It leaves out by its own clock what has expired or is over, as every
client does. Everything that a snapshot shows is compared but three things:

- `is_expired`, which tells of the moment of reading;
- an account's `updated_at`: a save that changes nothing else moves it, and says nothing;
- `counts`, which are derived: what a client would be sent is compared.

Beyond the newest NOTIFICATIONS and TRANSACTIONS a snapshot shows nothing, so neither does the
client: which older one moves up when a newer is read, it asks the API.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from hoardrun.api.snapshot import snapshot
from hoardrun.ledger import services as ledger
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.transitions import TRANSITIONS
from notifications import services
from notifications.models import Announcement, Notification
from notifications.selectors import notification_counts
from realtime.streams import user_stream
from tests.faults.history import HOUR, Client, Clock, History

pytestmark = pytest.mark.servers  # once is enough: the stores differ in nothing that this sees

Kind = tuple[Callable[[History], object], Callable[[History], object]]


def created(to: str, *path: str, outbound: bool) -> Kind:
    """A transaction that has gone `path` and now goes to `to`."""

    def before(history: History) -> None:
        history.pay(97)  # money for what goes out
        ledger.transaction_move(to="completed", txn_id=history.newest(Transaction))
        history.pay(3 if outbound else 1)
        for status in path:
            ledger.transaction_move(txn_id=history.newest(Transaction), to=status)

    def after(history: History) -> None:
        ledger.transaction_move(txn_id=history.newest(Transaction), to=to, reason="Because")

    return before, after


def noted(change: Callable[..., object], *earlier: Callable[..., object]) -> Kind:
    """A notification to which `earlier` has happened, and now `change`."""

    def apply(history: History, service: Callable[..., object]) -> None:
        service(notification_id=history.newest(Notification), user_id=history.alice.pk)

    def before(history: History) -> None:
        history.notify(1)
        for service in earlier:
            apply(history, service)

    return before, lambda history: apply(history, change)


def together(status: str, *earlier: Callable[..., object]) -> Kind:
    """Two notifications that change in one event."""
    before, _ = noted(services.notification_mark_seen, *earlier)

    def bulk(history: History) -> None:
        ids = list(Notification.objects.values_list("pk", flat=True))
        services.notifications_bulk_update(user_id=history.alice.pk, ids=ids, status=status)

    return (lambda history: (before(history), before(history))), bulk


def later(minutes: int, after: Callable[[History], object]) -> Callable[[History], object]:
    """Something that happens after a while."""

    def wait(history: History) -> None:
        history.clock.wait(minutes)
        after(history)

    return wait


def edited(number: int) -> Kind:
    """A notification whose content is changed, each number in another way."""
    return (lambda history: history.notify(1)), (lambda history: history.edit(number))


def chosen(number: int) -> Kind:
    """Preferences that are changed, each number in another way."""
    return (lambda history: history.choose(5)), (lambda history: history.choose(number))


_NOTHING: Callable[[Any], object] = id
_PATHS: dict[str, list[list[str]]] = {
    "pending": [[]],
    "processing": [["processing"]],
    "completed": [["completed"], ["processing", "completed"]],
}
KINDS: dict[str, Kind] = {
    "created": (_NOTHING, lambda h: h.notify(1)),
    "read": noted(services.notification_mark_read),
    "seen": noted(services.notification_mark_seen),
    "archived": noted(services.notification_archive),
    "unread again": noted(services.notification_mark_unread, services.notification_mark_read),
    "unread from the archive": noted(
        services.notification_mark_unread, services.notification_archive
    ),
    "unread and seen": noted(
        lambda **given: services.notification_mark_unread(**given),
        services.notification_mark_seen,
        services.notification_mark_read,
    ),
    "cancelled": (
        lambda h: h.notify(1),
        lambda h: services.notification_cancel(notification_id=h.newest(Notification)),
    ),
    "snoozed": (lambda h: h.notify(1), lambda h: h.snooze(0)),
    "woken": (
        lambda h: (h.notify(1), h.snooze(0)),
        later(61, lambda h: services.publish_due()),
    ),
    "brought back": noted(
        services.notification_unsnooze,
        lambda **given: services.notification_snooze(**given, until=timezone.now() + HOUR),
    ),
    "pinned": noted(services.notification_pin),
    "no longer pinned": noted(services.notification_unpin, services.notification_pin),
    "all read": (
        lambda h: h.notify(1),
        lambda h: services.notifications_mark_all_read(user_id=h.alice.pk),
    ),
    "all seen": (
        lambda h: h.notify(1),
        lambda h: services.notifications_mark_all_seen(user_id=h.alice.pk),
    ),
    "many read": together("read"),
    "many archived": together("archived"),
    "many unread": together("unread", services.notification_archive),
    **{f"edited {number}": edited(number) for number in range(4)},
    "deleted": (lambda h: h.notify(1), lambda h: Notification.objects.get().delete()),
    "deleted together": (
        lambda h: (h.notify(1), h.notify(2)),
        lambda h: Notification.objects.all().delete(),
    ),
    "mailed": (_NOTHING, lambda h: h.mail(1)),
    "scheduled": (lambda h: h.schedule(1), later(61, lambda h: services.publish_due())),
    "expired": (lambda h: h.notify(5), later(61, _NOTHING)),
    "opened with money": (_NOTHING, lambda h: h.open_account(1)),
    "opened empty": (_NOTHING, lambda h: h.open_account(0)),
    "renamed": (_NOTHING, lambda h: h.change_account(1)),
    "suspended": (_NOTHING, lambda h: h.change_account(0)),
    "paid in": (_NOTHING, lambda h: h.pay(1)),
    "paid out": (created("completed", "completed", outbound=False)[0], lambda h: h.pay(3)),
    **{f"chosen {number}": chosen(number) for number in range(5)},
    "announced": (_NOTHING, lambda h: h.announce(1)),
    "announced later": (lambda h: h.announce(30), later(31, lambda h: services.publish_due())),
    "draft published": (
        lambda h: h.announce(3),
        lambda h: services.announcement_publish(announcement_id=h.newest(Announcement)),
    ),
    "announcement ended": (
        lambda h: h.announce(1),
        lambda h: services.announcement_expire(announcement_id=h.newest(Announcement)),
    ),
    "announcement edited": (lambda h: h.announce(1), lambda h: h.edit_announcement(1)),
    "announcement deleted": (
        lambda h: h.announce(1),
        lambda h: Announcement.objects.get().delete(),
    ),
    "announcement over": (lambda h: h.announce(1), later(61, _NOTHING)),
} | {
    f"{'outbound' if outbound else 'inbound'} {'-'.join(['pending', *path, to])}": created(
        to, *path, outbound=outbound
    )
    for outbound in (False, True)
    for start, tos in TRANSITIONS.items()
    for path in _PATHS.get(start, [])
    for to in sorted(tos)
}


def caught_up(client: Client, user: User) -> dict[str, Any]:
    """Check that a client that has every event shows what a fresh snapshot does; return that."""
    client.follow()
    fresh = snapshot(user_id=user.pk)
    assert client.shows(fresh["timestamp"]) == Client(fresh).shows(fresh["timestamp"])
    return fresh


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_change_reaches_a_client_with_a_snapshot(kind: str) -> None:
    before, after = KINDS[kind]
    clock = Clock()
    with clock.rules():
        history = History(clock, User.objects.create(username="alice"), User.objects.create())
        before(history)
        clock.wait(1)
        client = Client(snapshot(user_id=history.alice.pk))
        after(history)
        clock.wait(1)
        fresh = snapshot(user_id=history.alice.pk)
        shown = Client(fresh).shows(fresh["timestamp"])
        assert shown != client.shows(client.taken), "nothing has changed: the test is wrong"
        client.follow()
        assert client.shows(fresh["timestamp"]) == shown


@pytest.mark.django_db
def test_a_resent_notification_is_held_once() -> None:
    alice = User.objects.create(username="alice")
    history = History(Clock(), alice, alice)
    history.notify(1)
    client = Client(snapshot(user_id=alice.pk))
    services.notifications_resend(ids=[history.newest(Notification)])
    assert len(caught_up(client, alice)["notifications"]) == 1


@pytest.mark.django_db
def test_a_form_that_renames_brings_no_old_balance_back() -> None:
    alice = User.objects.create(username="alice")
    history = History(Clock(), alice, alice)
    client = Client(snapshot(user_id=alice.pk))
    open_form = Account.objects.get(pk=history.accounts[0].pk)
    history.pay(1)
    ledger.transaction_move(to="completed", txn_id=history.newest(Transaction))
    open_form.name = "Savings"
    open_form.save(update_fields=["name", "updated_at"])  # as the admin does
    caught_up(client, alice)


ACTIONS = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 500)), min_size=10, max_size=40)


class TestSnapshot(TestCase):
    @settings(
        max_examples=30, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )  # fmt: skip
    @given(before=ACTIONS, after=ACTIONS)
    def test_a_snapshot_and_later_events_are_the_next_snapshot(
        self, before: list[tuple[int, int]], after: list[tuple[int, int]]
    ) -> None:
        clock = Clock()
        with clock.rules():
            alice = User.objects.create(username="alice")
            staff = User.objects.create(username="staff", is_superuser=True)
            history = History(clock, alice, staff)
            for action, number in before:
                history.play(action, number)
            client = Client(snapshot(user_id=alice.pk))
            for action, number in after:
                history.play(action, number)
            fresh = caught_up(client, alice)
            assert client.positions == {n: at["offset"] for n, at in fresh["positions"].items()}
            counts = notification_counts([alice.pk])[alice.pk]
            assert fresh["counts"] == {"unread": counts.unread, "unseen": counts.unseen}
            assert user_stream(alice.pk) in fresh["positions"]
