"""Twilio's signature is of our public URL, whatever a proxy or a stranger writes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User

from notifications.channels.sms.twilio import CODES
from notifications.hooks import tokens
from notifications.hooks.incoming import Incoming
from notifications.hooks.twilio import STATUSES, Twilio, signature
from realtime.errors import InvalidInput
from tests.notifications.hooks.support import BASE, CHANNELS, delivery, twilio, twilio_report

PUBLIC = f"{BASE}/hooks/s2/token"


@pytest.fixture(autouse=True)
def _channels(settings: Any) -> None:
    settings.CHANNELS = CHANNELS


def incoming(
    fields: dict[str, str], url: str = PUBLIC, topic: str = "", **headers: str
) -> Incoming:
    token = tokens.callback_url("twilio", 17).rpartition("/")[2]
    body = urlencode(fields).encode()
    return Incoming(token=token, topic=topic, url=url, body=body, headers=headers)


def test_signatures_are_those_that_twilio_documents() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    for number, expected in [
        ("+12349013030", b"0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
        ("+14158675309", b"RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ]:
        fields = {
            "CallSid": "CA1234567890ABCDE", "Caller": number, "Digits": "1234", "From": number,
            "To": "+18005551212",
        }  # fmt: skip
        assert signature("12345", url, urlencode(fields).encode()) == expected


@pytest.mark.parametrize(
    ("public", "signed"),
    [
        (PUBLIC, PUBLIC),
        (f"{PUBLIC}?a=b&c=d%20e", f"{PUBLIC}?a=b&c=d%20e"),
        ("https://bank.example:8443/x", "https://bank.example:8443/x"),
        ("https://bank.example:8443/x", "https://bank.example/x"),
        ("https://bank.example/x", "https://bank.example:443/x"),
    ],
)
@pytest.mark.reported(number=19)
def test_it_is_right_with_ports_prefixes_and_queries(public: str, signed: str) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "sent"}
    given = signature("12345", signed, urlencode(fields).encode()).decode()
    found = incoming(fields, public, **{"x-twilio-signature": given})
    assert Twilio().is_proven(found)


@pytest.mark.parametrize("signed", [f"{PUBLIC}x", "http://bank.example/app/hooks/s2/token", ""])
@pytest.mark.reported(number=19)
def test_it_is_wrong_for_another_url(signed: str) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "sent"}
    given = signature("12345", signed, urlencode(fields).encode()).decode()
    assert not Twilio().is_proven(incoming(fields, **{"x-twilio-signature": given}))


def test_it_is_wrong_without_a_key_a_header_or_for_another_body(settings: Any) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "sent"}
    given = signature("12345", PUBLIC, urlencode(fields).encode()).decode()
    for found in (
        incoming(fields),
        incoming(fields, **{"x-twilio-signature": "é"}),
        incoming(fields | {"MessageStatus": "delivered"}, **{"x-twilio-signature": given}),
    ):
        assert not Twilio().is_proven(found)
    settings.CHANNELS = CHANNELS | {"TWILIO_AUTH_TOKEN": ""}
    empty = signature("", PUBLIC, urlencode(fields).encode()).decode()
    assert not Twilio().is_proven(incoming(fields, **{"x-twilio-signature": empty}))


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_a_fact(status: str) -> None:
    [heard] = Twilio().read(incoming({"MessageSid": "SM1", "MessageStatus": status})).heard
    assert (heard.fact, heard.delivery_id, heard.provider_id) == (STATUSES[status], 17, "SM1")
    assert heard.event_key == f"SM1:{status}" and heard.verdict == ""


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_a_failure_has_its_verdict(code: int) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": str(code)}
    [heard] = Twilio().read(incoming(fields)).heard
    assert (heard.verdict, heard.code) == (CODES[code].verdict, str(code))
    [heard] = Twilio().read(incoming(fields | {"MessageStatus": "delivered"})).heard
    assert heard.verdict == ""


def test_a_status_that_we_do_not_know_says_nothing_and_a_missing_one_is_an_error() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "read"}
    assert Twilio().read(incoming(fields)).heard == ()
    for name in fields:
        with pytest.raises(InvalidInput, match=name):
            Twilio().read(incoming(fields | {name: ""}))


@pytest.mark.django_db
@pytest.mark.reported(number=19)
def test_forged_headers_of_proxies_change_nothing(alice: User) -> None:
    row = delivery(alice, provider="twilio")
    url = tokens.callback_url("twilio", row.pk)
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    forged = {
        "HTTP_X_FORWARDED_PROTO": "http",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_FORWARDED_PORT": "81",
        "HTTP_X_ORIGINAL_URL": "/elsewhere",
    }
    assert twilio(url, fields, **forged).status_code == 200
    evil = url.replace("bank.example/app", "evil.example")
    assert twilio(url, fields, signed_url=evil, **forged).status_code == 403


@pytest.mark.django_db
@pytest.mark.reported(number=18)
def test_an_sms_that_was_delivered_after_it_failed_has_arrived(alice: User) -> None:
    row = delivery(alice, provider="twilio")
    for status in ("failed", "delivered", "sent", "failed"):
        assert twilio_report(row, status).status_code == 200
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("delivered", "SM1")
    assert row.failed_at is not None
