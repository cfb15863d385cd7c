"""Webhooks and receipts over HTTP: refused, taken once, and acted upon."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from hoardrun.demo.providers.sms import AfricasTalking
from notifications.addresses.values import address_hash
from notifications.hooks import tokens
from notifications.models import (
    Address,
    Delivery,
    DirectSms,
    Preference,
    Receipt,
    Suppression,
)
from realtime import clock
from realtime.meters import meters
from realtime.models import Webhook
from realtime.outgoing import client
from tests.hoardrun.tools import problem
from tests.notifications.hooks.support import (
    CHANNELS,
    FORM,
    NUMBER,
    at,
    delivery,
    path_of,
    twilio,
    twilio_report,
)

RECEIPTS = "/api/v1/receipts"
EMAIL = "amina@example.org"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _channels(settings: Any) -> None:
    settings.CHANNELS = CHANNELS


def report(status: str, **fields: str) -> Any:
    return at("reports", id="ATXid_1", status=status, phoneNumber=NUMBER, **fields)


def emails(*events: dict[str, Any]) -> Any:
    url = path_of(tokens.hook_url("email", tokens.hook_token("email")))
    return Client().post(url, json.dumps(events), content_type="application/json")


def receipt(token: str, event: str = "displayed", **more: str) -> Any:
    body = {"token": token, "event": event, **more}
    return Client().post(RECEIPTS, json.dumps(body), content_type="application/json")


def suppressions() -> dict[str, str]:
    return {row.scope: row.reason for row in Suppression.objects.all()}


def test_a_report_makes_a_delivery_delivered(alice: User) -> None:
    row = delivery(alice, provider="africastalking", provider_id="ATXid_1")
    assert report("Success").status_code == 200
    row.refresh_from_db()
    assert row.state == "delivered"
    [kept] = Webhook.objects.all()
    assert (kept.source, kept.is_proven) == ("s1", False) and b"ATXid_1" in bytes(kept.body)


def test_a_repeated_report_is_taken_once(alice: User) -> None:
    delivery(alice, provider="africastalking", provider_id="ATXid_1")
    assert [report("Success").status_code for _ in range(3)] == [200] * 3
    assert Receipt.objects.count() == 1
    assert Webhook.objects.get().repeats == 2


def test_a_report_counts_for_a_right_number_only(alice: User) -> None:
    other = delivery(alice, to="+254711000002", provider="africastalking", provider_id="ATXid_1")
    assert report("Success").status_code == 200
    other.refresh_from_db()
    assert other.state == "accepted"
    assert Receipt.objects.get().delivery_id is None  # kept unmatched


def test_an_unknown_reference_is_kept_and_is_no_error() -> None:
    assert report("Failed").status_code == 200
    assert Receipt.objects.get().fact == "failed"


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/s1/wrong",
        "/hooks/s1/wrong/reports",
        "/hooks/s2/wrong",
        "/hooks/e1/wrong",
        "/hooks/xx/wrong",
    ],
)
def test_a_wrong_path_is_not_found_and_nothing_is_kept(path: str) -> None:
    before = meters.webhooks["unknown"]
    problem(Client().post(path, b"id=1", content_type=FORM), 404)
    assert meters.webhooks["unknown"] == before + 1
    assert not Webhook.objects.exists() and not Receipt.objects.exists()


def test_the_path_of_one_provider_is_not_that_of_another() -> None:
    token = tokens.hook_token("africastalking")
    problem(Client().post(f"/hooks/e1/{token}", b"[]", content_type="application/json"), 404)


def test_a_wrong_signature_is_forbidden_and_nothing_is_kept(alice: User) -> None:
    row = delivery(alice, provider="twilio")
    url = tokens.callback_url("twilio", row.pk)
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    problem(twilio(url, fields, key="another"), 403)
    row.refresh_from_db()
    assert row.state == "accepted" and not Webhook.objects.exists()


@pytest.mark.parametrize("body", [b"", b"nonsense", b"id=1&status=Success", b"\xff"])
def test_what_cannot_be_read_is_refused_and_kept(body: bytes) -> None:
    url = path_of(tokens.hook_url("africastalking", tokens.hook_token("africastalking")))
    problem(Client().post(url, body, content_type=FORM), 400, "invalid_input")
    assert bytes(Webhook.objects.get().body) == body and not Receipt.objects.exists()


def test_only_posts_are_webhooks() -> None:
    url = path_of(tokens.hook_url("africastalking", tokens.hook_token("africastalking")))
    assert Client().get(url).status_code == 405


def test_strangers_are_counted_and_providers_are_not(rate: Callable[..., None]) -> None:
    rate("stranger", "2/min")
    assert [report("Sent").status_code for _ in range(4)] == [200] * 4
    wrong = [Client().post("/hooks/s1/wrong", b"", content_type=FORM) for _ in range(3)]
    assert [answer.status_code for answer in wrong] == [404, 404, 429]


def test_a_path_that_is_ours_has_a_limit_too(rate: Callable[..., None]) -> None:
    rate("webhook", "2/min")
    assert [report("Sent").status_code for _ in range(3)] == [200, 200, 429]
    assert at("opt-out", senderId="BANK", phoneNumber=NUMBER).status_code == 200


def test_a_reported_failure_says_what_is_wrong_with_the_number(alice: User) -> None:
    row = delivery(alice, provider="africastalking", provider_id="ATXid_1")
    report("Failed", failureReason="UserInBlackList")
    row.refresh_from_db()
    assert row.state == "failed" and set(suppressions().values()) == {"opted_out"}


def test_stop_ends_what_is_optional_and_start_undoes_it() -> None:
    def text(key: str, words: str) -> None:
        assert at("inbound", **{"from": NUMBER, "id": key, "text": words}).status_code == 200

    text("1", "Hello")
    assert suppressions() == {}
    text("2", "SIMAMISHA")
    assert suppressions() == {"optional": "opted_out"}
    text("3", "START")
    assert suppressions() == {}
    text("2", "SIMAMISHA")  # an old one, again
    assert suppressions() == {}


def test_start_lifts_no_other_suppression() -> None:
    Suppression.objects.create(
        channel="sms", hash=address_hash("sms", NUMBER), reason="complained", created_at=clock.now()
    )
    at("inbound", **{"from": NUMBER, "id": "1", "text": "START"})
    assert suppressions() == {"": "complained"}


def test_an_opt_out_at_the_provider_counts() -> None:
    assert at("opt-out", senderId="BANK", phoneNumber=NUMBER).status_code == 200
    assert suppressions() == {"optional": "opted_out"}


@pytest.mark.parametrize(
    ("locale", "word"), [("", "START"), ("sw-KE", "ANZA"), ("fr", "REPRENDRE")]
)
def test_stop_at_africas_talking_is_answered_by_one_sms(
    alice: User, settings: Any, locale: str, word: str
) -> None:
    now = clock.now()
    if locale:
        Address.objects.create(
            user=alice, channel="sms", value=NUMBER, hash=address_hash("sms", NUMBER),
            state="verified", created_at=now, touched_at=now,
        )  # fmt: skip
        Preference.objects.create(user=alice, locale=locale, updated_at=now)
    with AfricasTalking("acme", "key") as fake:
        settings.DEBUG = True  # which lets calls go to loopback
        settings.CHANNELS = CHANNELS | {
            "SMS_PROVIDERS": ("africastalking",),
            "SMS_COUNTRIES": ("KE",),
            "SMS_PER_COUNTRY_PER_DAY": 2,
            "AFRICASTALKING_USERNAME": "acme",
            "AFRICASTALKING_API_KEY": "key",
            "AFRICASTALKING_URL": fake.url,
        }
        for key, text in [("1", "STOP"), ("1", "STOP"), ("2", "ACHA"), ("3", "Hello")]:
            answer = at("inbound", **{"from": NUMBER, "id": key, "text": text})
            assert (answer.status_code, answer.content) == (200, b"")
        [sent] = fake.ledger
        assert sent["to"] == NUMBER and word in sent["message"]
        for key, text in [("4", "START"), ("5", "STOP"), ("6", "START")]:
            at("inbound", **{"from": NUMBER, "id": key, "text": text})
        assert len(fake.ledger) == 2  # as many as may go to a country
        client().close()
    costs = [(row.country, str(row.cost)) for row in DirectSms.objects.all()]
    assert costs == [("KE", "0.800000")] * 2


def test_twilio_is_answered_where_it_does_not_answer_itself() -> None:
    url = tokens.hook_url("twilio", tokens.hook_token("twilio"), "inbound")
    for key, text, answers in [
        *[("1", "STOP", 0), ("2", "ANZA", 1), ("3", "ACHA", 1), ("3", "ACHA", 0)],
        *[("4", "SIMAMISHA", 0), ("5", "Hello", 0)],
    ]:
        answer = twilio(url, {"MessageSid": key, "From": NUMBER, "Body": text})
        assert answer["Content-Type"] == "text/xml"
        assert answer.content.count(b"<Message>") == answers
    assert suppressions() == {"optional": "opted_out"}


@pytest.mark.reported(number=18)
def test_an_email_that_bounced_after_it_was_delivered_has_bounced(alice: User) -> None:
    row = delivery(alice, "email", EMAIL, provider="smtp")
    event = {"recipient": EMAIL, "metadata": {"delivery": str(row.pk)}}
    hard = {"event_type": "bounced", "reject_reason": "bounced"}
    for kind in ({"event_type": "delivered"}, hard, {"event_type": "delivered"}):
        assert emails({**event, **kind}).status_code == 200
    row.refresh_from_db()
    assert row.state == "bounced" and suppressions() == {"": "bounced"}


def test_a_batch_is_taken_whole_and_a_repeated_one_changes_nothing(alice: User) -> None:
    rows = [delivery(alice, "email", EMAIL) for _ in range(3)]
    events = [
        {"event_type": "delivered", "event_id": f"e{row.pk}", "metadata": {"delivery": row.pk}}
        for row in rows
    ]
    assert [emails(*events).status_code for _ in range(2)] == [200, 200]
    assert Receipt.objects.count() == 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_five_soft_bounces_in_a_week_rest_an_address_for_a_month(alice: User) -> None:
    for number in range(5):
        assert suppressions() == {}
        row = delivery(alice, "email", EMAIL)
        event = {"event_type": "bounced", "reject_reason": "timed_out", "event_id": f"e{number}"}
        emails({**event, "recipient": EMAIL, "metadata": {"delivery": row.pk}})
    [found] = Suppression.objects.all()
    assert found.reason == "bouncing" and found.until is not None
    assert timedelta(days=29) < found.until - clock.now() < timedelta(days=31)


def test_what_is_older_than_what_is_kept_is_dropped(alice: User) -> None:
    row = delivery(alice, "email", EMAIL)
    event = {"event_type": "delivered", "timestamp": "2020-01-01T00:00:00Z"}
    assert emails({**event, "metadata": {"delivery": row.pk}}).status_code == 200
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("event", "column"),
    [("displayed", "displayed_at"), ("clicked", "clicked_at"), ("dismissed", "dismissed_at")],
)
def test_a_device_says_what_became_of_a_push(alice: User, event: str, column: str) -> None:
    row = delivery(alice, "push", "https://push.example.com/1")
    token = tokens.receipt_token(row.pk)
    assert [receipt(token, event).status_code for _ in range(2)] == [204, 204]
    row.refresh_from_db()
    assert getattr(row, column) is not None and row.state == "delivered"
    assert Receipt.objects.count() == 1


def test_a_receipt_needs_a_token_of_ours_and_a_known_event(alice: User) -> None:
    row = delivery(alice, "push", "https://push.example.com/1")
    problem(receipt("17:made-up"), 400, "invalid_input", "token")
    problem(receipt(tokens.receipt_token(row.pk), "read"), 400, "invalid_input", "event")
    callback = tokens.callback_url("twilio", row.pk).rpartition("/")[2]
    problem(receipt(callback), 400, "invalid_input", "token")
    assert not Receipt.objects.exists()


def test_a_button_is_kept_once_with_its_name_and_time(alice: User) -> None:
    row = delivery(alice, "push", "https://push.example.com/1", kind="security.new_device")
    token = tokens.receipt_token(row.pk)
    for action in ("was_me", "was_me", "was_not_me"):
        assert receipt(token, "clicked", action=action).status_code == 204
    row.refresh_from_db()
    assert row.clicked_at is not None and row.state == "delivered"
    assert [*Receipt.objects.order_by("pk").values_list("delivery", "fact", "code")] == [
        (row.pk, "clicked", "was_me"), (row.pk, "clicked", "was_not_me"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "event", "action"),
    [
        ("security.new_device", "displayed", "was_me"),
        ("security.new_device", "clicked", "freeze"),
        ("transaction.debit", "clicked", "was_me"),
        ("no.more", "clicked", "was_me"),
        ("security.new_device", "clicked", "x" * 31),
    ],
)
def test_a_button_is_one_of_its_message(alice: User, kind: str, event: str, action: str) -> None:
    row = delivery(alice, "push", "https://push.example.com/1", kind=kind)
    token = tokens.receipt_token(row.pk)
    problem(receipt(token, event, action=action), 400, "invalid_input", "action")
    assert not Receipt.objects.exists()


def test_of_receipts_strangers_are_counted_only(alice: User, rate: Callable[..., None]) -> None:
    rate("stranger", "2/min")
    token = tokens.receipt_token(delivery(alice, "push", "https://push.example.com/1").pk)
    assert [receipt(token).status_code for _ in range(4)] == [204] * 4
    assert [receipt("x").status_code for _ in range(3)] == [400, 400, 429]


@pytest.mark.django_db(transaction=True)
def test_of_many_copies_at_once_one_has_an_effect(alice: User) -> None:
    row = delivery(alice, provider="twilio")

    def copy(number: int) -> int:
        try:
            return int(twilio_report(row, "delivered").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as senders:
        assert set(senders.map(copy, range(12))) == {200}
    assert Receipt.objects.count() == 1
    row.refresh_from_db()
    assert row.state == "delivered"
