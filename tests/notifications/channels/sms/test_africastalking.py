"""Africa's Talking: each code of its table, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from hoardrun.demo.providers import sms
from hoardrun.demo.providers.http import Told, as_json
from notifications.channels.sms import africastalking
from notifications.channels.sms.africastalking import AfricasTalking
from realtime.outgoing import Outcome, Reply
from tests.notifications.channels.support import client, message, options
from tests.services.ports import free_port

NUMBER = "+254722000111"


@pytest.fixture
def at() -> Iterator[Any]:
    """The provider as it is, and ours."""
    with sms.AfricasTalking("acme", "k3y") as fake:
        given = options(
            sms_providers=("africastalking",),
            africastalking_username="acme",
            africastalking_api_key="k3y",
            africastalking_sender="ACME",
            africastalking_url=fake.url,
        )
        yield SimpleNamespace(fake=fake, options=given, ours=AfricasTalking(given, client()))


def changed(at: Any, **given: str) -> AfricasTalking:
    return AfricasTalking(replace(at.options, **given), client())


def test_an_sms_is_accepted_with_its_id_and_its_price(at):
    answer = at.ours.send(message("sms", NUMBER, body="KES\u00a0250 – “paid”"))
    (taken,) = at.fake.ledger
    assert answer.outcome is Outcome.ACCEPTED
    assert (answer.status, answer.code, answer.segments) == (201, "101", 1)
    assert answer.provider_id == taken["id"]
    assert (answer.cost, answer.cost_currency) == (Decimal("0.8000"), "KES")
    assert taken["message"] == 'KES 250 - "paid"'
    assert {name: taken[name] for name in ("username", "to", "from", "enqueue")} == {
        "username": "acme", "to": NUMBER, "from": "ACME", "enqueue": "1",
    }  # fmt: skip


# From the reference: code, outcome, verdict about the address, whether it is our mistake.
TABLE = """
100 accepted -          no
101 accepted -          no
102 accepted -          no
401 refused  -          yes
402 refused  -          no
403 refused  invalid    no
404 refused  -          no
405 refused  -          yes
406 refused  opted_out  no
407 refused  -          no
409 later    -          no
500 later    -          no
501 later    -          no
502 refused  -          no
999 unknown  -          no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("code", "outcome", "verdict", "mistake"), ROWS)
def test_each_code_of_a_recipient(at, code: str, outcome: str, verdict: str, mistake: str):
    at.fake.recipients[NUMBER] = int(code)
    answer = at.ours.send(message("sms", NUMBER))
    assert (answer.outcome.value, answer.code) == (outcome, code)
    assert answer.verdict == verdict.strip("-")
    assert answer.our_mistake is (mistake == "yes")
    assert bool(answer.provider_id) is (outcome == "accepted")


def test_the_table_has_no_code_that_is_not_tested():
    assert {int(row[0]) for row in ROWS} == africastalking.CODES.keys() | {999}


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        ("2026-11-29T21:30:00", 9.5 * 3600),  # 22:30 in Lagos
        ("2026-11-30T05:00:00", 2 * 3600),
        ("2026-11-30T07:00:00", 24 * 3600),
        ("2026-11-30T06:59:59", 1),
    ],
)
def test_do_not_disturb_waits_for_eight_in_lagos(now: str, seconds: float):
    recipient = {"statusCode": 409, "number": NUMBER, "status": "DoNotDisturbRejection"}
    reply = answered(201, {"SMSMessageData": {"Recipients": [recipient]}})
    answer = africastalking.parse(reply, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert (answer.outcome, answer.retry_after_seconds) == (Outcome.LATER, seconds)


def answered(status: int, value: object) -> Reply:
    told = as_json(status, value)
    return Reply(outcome=Outcome.ACCEPTED, status=status, body=told.body)


NO_PRICES = [
    *("", "0", "KES", "KES x", "KES NaN", "KES Infinity", None, "KESX 1", "KES -1", "KES 1e6"),
    "KES 1e999999999",
]


def test_a_price_has_as_many_places_as_are_stored():
    recipient = {"statusCode": 101, "number": NUMBER, "cost": "KES 0.80000004"}
    reply = answered(201, {"SMSMessageData": {"Recipients": [recipient]}})
    assert africastalking.parse(reply, datetime.now(UTC)).cost == Decimal("0.8")


@pytest.mark.parametrize("price", NO_PRICES)
def test_a_price_that_cannot_be_read_is_none(price: object):
    recipient = {"statusCode": 101, "number": NUMBER, "messageId": "None", "cost": price}
    reply = answered(201, {"SMSMessageData": {"Recipients": [recipient]}})
    answer = africastalking.parse(reply, datetime.now(UTC))
    assert answer.outcome is Outcome.ACCEPTED
    assert (answer.cost, answer.cost_currency, answer.provider_id) == (None, "", None)


@pytest.mark.parametrize(
    ("told", "outcome", "mistake"),
    [
        (Told(201, b"{"), "unknown", False),
        (Told(201, b"[]"), "unknown", False),
        (Told(201, b'{"SMSMessageData": []}'), "unknown", False),
        (Told(201, b'{"SMSMessageData": {"Recipients": []}}'), "refused", True),
        (Told(400, b"Request is missing"), "refused", True),
        (Told(401, b"invalid"), "refused", True),
        (Told(429, b"", {"Retry-After": "7"}), "later", False),
        (Told(503, b"", {"Retry-After": "7"}), "later", False),
        (Told(503, b""), "unknown", False),
        (Told(500, b""), "unknown", False),
        (Told(302, b"", {"Location": "http://127.0.0.1/"}), "refused", False),
    ],
)
def test_each_http_status(at, told: Told, outcome: str, mistake: bool):
    at.fake.then(told)
    answer = at.ours.send(message("sms", NUMBER))
    assert (answer.outcome.value, answer.status) == (outcome, told.status)
    assert answer.our_mistake is mistake
    assert answer.retry_after_seconds == (7 if outcome == "later" else None)
    assert len(at.fake.asked) == 1


def test_a_connection_that_breaks_is_unknown_and_one_that_never_was_is_not_sent(at):
    at.fake.then("accept_and_drop")
    assert at.ours.send(message("sms", NUMBER)).outcome is Outcome.UNKNOWN
    assert len(at.fake.ledger) == 1
    nobody = changed(at, africastalking_url=f"http://127.0.0.1:{free_port()}")
    assert nobody.send(message("sms", NUMBER)).outcome is Outcome.NOT_SENT


def test_an_unregistered_sender_sends_nothing_and_is_our_mistake(at):
    answer = changed(at, africastalking_sender="UNKNOWN").send(message("sms", NUMBER))
    assert (answer.outcome, answer.our_mistake) == (Outcome.REFUSED, True)


def test_the_login_can_be_checked_without_sending(at):
    assert at.ours.check().outcome is Outcome.ACCEPTED
    wrong = changed(at, africastalking_api_key="x")
    assert (wrong.check().status, wrong.check().our_mistake) == (401, True)
    assert at.fake.ledger == []


def test_nothing_can_be_looked_up(at):
    assert at.ours.look_up(message("sms", NUMBER)) is None
