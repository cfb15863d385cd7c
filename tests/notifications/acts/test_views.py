"""Support sends a notification again over HTTP: with its right, a reason, once for a key."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from notifications.models import Delivery, Escalation
from realtime import clock
from tests.clients import api_as, staff_with
from tests.hoardrun.tools import problem
from tests.notifications.delivery.support import NUMBER, address, committed
from tests.notifications.trace.support import debit, sms
from tests.services.admin_log import act_of

pytestmark = pytest.mark.django_db
WANTED = {"channel": "sms", "why": "It never came.", "on_request": True}


@pytest.fixture(autouse=True)
def _with_sms(settings: Any) -> None:
    settings.CHANNELS = {
        "SMS_PROVIDERS": ("africastalking",),
        "SMS_COUNTRIES": ("UG",),
        "AFRICASTALKING_USERNAME": "acme",
        "AFRICASTALKING_API_KEY": "key",
    }


@pytest.fixture
def support(bob: User) -> User:
    return staff_with(bob, "resend_notification")


@pytest.fixture
def failed(alice: User) -> Escalation:
    row = debit(alice, closed_at=clock.now(), reason="exhausted")
    sms(row, state="failed")
    return row


def resend(by: User, row: Escalation, key: str | None = None, **changes: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    path = f"/api/v1/notifications/{row.pk}/resend"
    return api_as(by).post(path, WANTED | changes, headers=headers)


def queued() -> list[Delivery]:
    return list(Delivery.objects.filter(resend__gt=0).order_by("pk"))


def test_it_is_queued_and_the_log_keeps_who_and_why(support: User, failed: Escalation) -> None:
    answer = resend(support, failed)
    [row] = queued()
    assert answer.status_code == 201
    assert answer.json() == {"channel": "sms", "resend": 1, "deliveries": [str(row.pk)]}
    assert row.evidence == {
        "by": f"staff:{support.pk}", "why": "It never came.", "on_request": True,
    }  # fmt: skip
    [entry] = LogEntry.objects.filter(user=support)
    assert entry.object_id == str(failed.pk)
    assert act_of(entry.get_change_message()) == (
        f"Sent again by sms over the API, as the user has asked: #{row.pk}. It never came."
    )


def test_a_repeated_request_sends_nothing(support: User, failed: Escalation) -> None:
    first = resend(support, failed, "k1")
    Delivery.objects.filter(resend=1).update(state="failed")  # else it would be still to come
    again = resend(support, failed, "k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (again["Idempotent-Replayed"], len(queued())) == ("true", 1)
    assert LogEntry.objects.filter(user=support).count() == 1
    assert resend(support, failed, "k2").json()["resend"] == 2


@pytest.mark.parametrize("changes", [{"why": "Another one."}, {"channel": "push"}])
def test_a_key_is_for_one_request(support: User, failed: Escalation, changes: Any) -> None:
    assert resend(support, failed, "k").status_code == 201
    problem(resend(support, failed, "k", **changes), 422, "idempotency_conflict")
    assert len(queued()) == 1


def test_a_key_is_that_of_the_person_and_of_the_notification(
    support: User, failed: Escalation, alice: User, charlie: User
) -> None:
    assert resend(support, failed, "k").status_code == 201
    problem(resend(charlie, failed, "k"), 409, "still_to_come")
    other = committed(alice, "security.pin_changed", closed_at=clock.now(), reason="exhausted")
    assert resend(support, other, "k", on_request=False).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"why": ""}, 400, "invalid_input", "why"),
        ({"why": "x" * 201}, 400, "invalid_input", "why"),
        ({"channel": "fax"}, 400, "invalid_input", "channel"),
        ({"reason": "x"}, 400, "invalid_input", "reason"),
        ({"on_request": False}, 409, "only_on_request", ""),
        ({"channel": "push"}, 409, "channel_is_off", ""),
    ],
)
def test_a_refusal_writes_nothing(
    support: User, failed: Escalation, changes: Any, status: int, code: str, field: str
) -> None:
    problem(resend(support, failed, "k", **changes), status, code, *filter(None, [field]))
    assert not queued()
    assert not LogEntry.objects.filter(user=support).exists()


def test_it_takes_its_right(alice: User, bob: User, failed: Escalation) -> None:
    tracer = staff_with(bob, "trace_notification")
    for user in (alice, tracer):
        problem(resend(user, failed), 403, "permission_denied")
    assert not queued()


def test_what_is_not_there_cannot_be_sent(support: User, alice: User) -> None:
    address(alice, "sms", NUMBER)
    missing = Escalation(pk=4711)
    for key in (None, "k"):
        problem(resend(support, missing, key), 404, "not_found")
