"""Fallbacks over HTTP."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.clients import api_as
from tests.notifications.fallbacks.support import approver, people, published

pytestmark = pytest.mark.django_db


def test_staff_see_approve_and_cancel_it(outside, alice):
    people(2)
    url = f"/api/v1/announcements/{published(sw='Pole').pk}/fallback"
    by, second = api_as(User.objects.get(username="author")), api_as(approver())
    shown = by.get(url).json()
    assert (shown["state"], shown["texts"], shown["requested_by"], shown["approved_by"]) == (
        "waiting_for_approval", {"sw": "Pole"}, "author", None,
    )  # fmt: skip
    assert shown["estimate"] == {
        "people": 2, "segments": {"en": 1, "sw": 1, "fr": 1, "lg": 1}, "cost": None,
        "currency": "",
    }  # fmt: skip
    assert by.post(f"{url}/approve").status_code == 403
    assert second.post(f"{url}/approve", {"surplus": 1}, format="json").status_code == 400
    approved = second.post(f"{url}/approve").json()
    assert (approved["state"], approved["approved_by"]) == ("waiting_for_devices", "approver")
    cancelled = by.post(f"{url}/cancel").json()
    assert (cancelled["state"], cancelled["cancelled_by"]) == ("cancelled", "author")
    assert second.post(f"{url}/approve").status_code == 409
    assert api_as(alice).get(url).status_code == 403


@pytest.mark.parametrize("number", ["12345", "x", "9" * 30])
def test_one_that_is_not_there_is_not_found(number):
    assert api_as(approver()).get(f"/api/v1/announcements/{number}/fallback").status_code == 404
