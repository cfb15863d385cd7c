"""Events of e-mails become facts, verdicts and ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifications.addresses.values import address_hash
from notifications.hooks.email import MAX_EVENTS, Email
from notifications.hooks.incoming import Incoming, Left, Said
from realtime.errors import InvalidInput

TO = "amina@example.org"
EVENT = {
    "event_type": "delivered",
    "event_id": "e1",
    "recipient": TO,
    "metadata": {"delivery": "17"},
}


def read(found: Any) -> Said:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    return Email().read(Incoming(token="x", topic="", url="", body=body, headers={}))


@pytest.mark.parametrize(
    ("kind", "reason", "fact", "verdict"),
    [
        ("queued", None, "accepted", ""),
        ("sent", None, "accepted", ""),
        ("delivered", None, "delivered", ""),
        ("bounced", "bounced", "bounced", "bounced"),
        ("bounced", "invalid", "bounced", "bounced"),
        ("bounced", "timed_out", "bounced", "rejected"),
        ("rejected", "blocked", "bounced", "rejected"),
        ("rejected", "spam", "bounced", "rejected"),
        ("failed", None, "failed", ""),
        ("complained", None, "complained", "complained"),
        ("opened", None, "opened", ""),
        ("clicked", None, "opened", ""),
    ],
)
def test_each_event_is_a_fact(kind: str, reason: str | None, fact: str, verdict: str) -> None:
    said = read([EVENT | {"event_type": kind, "reject_reason": reason}])
    [heard] = said.heard
    assert (heard.fact, heard.verdict, heard.delivery_id) == (fact, verdict, 17)
    assert heard.address_hash == address_hash("email", TO) and not said.left


@pytest.mark.parametrize("kind", ["deferred", "autoresponded", "subscribed", "something new"])
def test_what_is_no_news_says_nothing(kind: str) -> None:
    assert read(EVENT | {"event_type": kind}) == Said()


def test_unsubscribing_ends_what_is_optional() -> None:
    expected = (Left(channel="email", address=TO),)
    assert read(EVENT | {"event_type": "unsubscribed"}).left == expected
    assert (
        read(EVENT | {"event_type": "rejected", "reject_reason": "unsubscribed"}).left == expected
    )


def test_an_event_without_an_id_is_named_by_all_that_it_says() -> None:
    nameless = {**EVENT, "event_id": None, "timestamp": "2026-11-29T12:00:00Z"}
    [one], [same] = read(nameless).heard, read([nameless]).heard
    [other] = read({**nameless, "timestamp": "2026-11-29T12:00:01Z"}).heard
    assert one.event_key == same.event_key != other.event_key
    assert one.happened_at is not None


def test_an_event_names_its_delivery_or_the_id_of_its_provider() -> None:
    named = {"event_type": "sent", "message_id": "<m1@x>"}
    [heard] = read([named]).heard
    assert (heard.delivery_id, heard.provider_id) == (None, "<m1@x>")
    for number in ("x", "-1", "", "1" * 19, 0, None, [1]):
        assert read([{"event_type": "sent", "metadata": {"delivery": number}}]) == Said()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b"{}", b'{"event_type": 1}', b"\xff", [EVENT] * (MAX_EVENTS + 1)]
    + [{**EVENT, "recipient": "a\x00b"}],
)
def test_what_cannot_be_read_is_an_error(body: Any) -> None:
    with pytest.raises(InvalidInput):
        read(body)
