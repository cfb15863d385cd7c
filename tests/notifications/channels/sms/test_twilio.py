"""Twilio: each code of its table, and the look-up of what is not known, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import signing
from msgspec.structs import replace

from hoardrun.demo.providers import sms
from hoardrun.demo.providers.http import Told, as_json
from notifications.channels.sms import twilio
from notifications.channels.sms.twilio import Twilio
from notifications.hooks import tokens
from realtime.outgoing import Outcome
from tests.notifications.channels.support import client, message, options

NUMBER = "+256772123456"


@pytest.fixture
def there(settings) -> Iterator[Any]:
    """The provider as it is, and ours."""
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://api.acme.example"}
    with sms.Twilio("AC1", "t0k") as fake:
        given = options(
            sms_providers=("twilio",),
            twilio_account_sid="AC1",
            twilio_auth_token="t0k",
            twilio_from="+15005550006",
            twilio_url=fake.url,
        )
        yield SimpleNamespace(fake=fake, options=given, ours=Twilio(given, client()))


def test_an_sms_is_accepted_and_its_callback_names_the_delivery(there):
    answer = there.ours.send(message("sms", NUMBER, body="“Paid”"))
    (taken,) = there.fake.ledger
    assert (answer.outcome, answer.status, answer.segments) == (Outcome.ACCEPTED, 201, 1)
    assert answer.provider_id == taken["sid"]
    form = taken["form"]
    assert (form["Body"], form["From"]) == ('"Paid"', "+15005550006")
    assert "MessagingServiceSid" not in form
    assert 3590 <= int(form["ValidityPeriod"]) <= 3600
    assert form["StatusCallback"].startswith("https://api.acme.example/hooks/")
    assert tokens.called_back(form["StatusCallback"].rpartition("/")[2]) == 4711


def test_a_messaging_service_takes_the_place_of_a_sender(there):
    service = changed(there.options, twilio_messaging_service="MG1")
    Twilio(service, client()).send(message("sms", NUMBER))
    form = there.fake.ledger[0]["form"]
    assert (form["MessagingServiceSid"], "From" in form) == ("MG1", False)


@pytest.mark.parametrize(
    ("life", "period"), [(timedelta(days=3), "14400"), (timedelta(seconds=-5), "1")]
)
def test_the_life_of_a_message_is_one_that_twilio_takes(there, life: timedelta, period: str):
    now = datetime.now(UTC)
    given = replace(message("sms", NUMBER), expires_at=now + life)
    assert twilio.fields(given, there.options, now)["ValidityPeriod"] == period


# From the reference: code, outcome, verdict about the address, whether it is our mistake.
TABLE = """
20003 refused  -          yes
20404 refused  -          yes
20429 later    -          no
21211 refused  invalid    no
21212 refused  -          yes
21408 refused  -          yes
21606 refused  -          yes
21608 refused  -          yes
21610 refused  opted_out  no
21612 refused  -          no
21614 refused  invalid    no
30001 later    -          no
30002 refused  -          yes
30003 refused  -          no
30004 refused  -          no
30005 refused  invalid    no
30006 refused  invalid    no
30007 refused  -          no
30008 refused  -          no
39999 refused  -          no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("code", "outcome", "verdict", "mistake"), ROWS)
@pytest.mark.reported(number=21)
def test_each_error_is_answered_after_one_attempt(
    there, code: str, outcome: str, verdict: str, mistake: str
):
    there.fake.numbers[NUMBER] = int(code)
    answer = there.ours.send(message("sms", NUMBER))
    assert (answer.outcome.value, answer.code) == (outcome, code)
    assert answer.verdict == verdict.strip("-")
    assert answer.our_mistake is (mistake == "yes")
    assert answer.provider_id is None
    assert len(there.fake.asked) == 1


def test_the_table_has_no_code_that_is_not_tested():
    assert {int(row[0]) for row in ROWS} == twilio.CODES.keys() | {39999}


@pytest.mark.parametrize(
    ("told", "outcome", "mistake"),
    [
        (Told(201, b"{"), "unknown", False),
        (Told(201, b'{"sid": 7}'), "unknown", False),
        (as_json(401, {"code": 99999}), "refused", True),
        (Told(401, b""), "refused", True),
        (Told(429, b"", {"Retry-After": "7"}), "later", False),
        (Told(503, b"", {"Retry-After": "7"}), "later", False),
        (Told(500, b""), "unknown", False),
        (Told(502, b"<html>"), "unknown", False),
    ],
)
def test_each_http_status(there, told: Told, outcome: str, mistake: bool):
    there.fake.then(told)
    answer = there.ours.send(message("sms", NUMBER))
    assert (answer.outcome.value, answer.our_mistake) == (outcome, mistake)
    assert answer.retry_after_seconds == (7 if outcome == "later" else None)


@pytest.mark.parametrize("count", ["x", "", "-1", "9999", "\u0663", 2, None])
def test_a_number_of_segments_that_cannot_be_is_counted_by_us(there, count: object):
    there.fake.then(as_json(201, {"sid": "SM1", "status": "queued", "num_segments": count}))
    assert there.ours.send(message("sms", NUMBER)).segments == 1


def test_a_message_that_was_refused_at_once_says_why(there):
    there.fake.then(as_json(201, {"sid": "SM1", "status": "failed", "error_code": 30005}))
    answer = there.ours.send(message("sms", NUMBER))
    assert (answer.outcome, answer.code, answer.verdict) == (Outcome.REFUSED, "30005", "invalid")


# -- the look-up


def lost(there: Any, **more: Any) -> Any:
    """Send a message whose answer never comes; return it as the settler has it."""
    there.fake.then("accept_and_drop")
    began = datetime.now(UTC)
    given = message("sms", NUMBER, **more)
    assert there.ours.send(given).outcome is Outcome.UNKNOWN
    return replace(given, attempted_at=began)


def test_a_message_that_arrived_is_found(there):
    given = lost(there, body="KES\u00a0250")
    there.ours.send(message("sms", NUMBER, body="Another"))
    answer = there.ours.look_up(given)
    assert answer is not None
    assert (answer.outcome, answer.provider_id) == (Outcome.ACCEPTED, there.fake.ledger[0]["sid"])
    asked = there.fake.asked[-1]
    assert (asked.method, asked.query["To"]) == ("GET", NUMBER)
    since = given.attempted_at - timedelta(seconds=5)  # the day before, if it is just over
    assert asked.query["DateSent>"] == since.date().isoformat()


def test_without_its_text_number_and_time_say_which_it_is(there):
    given = lost(there)
    nameless = replace(given, content=replace(given.content, body=""))
    answer = there.ours.look_up(nameless)
    assert answer is not None
    assert (answer.outcome, answer.provider_id) == (Outcome.ACCEPTED, there.fake.ledger[0]["sid"])
    there.ours.send(message("sms", NUMBER, body="Another"))
    answer = there.ours.look_up(nameless)
    assert answer is not None
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "several")


def test_a_message_that_never_arrived_is_not_sent(there):
    given = replace(message("sms", NUMBER), attempted_at=datetime.now(UTC))
    there.fake.then("drop")
    assert there.ours.send(given).outcome is Outcome.UNKNOWN
    answer = there.ours.look_up(given)
    assert answer is not None
    assert answer.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("written", ["-0000", "GMT"])
def test_a_time_is_read_however_it_is_written(there, written: str):
    given = lost(there)
    created = there.fake.ledger[0]["date_created"]
    there.fake.ledger[0]["date_created"] = created.replace("+0000", written)
    answer = there.ours.look_up(given)
    assert answer is not None
    assert answer.outcome is Outcome.ACCEPTED


def test_a_call_that_waited_for_its_turn_is_found(there):
    given = lost(there)
    claimed = replace(given, attempted_at=given.attempted_at - timedelta(seconds=60))
    answer = there.ours.look_up(claimed)
    assert answer is not None
    assert answer.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("minutes", [-10, 10])
def test_the_same_text_of_another_time_is_another_message(there, minutes: int):
    given = lost(there)
    elsewhere = replace(given, attempted_at=given.attempted_at + timedelta(minutes=minutes))
    answer = there.ours.look_up(elsewhere)
    assert answer is not None
    assert answer.outcome is Outcome.NOT_SENT


def test_a_message_that_arrived_and_failed_says_why(there):
    given = lost(there)
    there.fake.ledger[0] |= {"status": "undelivered", "error_code": 30006}
    answer = there.ours.look_up(given)
    assert answer is not None
    assert (answer.outcome, answer.verdict) == (Outcome.REFUSED, "invalid")


@pytest.mark.parametrize(
    "told",
    [
        Told(500),
        Told(401),
        Told(200, b"{"),
        as_json(200, {"messages": [{"sid": "SM9"}, 7], "next_page_uri": "/more"}),
    ],
)
def test_a_look_up_that_fails_leaves_it_unknown(there, told: Told):
    given = lost(there)
    there.fake.then(told)
    answer = there.ours.look_up(given)
    assert answer is not None
    assert answer.outcome is Outcome.UNKNOWN


# -- the login


def test_the_login_can_be_checked_without_sending(there):
    assert there.ours.check().outcome is Outcome.ACCEPTED
    there.fake.state = "suspended"
    suspended = there.ours.check()
    assert (suspended.code, suspended.our_mistake) == ("suspended", True)
    wrong = Twilio(changed(there.options, twilio_auth_token="x"), client())
    assert (wrong.check().code, wrong.check().our_mistake) == ("20003", True)
    assert there.fake.ledger == []


def test_a_callback_of_another_salt_names_nothing():
    assert tokens.called_back(signing.Signer(salt="other").sign("4711")) is None
