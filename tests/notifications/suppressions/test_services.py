"""Suppressions are lifted with a reason, and after a complaint by two people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from notifications.models import Suppression, SuppressionLift
from notifications.suppressions import errors
from notifications.suppressions.services import lift_confirm, lift_reject, suppression_lift
from realtime import clock
from realtime.errors import InvalidInput, Refused, SecondPerson


def suppressed(reason: str, **more: Any) -> Suppression:
    values = {"channel": "email", "hash": "h", "source": "smtp", "created_at": clock.now(), **more}
    return Suppression.objects.create(reason=reason, **values)


def lift(row: Suppression, by: User, why: str = "The owner has called.") -> SuppressionLift:
    return suppression_lift(suppression_id=row.pk, by=by.pk, why=why)


@pytest.mark.parametrize("reason", ["bounced", "bouncing", "opted_out"])
def test_one_person_lifts_what_is_no_complaint(bob, reason):
    done = lift(suppressed(reason), bob)
    assert not Suppression.objects.exists()
    assert (done.state, done.asked_by, done.decided_by) == ("lifted", bob, bob)
    assert (done.reason, done.source, done.why) == (reason, "smtp", "The owner has called.")


def test_after_a_complaint_a_second_person_lifts(alice, bob):
    asked = lift(suppressed("complained"), bob)
    assert (asked.state, asked.decided_by) == ("waiting", None)
    with pytest.raises(SecondPerson):
        lift_confirm(lift_id=asked.pk, by=bob.pk)
    assert Suppression.objects.exists()
    done = lift_confirm(lift_id=asked.pk, by=alice.pk)
    assert (done.state, done.asked_by, done.decided_by) == ("lifted", bob, alice)
    assert not Suppression.objects.exists()
    with pytest.raises(errors.LiftDecided, match="lifted"):
        lift_reject(lift_id=asked.pk, by=alice.pk)


def test_the_database_holds_that_two_people_decide(bob):
    asked = lift(suppressed("complained"), bob)
    rows = SuppressionLift.objects.filter(pk=asked.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="lifted", decided_by=bob, decided_at=clock.now())


def test_a_request_is_rejected_or_taken_back(alice, bob):
    row = suppressed("complained")
    for by in (alice, bob):
        asked = lift(row, bob)
        assert lift_reject(lift_id=asked.pk, by=by.pk).state == "rejected"
    assert Suppression.objects.get() == row


def test_a_complaint_that_came_since_is_another(alice, bob):
    row = suppressed("complained")
    asked = lift(row, bob)
    Suppression.objects.update(created_at=clock.now() + timedelta(seconds=1))
    with pytest.raises(errors.SuppressedAgain):
        lift_confirm(lift_id=asked.pk, by=alice.pk)
    assert Suppression.objects.get() == row
    newer = lift(row, bob)
    asked.refresh_from_db()
    assert (asked.state, newer.state) == ("rejected", "waiting")


@pytest.mark.parametrize("why", ["", "x" * 201])
def test_a_lift_without_a_reason_is_refused(bob, why):
    row = suppressed("bounced")
    with pytest.raises(InvalidInput):
        lift(row, bob, why)
    assert Suppression.objects.exists() and not SuppressionLift.objects.exists()


def test_what_waits_or_is_not_there_is_refused(bob):
    row = suppressed("complained")
    lift(row, bob)
    refusals: list[tuple[type[Refused], Any, dict[str, Any]]] = [
        (errors.LiftWaits, suppression_lift, {"suppression_id": row.pk, "why": "x"}),
        (errors.SuppressionNotFound, suppression_lift, {"suppression_id": 0, "why": "x"}),
        (errors.LiftNotFound, lift_confirm, {"lift_id": "x"}),
    ]
    for refusal, service, given in refusals:
        with pytest.raises(refusal):
            service(by=bob.pk, **given)
