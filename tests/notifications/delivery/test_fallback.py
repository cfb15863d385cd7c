"""The way through the users after an emergency announcement, in chunks that commit their place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from notifications.delivery.claim import claim
from notifications.delivery.fallback import advance_due
from notifications.delivery.worker import Worker
from notifications.fallbacks.services import fallback_approve, fallback_cancel
from notifications.models import Address, Announcement, Delivery, Fallback, Preference, Suppression
from notifications.services import announcement_expire
from realtime import clock
from realtime.outgoing import pacing
from tests.notifications.delivery import support
from tests.notifications.fallbacks.support import (
    HOUR,
    approver,
    due,
    has_it,
    numbers,
    people,
    published,
)
from tests.notifications.support import note
from tests.stored import just_over

pytestmark = pytest.mark.django_db


class Killed(Exception):
    """A worker is gone before it could commit."""


def run(chunk: int = 2) -> None:
    while advance_due(chunk):
        pass


def values(found: list[tuple[User, Address]]) -> list[str]:
    return [to.value for _, to in found]


def test_whoever_has_it_on_a_device_gets_no_sms(outside):
    found = people(5)
    fallback = due()
    has_it(found[1][0], fallback)
    has_it(found[3][0], fallback, acked=99)
    run()
    assert numbers() == values([found[0], found[2], found[4]])
    fallback.refresh_from_db()
    # The author and the approver have no number.
    counts = (fallback.checked, fallback.reached, fallback.queued, fallback.unreachable)
    assert (counts, fallback.state) == ((7, 2, 3, 2), "finished")


@pytest.mark.parametrize(
    "cursor", [{"device": "svc-tail"}, {"epoch": "another"}, {"acked": 0}], ids=str
)
def test_what_does_not_say_that_its_person_has_it_does_not_count(outside, cursor):
    [(user, to)] = people(1)
    has_it(user, due(), **cursor)
    run()
    assert numbers() == [to.value]


def test_a_worker_that_is_killed_leaves_nobody_out_and_nobody_twice(outside):
    found = people(7)
    due()
    advance_due(2)
    for _ in range(3):  # each is killed before its commit, and has written nothing
        with pytest.raises(Killed), transaction.atomic():
            assert advance_due(2) == 2
            raise Killed
        advance_due(2)
    run()
    assert numbers() == values(found)
    assert Fallback.objects.get().checked == 9


def test_nothing_happens_within_the_hour_or_without_a_second_person(outside):
    people(1)
    row = published()
    Fallback.objects.update(due_at=clock.now() - HOUR)
    assert advance_due() == 0
    Fallback.objects.update(due_at=clock.now() + HOUR)
    fallback_approve(announcement_id=row.pk, user_id=approver().pk)
    assert advance_due() == 0


def test_the_hour_is_divided_by_the_scale_of_a_demo(settings, outside):
    settings.ESCALATION_TIME_SCALE = 60
    before = clock.now()
    published()
    due_at = Fallback.objects.get().due_at
    assert due_at is not None
    wait = due_at - before
    assert timedelta(seconds=60) <= wait < timedelta(seconds=90)


def test_only_a_number_that_may_be_used_gets_it(outside):
    (_, good), (_, dead), (gone, _), (_, unproven) = people(4)
    Suppression.objects.create(
        channel="sms", hash=dead.hash, reason="opted_out", created_at=clock.now()
    )
    User.objects.filter(pk=gone.pk).update(is_active=False)
    Address.objects.filter(pk=unproven.pk).update(state="pending")
    due()
    run()
    assert numbers() == [good.value]


def test_each_gets_it_in_the_own_language(outside):
    (english, _), (swahili, _), (french, _) = people(3)
    for user, locale in ((swahili, "sw-KE"), (french, "fr")):
        Preference.objects.create(user=user, version=1, locale=locale, updated_at=clock.now())
    due(sw="Pesa zako ziko salama.")
    run()
    Worker(["sms"]).run_once()
    sent = {one["to"]: one["message"] for one in outside.africastalking.ledger}
    assert [sent[number] for number in sorted(sent)] == [
        "URGENT from hoardrun: Transfers are stopped: Your money is safe. We are working on it.",
        "DHARURA kutoka hoardrun: Pesa zako ziko salama.",
        "URGENT de hoardrun : Transfers are stopped: Your money is safe. We are working on it.",
    ]
    rows = Delivery.objects.order_by("user")
    assert [(row.state, row.locale, row.segments) for row in rows] == [
        ("accepted", "en", 1), ("accepted", "sw-KE", 1), ("accepted", "fr", 1),
    ]  # fmt: skip
    assert english.pk == rows[0].user_id


@pytest.mark.reported(number=12)
def test_the_last_look_asks_the_devices_again(outside):
    (user, _), (_, other) = people(2)
    fallback = due()
    run()
    has_it(user, fallback, device="laptop")
    [going] = claim("sms", 10, "worker")
    assert going.to.value == other.value
    row = Delivery.objects.get(user=user)
    assert row.evidence is not None
    assert (row.state, row.reason, row.decided_by, row.evidence["device"]) == (
        "skipped", "reached_before_send", "reached", "laptop",
    )  # fmt: skip


def test_caps_and_quiet_hours_do_not_hold_it_back(outside):
    outside.use(SMS_PER_USER_PER_DAY=1, SMS_PER_NUMBER_PER_DAY=1, SMS_COST_PER_HOUR=1,
                SMS_COST_CURRENCY="UGX")  # fmt: skip
    [(user, to)] = people(1)
    Preference.objects.create(
        user=user, version=1, cells={"all": {"sms": False}}, updated_at=clock.now(),
        quiet=[{"days": 127, "start": "00:00", "end": "23:59"}],
    )  # fmt: skip
    for number in range(2):
        support.delivery(
            note(user), to, state="accepted", attempts=1, accepted_at=clock.now(),
            cost=100, cost_currency="UGX", provider_id=f"id{number}",
        )  # fmt: skip
    due()
    run()
    assert [one.to.value for one in claim("sms", 10, "worker")] == [to.value]


def test_it_counts_for_no_cap_of_others(outside):
    outside.use(SMS_PER_USER_PER_DAY=1, SMS_COST_PER_HOUR=1, SMS_COST_CURRENCY="UGX")
    [(user, to)] = people(1)
    due()
    run()
    Delivery.objects.update(state="accepted", attempts=1, accepted_at=clock.now(), cost=100,
                            cost_currency="UGX")  # fmt: skip
    support.delivery(note(user), to)
    assert len(claim("sms", 10, "worker")) == 1


def test_it_waits_while_staff_have_stopped_sms(outside):
    people(1)
    due()
    run()
    pacing.stop("channel:sms", by="charlie", why="wrong text")
    assert claim("sms", 10, "worker") == []
    row = Delivery.objects.get()
    assert (row.state, row.reason, row.attempts) == ("queued", "blocked", 0)
    assert row.not_before > clock.now() + timedelta(seconds=50)  # many wait: look seldom
    pacing.resume("channel:sms")
    Delivery.objects.update(not_before=just_over())
    assert len(claim("sms", 10, "worker")) == 1


def test_cancelling_stops_what_waits(outside):
    people(5)
    fallback = due()
    advance_due(4)
    fallback_cancel(announcement_id=fallback.pk, user_id=fallback.requested_by_id)
    assert claim("sms", 1, "worker") == []  # before the worker has come to it
    run()
    assert set(Delivery.objects.values_list("state", "reason")) == {("cancelled", "cancelled")}
    fallback.refresh_from_db()
    assert (fallback.state, fallback.checked) == ("cancelled", 4)
    assert fallback.finished_at is not None


def test_the_end_of_the_announcement_is_the_end_of_its_sms(outside):
    people(3)
    fallback = due()
    advance_due(4)
    announcement_expire(announcement_id=fallback.pk)
    assert claim("sms", 10, "worker") == []
    run()
    assert Fallback.objects.get().state == "cancelled"
    assert not Delivery.objects.exclude(state="cancelled").exists()


def test_a_deleted_announcement_sends_nothing(outside):
    people(1)
    fallback = due()
    run()
    Announcement.objects.get(pk=fallback.pk).delete()
    assert claim("sms", 10, "worker") == []
    assert Delivery.objects.get().state == "cancelled"
