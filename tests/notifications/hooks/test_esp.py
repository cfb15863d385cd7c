"""Webhooks of anymail's providers become receipts, by anymail's own views and signal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications.hooks import esp, tokens
from notifications.models import Delivery, Receipt, Suppression
from realtime.core import bodies
from realtime.models import Webhook
from tests.hoardrun.tools import problem
from tests.notifications.hooks.support import BASE, CHANNELS, delivery, path_of

pytest.importorskip("anymail")
pytestmark = [
    pytest.mark.django_db,
    # Ours is in the path, where no log shows it; basic authentication would be a second one.
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning"),
]
TO = "amina@example.org"


@pytest.fixture(autouse=True)
def _on(settings: Any) -> None:
    settings.CHANNELS = CHANNELS | {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"}
    settings.ANYMAIL = {}
    esp.connect()


@pytest.fixture
def sent(alice: User) -> Delivery:
    return delivery(alice, "email", TO, provider="email", provider_id="883953f4")


def url(path: str = "postmark/tracking") -> str:
    return path_of(tokens.hook_url("email", tokens.hook_token("email"), path))


def post(path: str) -> Any:
    return Client().post(path, b"{}", content_type="application/json")


def postmark(kind: str, **fields: Any) -> Any:
    """Post an event in the words of Postmark."""
    event = {
        "RecordType": kind,
        "MessageID": "883953f4",
        "Recipient": TO,
        "Email": TO,
        "ID": 42,
        "Metadata": {},
        **fields,
    }
    return Client().post(url(), json.dumps(event), content_type="application/json")


def test_an_event_finds_its_delivery_by_metadata_or_by_id(alice: User, sent: Delivery) -> None:
    other = delivery(alice, "email", TO)
    metadata = {"delivery": str(other.pk)}
    assert postmark("Delivery", ID=41, MessageID="unknown", Metadata=metadata).status_code == 200
    assert postmark("Delivery").status_code == 200
    for row in (other, sent):
        row.refresh_from_db()
        assert row.state == "delivered"
    [kept, _] = Webhook.objects.order_by("pk")
    assert (kept.source, b"Delivery" in bytes(kept.body)) == ("e1", True)


def test_a_bounce_suppresses_and_a_repeated_one_changes_nothing(sent: Delivery) -> None:
    bounce = {"Type": "HardBounce", "BouncedAt": "2026-11-29T12:00:00Z"}
    assert [postmark("Bounce", **bounce).status_code for _ in range(2)] == [200, 200]
    sent.refresh_from_db()
    assert (sent.state, Receipt.objects.count()) == ("bounced", 1)
    assert Suppression.objects.get().reason == "bounced"
    assert Webhook.objects.get().repeats == 1


def sparkpost(count: int, **last: Any) -> bytes:
    """Write a batch of SparkPost, with all that it says of each e-mail; the last one as given."""
    events = [
        {
            "type": "delivery",
            "event_id": str(number),
            "transmission_id": f"t{number}",
            "raw_rcpt_to": TO,
            "timestamp": "1795953600",
            "rcpt_meta": {},
            "msg_from": "x" * 2000,
        }
        for number in range(count)
    ]
    events[-1] |= last
    return json.dumps([{"msys": {"message_event": each}} for each in events]).encode()


def test_a_large_batch_is_taken_whole_and_together(
    sent: Delivery, django_assert_max_num_queries: Any
) -> None:
    batch = sparkpost(600, rcpt_meta={"delivery": str(sent.pk)})
    assert 1024 * 1024 < len(batch) < bodies.limit_of(url("sparkpost/tracking"))
    with django_assert_max_num_queries(60):
        response = Client().post(url("sparkpost/tracking"), batch, content_type="application/json")
    assert response.status_code == 200
    sent.refresh_from_db()
    assert (sent.state, Receipt.objects.count()) == ("delivered", 600)


def test_a_stranger_may_send_no_more_than_elsewhere() -> None:
    for path in ("/hooks/e1/wrong/sparkpost/tracking", "/hooks/e1", "/hooks/s1/wrong/reports"):
        assert bodies.limit_of(path) == bodies.MAX_BODY_BYTES


def test_an_event_that_is_no_text_keeps_out_no_other(sent: Delivery) -> None:
    batch = sparkpost(2, rcpt_meta={"delivery": str(sent.pk)}).replace(b'"t0"', b'"t\\u0000"')
    response = Client().post(url("sparkpost/tracking"), batch, content_type="application/json")
    assert response.status_code == 200
    sent.refresh_from_db()
    assert (sent.state, Receipt.objects.count()) == ("delivered", 1)


def test_a_provider_asks_whether_the_url_is_there() -> None:
    assert Client().head(url("mandrill")).status_code == 200


def test_what_is_not_ours_is_not_found(settings: Any, rate: Callable[..., None]) -> None:
    problem(post("/hooks/e1/wrong/postmark/tracking"), 404)
    problem(post(url("nobody/tracking")), 404)
    assert not Webhook.objects.exists()
    settings.CHANNELS = CHANNELS
    problem(post(url()), 404)


def test_a_wrong_signature_is_refused_and_nothing_is_kept(settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "name:password"}
    assert postmark("Delivery").status_code == 400
    assert not Webhook.objects.exists() and not Receipt.objects.exists()


def test_the_command_prints_the_url(settings: Any) -> None:
    from notifications.management.commands.hook_urls import _topics

    assert f"{BASE}{url()}" == tokens.hook_url(
        "email", tokens.hook_token("email"), next(topic for _, topic in _topics() if "/" in topic)
    )
