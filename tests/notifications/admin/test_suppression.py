"""Suppressions in the admin: lifted with a reason, and after a complaint by two people."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from notifications.models import Suppression, SuppressionLift
from realtime import clock
from tests.clients import act, browser_as, staff_with
from tests.services.admin_log import act_of

SUPPRESSIONS = "/admin/notifications/suppression/"
LIFTS = "/admin/notifications/suppressionlift/"
HASH = "ab" * 32


@pytest.fixture
def row(db: None) -> Suppression:
    return Suppression.objects.create(
        channel="email", hash=HASH, reason="complained", source="smtp", created_at=clock.now()
    )


@pytest.fixture
def lifter(bob: Any) -> Client:
    return browser_as(staff_with(bob, "lift_suppression"))


def test_it_is_found_by_its_whole_hash(row, lifter):
    assert "complained" in lifter.get(f"{SUPPRESSIONS}?q={HASH}").content.decode()
    assert "complained" not in lifter.get(f"{SUPPRESSIONS}?q={HASH[:10]}").content.decode()


def test_one_lifts_and_the_reason_is_kept(row, lifter):
    Suppression.objects.update(reason="bounced")
    assert act(lifter, SUPPRESSIONS, "lift", row, why="Mailbox is new.") == ["1: lifted."]
    assert not Suppression.objects.exists()
    assert act_of(LogEntry.objects.get().get_change_message()) == "Lifted: Mailbox is new."


def test_a_lift_without_a_reason_is_refused(row, lifter):
    [told] = act(lifter, SUPPRESSIONS, "lift", row)
    assert "why:" in told and Suppression.objects.exists()


def test_after_a_complaint_it_waits_for_a_second_person(row, lifter, alice):
    waits = act(lifter, SUPPRESSIONS, "lift", row, why="He asks for it.")
    assert waits == ["1: waits for a second person."]
    asked = SuppressionLift.objects.get()
    assert act(lifter, LIFTS, "confirm", asked) == ["No action selected."]
    judge = browser_as(staff_with(alice, "decide_suppressionlift"))
    assert act(judge, LIFTS, "confirm", asked) == ["1: lifted."]
    assert not Suppression.objects.exists()
    [told] = act(judge, LIFTS, "confirm", asked)
    assert "lifted already" in told


def test_nobody_decides_on_an_own_request(row, bob):
    both = browser_as(staff_with(bob, "lift_suppression", "decide_suppressionlift"))
    act(both, SUPPRESSIONS, "lift", row, why="x")
    asked = SuppressionLift.objects.get()
    [told] = act(both, LIFTS, "confirm", asked)
    assert "another member of staff decides" in told and Suppression.objects.exists()
    assert act(both, LIFTS, "reject", asked) == ["1: rejected."]


def test_it_takes_a_right(row, bob):
    browser = browser_as(staff_with(bob, "view_suppression"))
    act(browser, SUPPRESSIONS, "lift", row, why="x")
    assert Suppression.objects.exists()
    assert browser.get(LIFTS).status_code == 403
