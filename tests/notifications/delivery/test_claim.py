"""The claim, with its last look before the call."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from notifications.delivery import bill
from notifications.delivery.claim import claim
from notifications.delivery.closing import ladders_close
from notifications.delivery.judge import judge_due
from notifications.delivery.times import lease
from notifications.models import (
    Address,
    Consent,
    Delivery,
    DirectSms,
    Notification,
    Preference,
    Suppression,
)
from notifications.services import notification_mark_read
from realtime import clock
from realtime.outgoing import pacing
from realtime.outgoing.http import CONNECT_SECONDS, READ_SECONDS
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, NUMBER, committed
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(amina, outside):
    """The ladder of a failed payment, whose SMS is queued."""
    support.address(amina, "sms", NUMBER)
    found = committed(amina, "transaction.failed", ago=6 * MINUTE)
    judge_due()
    return found


def sms() -> Delivery:
    return Delivery.objects.get(channel="sms")


def test_a_claim_is_a_lease_with_a_number(row):
    [one] = claim("sms", 10, "worker")
    found = sms()
    assert (found.state, found.lease, found.attempts, found.worker, found.provider) == (
        "sending", 1, 1, "worker", "africastalking",
    )  # fmt: skip
    assert found.lease_until == one.claimed_at + lease()
    assert (one.to.value, one.has_another) == (NUMBER, True)
    assert claim("sms", 10, "other") == []


@pytest.mark.reported(number=12)
def test_what_was_read_meanwhile_is_not_sent(row):
    notification_mark_read(notification_id=row.pk)
    assert claim("sms", 10, "worker") == []
    found = sms()
    evidence: Any = found.evidence
    assert (found.state, found.reason, evidence["how"]) == (
        "skipped", "reached_before_send", "read",
    )  # fmt: skip


@pytest.mark.reported(number=12)
def test_what_a_phone_has_acknowledged_meanwhile_is_not_sent(amina, row):
    support.acked(amina, row)
    assert claim("sms", 10, "worker") == []
    evidence: Any = sms().evidence
    assert evidence["device"] == "her phone"


@pytest.mark.reported(number=13)
def test_a_switch_that_was_turned_off_meanwhile_holds(amina, row):
    Preference.objects.create(
        user=amina, version=1, cells={"all": {"sms": False}}, updated_at=clock.now()
    )
    assert claim("sms", 10, "worker") == []
    assert (sms().state, sms().reason, sms().preference_version) == ("skipped", "switched_off", 1)


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        ({"cancelled_at": timezone.now()}, "cancelled", "cancelled"),
        ({"expires_at": timezone.now() - MINUTE}, "expired", "expired"),
    ],
)
def test_what_is_over_is_not_sent(row, change, state, reason):
    Notification.objects.filter(pk=row.pk).update(**change)
    assert claim("sms", 10, "worker") == []
    assert (sms().state, sms().reason) == (state, reason)


def test_what_a_newer_notification_has_made_void_is_not_sent(row):
    ladders_close([row.pk], "superseded")
    Delivery.objects.filter(channel="sms").update(state="queued")  # by a judge at that moment
    type(row).objects.update(reason="superseded")
    assert claim("sms", 10, "worker") == []
    assert (sms().state, sms().reason) == ("cancelled", "superseded")


def test_a_suppression_beats_what_is_required(amina, outside):
    phone = support.address(amina, "sms", NUMBER)
    committed(amina, "security.pin_changed")
    judge_due()
    Suppression.objects.create(
        channel="sms", hash=phone.hash, reason="opted_out", created_at=clock.now()
    )
    assert claim("sms", 10, "worker") == []
    assert (sms().state, sms().reason) == ("skipped", "suppressed(opted_out)")


def test_an_address_that_was_lost_meanwhile_gets_nothing(row):
    Address.objects.update(state="removed", removed_at=clock.now() - support.HOUR * 2)
    assert claim("sms", 10, "worker") == []
    assert sms().reason == "no_address"


@pytest.mark.reported(number=5)
def test_quiet_hours_chosen_meanwhile_hold_it_back(amina, outside):
    support.address(amina, "sms", NUMBER)
    row = committed(amina, "transaction.debit", ago=4 * MINUTE)
    judge_due()
    now = timezone.now()
    start, end = now - support.HOUR, now + support.HOUR
    Preference.objects.create(
        user=amina,
        version=1,
        zone="UTC",
        quiet=[{"days": 127, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}],
        updated_at=clock.now(),
    )
    assert claim("sms", 10, "worker") == []
    found = Delivery.objects.get(notification=row.pk, channel="sms")
    assert (found.state, found.reason) == ("queued", "quiet")
    assert found.not_before == end.replace(second=0, microsecond=0)


def test_what_belongs_to_no_ladder_waits_while_staff_have_stopped_its_channel(row):
    Delivery.objects.update(notification=None, decided_by="digest")
    pacing.stop("channel:sms", by="staff", why="costs")
    assert claim("sms", 10, "worker") == []
    assert (sms().state, sms().reason) == ("queued", "blocked")
    pacing.resume("channel:sms")
    Delivery.objects.update(not_before=clock.now() - MINUTE)
    assert len(claim("sms", 10, "worker")) == 1


def test_a_provider_that_staff_have_stopped_is_passed_over(row):
    pacing.stop("africastalking", by="staff", why="reports are late")
    assert [one.provider.name for one in claim("sms", 10, "worker")] == ["twilio"]


def test_a_push_service_that_rests_holds_back_its_own_browsers_only(amina, outside):
    rests, works = (
        support.address(amina, "push", f"https://{host}.example/1", service="web")
        for host in ("rests", "works")
    )
    held, goes = (support.delivery(note(amina), to) for to in (rests, works))
    pacing.stop("push:rests.example", by="staff", why="it answers 403")
    assert [one.row.pk for one in claim("push", 10, "worker")] == [goes.pk]
    held.refresh_from_db()
    assert (held.state, held.reason, held.attempts) == ("queued", "blocked", 0)


def test_where_no_provider_lets_calls_through_it_waits(row):
    for name in ("africastalking", "twilio"):
        pacing.stop(name, by="staff", why="both")
    assert claim("sms", 10, "worker") == []
    assert (sms().state, sms().reason, sms().attempts) == ("queued", "blocked", 0)
    assert sms().not_before > clock.now()


def test_more_urgent_ones_go_first(amina, outside):
    phone = support.address(amina, "sms", NUMBER)
    low, high = (support.delivery(note(amina), phone, priority=p) for p in (0, 3))
    assert [one.row.pk for one in claim("sms", 1, "worker")] == [high.pk]
    assert [one.row.pk for one in claim("sms", 1, "worker")] == [low.pk]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"SMS_PER_NUMBER_PER_DAY": 2}, "capped(number)"),
        ({"SMS_PER_USER_PER_DAY": 2}, "capped(user)"),
        ({"SMS_PER_COUNTRY_PER_DAY": 2}, "capped(country)"),
        ({"SMS_COUNTRIES": ("KE",)}, "country"),
    ],
)
def test_sms_have_limits_that_no_kind_ignores(amina, outside, limit, reason):
    outside.use(**limit)
    phone = support.address(amina, "sms", NUMBER)
    rows = [support.delivery(note(amina), phone, required=True) for _ in range(3)]
    went = {one.row.pk for one in claim("sms", 10, "worker")}
    assert len(went) == (0 if reason == "country" else 2)
    for row in rows:
        row.refresh_from_db()
    assert {row.reason for row in rows if row.pk not in went} == {reason}


def test_what_an_hour_may_cost_stops_sms(amina, outside):
    outside.use(SMS_COST_PER_HOUR=10, SMS_COST_CURRENCY="KES")
    phone = support.address(amina, "sms", NUMBER)
    spent = {"state": "accepted", "cost": 10, "cost_currency": "KES", "attempts": 1}
    support.delivery(note(amina), phone, accepted_at=clock.now(), **spent)
    waiting = support.delivery(note(amina), phone)
    assert claim("sms", 10, "worker") == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("queued", "spent")
    Delivery.objects.exclude(pk=waiting.pk).update(accepted_at=clock.now() - 61 * MINUTE)
    Delivery.objects.filter(pk=waiting.pk).update(not_before=clock.now() - support.MOMENT)
    assert len(claim("sms", 10, "worker")) == 1


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"SMS_PER_COUNTRY_PER_DAY": 1}, "capped(country)"),
        ({"SMS_COST_PER_HOUR": 1, "SMS_COST_CURRENCY": "KES"}, "spent"),
    ],
)
def test_codes_and_answers_use_up_the_same_limits(amina, outside, limit, reason):
    outside.use(**limit)
    now = clock.now()
    DirectSms.objects.create(country="UG", cost=1, cost_currency="KES", created_at=now)
    row = support.delivery(note(amina), support.address(amina, "sms", NUMBER))
    assert claim("sms", 10, "worker") == []
    row.refresh_from_db()
    assert row.reason == reason
    assert bill.direct_forget(now) == 0
    assert bill.direct_forget(now + bill.KEPT + MINUTE) == 1


@pytest.mark.operated(number=14)
def test_optional_messages_are_capped_per_category_and_day(amina, outside):
    support.address(amina, "email", "amina@example.org")
    Consent.objects.create(
        user=amina, channel="email", category="marketing", granted=True, wording="Yes.",
        actor="user", source="api", created_at=clock.now(),
    )  # fmt: skip
    rows = [committed(amina, "marketing.general") for _ in range(2)]
    judge_due()
    assert len(claim("email", 10, "worker")) == 1
    reasons = [support.deliveries(row)[-1][1:] for row in rows]
    assert sorted(reasons) == [("sending", ""), ("skipped", "capped")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.reported(number=20)
def test_many_workers_claim_each_delivery_once(outside):
    user = User.objects.create_user("amina")
    phone = support.address(user, "sms", NUMBER)
    outside.use(SMS_PER_NUMBER_PER_DAY=100, SMS_PER_USER_PER_DAY=100)
    rows = [support.delivery(note(user), phone) for _ in range(30)]
    claimed: list[int] = []

    def work(name: str) -> None:
        while some := claim("sms", 4, name):
            claimed.extend(one.row.pk for one in some)
        connection.close()

    workers = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while some := claim("sms", 4, "last"):  # what others had locked at that moment
        claimed.extend(one.row.pk for one in some)
    assert sorted(claimed) == sorted(row.pk for row in rows)
    assert set(Delivery.objects.values_list("lease", "attempts")) == {(1, 1)}


def test_a_lease_lasts_longer_than_a_call(row):
    [one] = claim("sms", 1, "worker")
    longest = timedelta(seconds=one.deadline - one.monotonic + CONNECT_SECONDS + READ_SECONDS)
    assert longest < lease()
