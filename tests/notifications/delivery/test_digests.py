"""What gathers in digests, and what leaves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from notifications.delivery import digests, facts
from notifications.delivery.judge import judge_due
from notifications.delivery.worker import Worker
from notifications.models import Delivery, Digest, DigestItem, Preference
from notifications.policy.facts import Join
from notifications.services import notification_mark_read
from realtime import clock
from realtime.retry import one_transaction
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, committed

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(amina, outside):
    return support.address(amina, "email", "amina@example.org")


def gathered(user, count):
    """Let the ladders of some notifications put them into a digest that is due."""
    rows = [committed(user, "savings.general", ago=6 * MINUTE) for _ in range(count)]
    judge_due()
    Digest.objects.filter(closed_at=None).update(due_at=clock.now() - support.MOMENT)
    return rows


@pytest.mark.reported(number=6)
@pytest.mark.reported(number=8)
def test_all_of_a_category_leave_in_one_message(amina, mailbox, outside):
    rows = gathered(amina, 12)
    assert Digest.objects.count() == 1
    notification_mark_read(notification_id=rows[0].pk)  # 8
    assert digests.close_due() == 1
    assert digests.close_due() == 0
    delivery = Delivery.objects.get(channel="email")
    context: Any = delivery.context
    assert (len(context["items"]), context["total"]) == (10, 11)
    assert set(DigestItem.objects.filter(shown=False).values_list("notification", flat=True)) == {
        rows[0].pk
    }
    Worker(["email"]).run_once()
    [taken] = outside.mail.taken
    assert taken["To"] == mailbox.value
    delivery.refresh_from_db()
    assert delivery.state == "accepted"


@pytest.mark.reported(number=8)
def test_where_all_was_read_nothing_leaves(amina, mailbox, outside):
    for row in gathered(amina, 2):
        notification_mark_read(notification_id=row.pk)
    digests.close_due()
    assert Digest.objects.get().reason == "all_seen"
    assert not Delivery.objects.filter(digest__isnull=False).exists()


@pytest.mark.reported(number=5)
def test_what_was_switched_off_meanwhile_is_left_out(amina, mailbox):
    gathered(amina, 2)
    Preference.objects.create(
        user=amina, version=1, cells={"category:savings": {"email": False}}, updated_at=clock.now()
    )
    digests.close_due()
    assert not Delivery.objects.filter(digest__isnull=False).exists()


def test_the_next_digest_has_other_items(amina, mailbox):
    first = gathered(amina, 1)
    digests.close_due()
    second = gathered(amina, 1)
    assert digests.close_due() == 1
    found = [set(d.items.values_list("notification", flat=True)) for d in Digest.objects.all()]
    assert found == [{first[0].pk}, {second[0].pk}]


@pytest.mark.reported(number=5)
def test_it_waits_for_the_end_of_a_quiet_time(amina, mailbox):
    gathered(amina, 1)
    now = timezone.now()
    start, end = now - support.HOUR, now + support.HOUR
    Preference.objects.create(
        user=amina,
        version=1,
        zone="UTC",
        quiet=[{"days": 127, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}],
        updated_at=clock.now(),
    )
    digests.close_due()
    row = Digest.objects.get()
    assert (row.closed_at, row.due_at) == (None, end.replace(second=0, microsecond=0))


def test_without_an_address_it_says_so(amina, outside):
    mailbox = support.address(amina, "email", "amina@example.org")
    gathered(amina, 1)
    mailbox.delete()
    digests.close_due()
    assert Digest.objects.get().reason == "no_address"


@pytest.mark.parametrize(
    ("now", "weekly", "leaves"),
    [
        ("2026-03-02T04:59:59", False, "2026-03-02T05:00:00"),  # a Monday; 08:00 in Kampala
        ("2026-03-02T05:00:00", False, "2026-03-03T05:00:00"),
        ("2026-03-02T05:00:00", True, "2026-03-09T05:00:00"),
        ("2026-03-05T12:00:00", True, "2026-03-09T05:00:00"),
    ],
)
def test_digests_leave_in_the_morning_of_their_reader(now, weekly, leaves):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = digests.next_leaving(moment, ZoneInfo("Africa/Kampala"), weekly=weekly)
    assert found == datetime.fromisoformat(leaves).replace(tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
@pytest.mark.reported(number=6)
def test_fifty_items_at_once_make_one_digest(outside):
    user = User.objects.create_user("amina")
    support.address(user, "email", "amina@example.org")
    rows = [
        committed(user, "savings.general", due_at=clock.now() + support.HOUR) for _ in range(48)
    ]
    joins = [
        (case, Join(rung=1, channel="email", rule="digest"))
        for case in facts.of_notifications(row.pk for row in rows).values()
    ]
    ready = threading.Barrier(4)

    def work(some) -> None:
        ready.wait()
        for one in some:
            _join([one])
        connection.close()

    workers = [threading.Thread(target=work, args=(joins[n::4],)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    digest = Digest.objects.get()
    assert digest.items.count() == 48


def _join(joins) -> None:
    one_transaction(lambda: digests.join(joins, clock.now()))()
