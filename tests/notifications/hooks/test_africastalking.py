"""A form of Africa's Talking says what became of an SMS, or that somebody wants none."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from notifications.addresses.values import address_hash
from notifications.channels.sms.africastalking import REASONS
from notifications.hooks.africastalking import STATUSES, AfricasTalking
from notifications.hooks.incoming import Incoming, Left, Said, Texted
from realtime.errors import InvalidInput
from tests.notifications.hooks.support import NUMBER

REPORT = {"id": "ATXid_1", "status": "Success", "phoneNumber": NUMBER, "networkCode": "63902"}


def read(topic: str, fields: dict[str, str]) -> Said:
    body = urlencode(fields).encode()
    incoming = Incoming(token="x", topic=topic, url="", body=body, headers={})
    return AfricasTalking().read(incoming)


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_a_fact_about_a_number(status: str) -> None:
    [heard] = read("reports", REPORT | {"status": status}).heard
    assert (heard.fact, heard.provider_id) == (STATUSES[status], "ATXid_1")
    assert heard.address_hash == address_hash("sms", NUMBER)
    assert heard.delivery_id is None and heard.event_key == f"ATXid_1:{status}"


@pytest.mark.parametrize("reason", [*REASONS, "DeliveryFailure", ""])
def test_each_reason_of_a_failure_has_its_verdict(reason: str) -> None:
    [heard] = read("", REPORT | {"status": "Failed", "failureReason": reason}).heard
    assert (heard.verdict, heard.code) == (REASONS.get(reason, ""), reason or "Failed")
    [heard] = read("", REPORT | {"status": "Success", "failureReason": reason}).heard
    assert heard.verdict == ""


def test_a_status_that_we_do_not_know_says_nothing() -> None:
    assert read("", REPORT | {"status": "Teleported"}) == Said()


def test_somebody_leaves_or_writes() -> None:
    left = read("opt-out", {"senderId": "BANK", "phoneNumber": NUMBER})
    assert left == Said(left=(Left(channel="sms", address=NUMBER),))
    wrote = read("inbound", {"from": NUMBER, "id": "7", "text": "STOP", "to": "20880"})
    assert wrote == Said(texted=(Texted(event_key="7", address=NUMBER, text="STOP"),))


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        *(("", {**REPORT, name: ""}) for name in ("id", "status", "phoneNumber")),
        ("opt-out", {}),
        ("inbound", {"from": NUMBER}),
        ("else", REPORT),
    ],
)
def test_what_is_missing_is_an_error(topic: str, fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        read(topic, fields)


@pytest.mark.parametrize(
    "body", [b"\xff=\xff", b"a=%00", b"&".join([b"a=1"] * 101), b"id=%ED%A0%80"]
)
def test_what_is_no_form_is_an_error(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        AfricasTalking().read(Incoming(token="x", topic="", url="", body=body, headers={}))
