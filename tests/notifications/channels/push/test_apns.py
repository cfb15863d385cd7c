"""Apple's push service: HTTP/2 over TLS, and each reason of its table."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from hoardrun.demo.providers.apple import KEY_ID, TEAM_ID, TOPIC, Apple
from notifications.channels.message import Action
from notifications.channels.push import apns
from notifications.channels.push.apns import Apns
from realtime.outgoing import Client, Outcome, Reply
from tests.notifications.channels.support import LOCAL, message, options

PHONE = "ab" * 32


@pytest.fixture(scope="module")
def apple(tmp_path_factory) -> Iterator[Apple]:
    with Apple(tmp_path_factory.mktemp("apple")) as found:
        yield found


@pytest.fixture
def there(apple) -> Iterator[Any]:
    apple.ledger.clear()
    apple.devices.clear()
    apple.expired.clear()
    given = options(
        apns_key=apple.key, apns_key_id=KEY_ID, apns_team_id=TEAM_ID, apns_topic=TOPIC,
        apns_url=apple.url,
    )  # fmt: skip
    trust = ssl.create_default_context(cafile=str(apple.trusted))
    client = Client(rules=LOCAL, http2=True, tls=trust)
    yield SimpleNamespace(apple=apple, options=given, client=client, ours=Apns(given, client))
    client.close()


def push(**more: Any) -> Any:
    return message("push", PHONE, service="apns", **more)


def test_a_device_gets_what_was_sent(there):
    given = push(title="Paid", body="KES 250", unread=3, thread="transaction-17")
    answer = there.ours.send(given)
    (taken,) = there.apple.ledger
    assert (answer.outcome, answer.status) == (Outcome.ACCEPTED, 200)
    assert answer.provider_id == taken["headers"]["apns-id"]
    assert taken["device"] == PHONE
    aps = taken["payload"]["aps"]
    assert aps == {
        "alert": {"title": "Paid", "body": "KES 250"}, "sound": "default", "badge": 3,
        "thread-id": "transaction-17", "interruption-level": "time-sensitive",
        "mutable-content": 1,
    }  # fmt: skip
    assert (taken["payload"]["id"], taken["payload"]["receipt"]) == ("88", "4711:signed")
    headers = taken["headers"]
    assert (headers["apns-priority"], headers["apns-push-type"]) == ("10", "alert")
    assert headers["apns-expiration"] == str(int(given.expires_at.timestamp()))
    assert 0 < len(headers["apns-collapse-id"]) <= 64


def test_an_app_shows_the_buttons_that_it_has_registered(there):
    there.ours.send(push(actions=(Action("was_me", "Ni mimi"), Action("was_not_me", "Si mimi"))))
    (taken,) = there.apple.ledger
    assert taken["payload"]["aps"]["category"] == "was_me.was_not_me"
    assert '"Si mimi"' in taken["payload"]["actions"]


def test_each_attempt_has_the_same_ids_and_the_same_token(there):
    for attempt in (1, 2):
        there.ours.send(push(attempt=attempt, urgent=False))
    first, second = (taken["headers"] for taken in there.apple.ledger)
    for name in ("apns-id", "apns-collapse-id", "authorization"):
        assert first[name] == second[name]
    assert first["apns-priority"] == "5"
    assert there.apple.ledger[0]["payload"]["aps"]["interruption-level"] == "active"


# From the reference: status, reason, outcome, verdict, whether it is our mistake.
TABLE = """
400 BadDeviceToken              refused gone no
400 DeviceTokenNotForTopic      refused gone no
410 Unregistered                refused gone no
410 ExpiredToken                refused gone no
403 ExpiredProviderToken        later   -    no
403 InvalidProviderToken        refused -    yes
400 BadTopic                    refused -    yes
413 PayloadTooLarge             refused -    yes
429 TooManyRequests             later   -    no
429 TooManyProviderTokenUpdates later   -    no
500 InternalServerError         unknown -    no
503 ServiceUnavailable          later   -    no
503 Shutdown                    later   -    no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("status", "reason", "outcome", "verdict", "mistake"), ROWS)
@pytest.mark.reported(number=15)
def test_each_reason(there, status: str, reason: str, outcome: str, verdict: str, mistake: str):
    there.apple.devices[PHONE] = (int(status), reason)
    answer = there.ours.send(push())
    assert (answer.outcome.value, answer.status, answer.code) == (outcome, int(status), reason)
    assert answer.verdict == verdict.strip("-")
    assert answer.our_mistake is (mistake == "yes")


def test_the_table_has_no_reason_that_is_not_tested():
    assert apns.REASONS.keys() <= {row[1] for row in ROWS}


@pytest.mark.reported(number=15)
def test_a_device_that_is_gone_says_since_when(there):
    there.apple.devices[PHONE] = (410, "Unregistered")
    gone_at = there.ours.send(push()).gone_at
    assert gone_at is not None
    assert timedelta(seconds=55) < datetime.now(UTC) - gone_at < timedelta(seconds=90)


@pytest.mark.parametrize("timestamp", ['"x"', "1e400", "99999999999999999999", "-1", "null"])
def test_a_time_that_is_none_is_left_out(timestamp: str):
    body = f'{{"reason": "Unregistered", "timestamp": {timestamp}}}'.encode()
    answer = apns.parse(Reply(outcome=Outcome.REFUSED, status=410, body=body))
    assert answer.verdict == ("gone" if timestamp != "1e400" else "")
    assert answer.gone_at is None or answer.gone_at.year == 1969


def test_a_token_that_is_refused_as_old_is_signed_anew(there):
    there.ours.send(push())
    there.apple.expired.add(there.apple.authorizations[-1])
    assert there.ours.send(push()).outcome is Outcome.LATER
    assert there.ours.send(push()).outcome is Outcome.ACCEPTED
    assert there.apple.authorizations[-1] not in there.apple.expired


def test_a_token_is_signed_anew_before_apple_refuses_it(there):
    there.ours.send(push())
    there.ours._signed_at -= apns.RENEWED_AFTER_SECONDS + 1
    there.ours.send(push())
    assert there.apple.authorizations[-1] != there.apple.authorizations[-2]


def test_a_token_of_a_device_is_no_path(there):
    answer = there.ours.send(message("push", "../../x?y", service="apns"))
    assert (answer.code, answer.verdict) == ("BadDeviceToken", "gone")
    assert there.apple.paths[-1] == "/3/device/..%2F..%2Fx%3Fy"


def test_a_long_text_is_cut_to_what_apple_takes(there):
    assert there.ours.send(push(body="ŋ" * 9000)).outcome is Outcome.ACCEPTED
    assert there.apple.ledger[0]["payload"]["aps"]["alert"]["body"].endswith("…")


@pytest.mark.parametrize("key", ["", "x", "-----BEGIN EC PRIVATE KEY-----\nx\n"])
def test_a_key_that_cannot_sign_says_so(there, key: str):
    with pytest.raises(ValueError, match="no PEM key"):
        Apns(changed(there.options, apns_key=key), there.client)


def test_the_login_can_be_checked_without_sending(there):
    assert there.ours.check().outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("wrong", [{"apns_team_id": "OTHER"}, {"apns_topic": "com.other"}])
@pytest.mark.reported(number=15)
def test_a_bad_login_of_ours_deletes_nobody(there, wrong: dict[str, str]):
    stranger = Apns(changed(there.options, **wrong), there.client)
    for answer in (stranger.check(), stranger.send(push())):
        assert (answer.outcome, answer.verdict) == (Outcome.REFUSED, "")
        assert answer.our_mistake
    assert there.apple.ledger == []
