"""Support sends a notification again by one channel: when that may be, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.acts import errors
from notifications.acts.resending import notification_resend
from notifications.delivery.claim import claim
from notifications.models import Address, Delivery, Escalation, Suppression
from notifications.trace.loading import load
from notifications.trace.timeline import timeline
from realtime import clock
from realtime.errors import InvalidInput, NotFound, Refused
from realtime.outgoing import pacing
from tests.notifications.delivery.support import NUMBER, address, committed
from tests.notifications.trace.support import debit, sms

pytestmark = pytest.mark.django_db
STAFF = 7


@pytest.fixture(autouse=True)
def _with_sms(settings: Any) -> None:
    settings.CHANNELS = {
        "PUBLIC_BASE_URL": "https://api.acme.example",
        "SMS_PROVIDERS": ("twilio",),
        "SMS_COUNTRIES": ("UG",),
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+15005550006",
        "TWILIO_URL": "http://127.0.0.1:9",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_FROM": "Acme <alerts@acme.example>",
    }


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")


def again(row: Escalation, channel: Any = "sms", **more: Any) -> list[Delivery]:
    values = {"why": "It never came.", "on_request": True, **more}
    return notification_resend(notification_id=row.pk, channel=channel, by=STAFF, **values)


def failed(user: User, **more: Any) -> tuple[Escalation, Delivery]:
    row = debit(user, closed_at=clock.now(), reason="exhausted")
    return row, sms(row, state="failed", reason="21211", **more)


def test_it_is_a_delivery_of_its_own_that_says_who_and_why(amina):
    row, first = failed(amina)
    [new] = again(row)
    assert (new.resend, new.rung, new.state, new.decided_by) == (1, 1, "queued", "resend")
    assert (new.address, new.address_hash) == (first.address, first.address_hash)
    assert new.evidence == {"by": f"staff:{STAFF}", "why": "It never came.", "on_request": True}
    assert new.expires_at > clock.now() and new.context == row.notification.context
    text = str(timeline(load(row.pk)))
    assert f"Sent once more by staff:{STAFF}: It never came." in text


@pytest.mark.parametrize(
    ("state", "possible"),
    [("accepted", True), ("delivered", True), ("unresolved", True), ("failed", False),
     ("bounced", False), ("skipped", False), ("expired", False), ("cancelled", False)],
)  # fmt: skip
def test_it_is_marked_as_a_double_where_the_first_one_may_have_come(amina, state, possible):
    row, first = failed(amina)
    Delivery.objects.filter(pk=first.pk).update(state=state)
    assert again(row)[0].possible_duplicate is possible


def test_each_repetition_has_its_number(amina):
    row, _ = failed(amina)
    again(row)
    Delivery.objects.filter(resend=1).update(state="failed")
    assert again(row)[0].resend == 2


def test_its_last_look_asks_no_wish_and_lets_it_go(amina):
    row, _ = failed(amina)
    [new] = again(row)
    assert [one.row.pk for one in claim("sms", 5, "w")] == [new.pk]


def test_what_is_required_needs_no_wish_of_the_user(amina):
    row = committed(amina, "security.pin_changed", closed_at=clock.now(), reason="exhausted")
    to = address(amina, "sms", NUMBER)
    [new] = again(row, on_request=False)
    assert new.required and new.address == to


def test_it_takes_the_address_that_holds_now(amina):
    row, _ = failed(amina)
    newer = address(amina, "sms", "+256772000002")
    Address.objects.exclude(pk=newer.pk).delete()
    assert again(row)[0].address == newer


def stop(row: Escalation) -> None:
    pacing.stop("channel:sms", by="root", why="test")


def suppress(row: Escalation) -> None:
    of = Delivery.objects.get(notification=row.pk)
    Suppression.objects.create(
        channel="sms", hash=of.address_hash, reason="bounced", created_at=clock.now()
    )


def opt_out(row: Escalation) -> None:
    suppress(row)
    Suppression.objects.update(scope="optional", reason="opted_out")


def go_on(row: Escalation) -> None:
    Delivery.objects.filter(notification=row.pk).update(state="sending")


def open_again(row: Escalation) -> None:
    Delivery.objects.filter(notification=row.pk).delete()
    Escalation.objects.filter(pk=row.pk).update(closed_at=None)


@pytest.mark.parametrize(
    ("change", "refusal", "given"),
    [
        (stop, errors.ChannelIsOff, {}),
        (suppress, errors.NoUsableAddress, {}),
        (opt_out, errors.NoUsableAddress, {}),
        (go_on, errors.StillToCome, {}),
        (open_again, errors.StillToCome, {}),
        (None, errors.OnlyOnRequest, {"on_request": False}),
        (None, InvalidInput, {"why": " "}),
        (None, InvalidInput, {"why": "x" * 201}),
    ],
)
def test_it_refuses_and_writes_nothing(amina, change, refusal, given):
    row, _ = failed(amina)
    if change is not None:
        change(row)
    before = Delivery.objects.count()
    with pytest.raises(Refused) as raised:
        again(row, **given)
    assert type(raised.value) is refusal
    assert Delivery.objects.count() == before


def test_it_refuses_what_has_no_ladder_or_another_one(amina):
    row, _ = failed(amina)
    with pytest.raises(NotFound):
        notification_resend(notification_id=4711, channel="sms", by=STAFF, why="x")
    kyc = committed(amina, "system.general", closed_at=clock.now())
    with pytest.raises(errors.NotOffered):
        again(kyc)
    Escalation.objects.filter(pk=row.pk).delete()
    with pytest.raises(errors.NoLadder):
        again(row)
