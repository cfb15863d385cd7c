"""Decisions on tiers in the admin."""

from __future__ import annotations

from django.contrib.auth.models import User

from hoardrun.payments.tiers.models import TierDecision
from tests.clients import browser_as, said, staff_with

URL = "/admin/payments/tierdecision/"


def test_staff_decide_and_find_what_was_decided(alice: User, dora: User):
    clerk = browser_as(staff_with(dora, "view_tierdecision", "add_tierdecision", "view_user"))
    form = {"user": alice.pk, "tier": "identified", "why": "A passport."}
    clerk.post(f"{URL}add/", form)
    row = TierDecision.objects.get()
    assert (row.user_id, row.decided_by_id, row.tier) == (alice.pk, dora.pk, "identified")
    assert "A passport." in clerk.get(URL, {"q": "alice"}).content.decode()
    assert "A passport." not in clerk.get(URL, {"q": "bob"}).content.decode()


def test_the_own_tier_is_refused(dora: User):
    clerk = browser_as(staff_with(dora, "view_tierdecision", "add_tierdecision", "view_user"))
    form = {"user": dora.pk, "tier": "identified", "why": "It is me."}
    [why] = said(clerk.post(f"{URL}add/", form, follow=True))
    assert "another member of staff" in why
    assert not TierDecision.objects.exists()
