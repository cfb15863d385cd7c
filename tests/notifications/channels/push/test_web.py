"""Web push, to a push service that verifies and decrypts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from hoardrun.demo.providers.http import Told
from hoardrun.demo.providers.push import PushService, Subscription
from notifications.channels.push import payload, vapid
from notifications.channels.push.web import STATUSES, WebPush
from realtime.outgoing import Outcome
from tests.notifications.channels.support import client, message, options
from tests.services.ports import free_port

OLD, NEW = vapid.new_private_key(), vapid.new_private_key()


@pytest.fixture
def there() -> Iterator[Any]:
    with PushService() as service:
        given = options(vapid_private_key=NEW, vapid_subject="mailto:ops@acme.example")
        ours = WebPush(given, client())
        subscription = service.subscribe(vapid.Key(NEW).public)
        yield SimpleNamespace(service=service, options=given, ours=ours, sub=subscription)


def to(subscription: Subscription, **more: Any) -> Any:
    keys = subscription.keys | more.pop("keys", {})
    return message("push", subscription.endpoint, service="web", keys=keys, **more)


def test_a_browser_gets_what_was_sent(there):
    given = to(there.sub, title="Paid", body="Ŋŋaali: KES 250", unread=2)
    answer = there.ours.send(given)
    (taken,) = there.service.ledger
    assert (answer.outcome, answer.status, answer.verdict) == (Outcome.ACCEPTED, 201, "")
    assert answer.provider_id.startswith(f"{there.service.url}/m/")
    assert taken["shown"] == payload.declarative(given, "https://api.acme.example")
    assert len(taken["text"]) % 256 == 0
    assert (taken["topic"], taken["urgency"]) == (payload.topic(given), "high")
    assert 3590 <= taken["ttl"] <= 3600


@pytest.mark.parametrize(("life", "ttl"), [(timedelta(-1), 0), (timedelta(60), 2_592_000)])
def test_the_life_of_a_message_is_one_that_services_take(there, life: timedelta, ttl: int):
    there.ours.send(replace(to(there.sub), expires_at=datetime.now(UTC) + life))
    assert there.service.ledger[0]["ttl"] == ttl


def test_what_can_wait_is_not_urgent(there):
    there.ours.send(to(there.sub, urgent=False))
    assert there.service.ledger[0]["urgency"] == "normal"


# From the reference: status, outcome, verdict about the address, whether it is our mistake.
TABLE = """
200 accepted -    no
201 accepted -    no
202 accepted -    no
204 accepted -    no
301 refused  -    no
400 refused  -    yes
401 refused  -    yes
403 refused  -    yes
404 refused  gone no
406 later    -    no
410 refused  gone no
413 refused  -    yes
429 later    -    no
500 unknown  -    no
502 unknown  -    no
503 unknown  -    no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("status", "outcome", "verdict", "mistake"), ROWS)
@pytest.mark.reported(number=15)
def test_each_answer_of_a_push_service(
    there, status: str, outcome: str, verdict: str, mistake: str
):
    there.service.then(*[Told(int(status), b"x")] * 2)
    answer = there.ours.send(to(there.sub))
    assert (answer.outcome.value, answer.status) == (outcome, int(status))
    assert answer.verdict == verdict.strip("-")
    assert answer.our_mistake is (mistake == "yes")


def test_the_table_has_no_status_that_is_not_tested():
    assert STATUSES.keys() <= {int(row[0]) for row in ROWS}


@pytest.mark.parametrize("status", [406, 429, 503])
@pytest.mark.reported(number=27)
def test_a_pause_that_is_asked_for_is_kept_exactly(there, status: int):
    there.service.then(Told(status, b"", {"Retry-After": "7"}))
    answer = there.ours.send(to(there.sub))
    assert (answer.outcome, answer.retry_after_seconds) == (Outcome.LATER, 7)


def test_a_message_that_is_too_large_is_shortened_and_sent_once_more(there):
    there.service.then(Told(413))
    answer = there.ours.send(to(there.sub, body="x" * 2000))
    assert answer.outcome is Outcome.ACCEPTED
    assert len(there.service.asked) == 2
    (taken,) = there.service.ledger
    assert len(taken["text"]) <= 1024 and taken["shown"]["notification"]["body"].endswith("…")


def test_it_is_shortened_once_and_not_again(there):
    there.service.then(Told(413), Told(413))
    assert there.ours.send(to(there.sub)).our_mistake
    assert len(there.service.asked) == 2


@pytest.mark.reported(number=15)
def test_a_subscription_that_ended_is_gone(there):
    there.service.unsubscribe(there.sub)
    assert there.ours.send(to(there.sub)).verdict == "gone"


def test_an_answer_that_never_comes_is_unknown_and_repeating_it_is_invisible(there):
    there.service.then("accept_and_drop")
    given = to(there.sub)
    assert there.ours.send(given).outcome is Outcome.UNKNOWN
    assert there.ours.send(replace(given, attempt=2)).outcome is Outcome.ACCEPTED
    first, second = there.service.ledger
    assert first["topic"] == second["topic"]
    assert first["shown"] == second["shown"]


def test_a_service_that_is_not_there_got_nothing(there):
    given = to(changed(there.sub, endpoint=f"http://127.0.0.1:{free_port()}/x"))
    assert there.ours.send(given).outcome is Outcome.NOT_SENT


def test_an_endpoint_within_our_network_is_not_called(there):
    answer = there.ours.send(to(changed(there.sub, endpoint="https://10.0.0.7/x")))
    assert (answer.outcome, answer.code) == (Outcome.REFUSED, "address")


# -- keys


@pytest.mark.reported(number=15)
def test_a_bad_key_of_ours_deletes_nobody(there):
    stranger = WebPush(changed(there.options, vapid_private_key=OLD), client())
    answer = stranger.send(to(there.sub))
    assert (answer.status, answer.verdict, answer.our_mistake) == (403, "", True)


def test_a_subscription_of_an_old_key_is_signed_with_it(there):
    rotated = WebPush(changed(there.options, vapid_previous_keys=(OLD,)), client())
    old = there.service.subscribe(vapid.Key(OLD).public)
    given = to(old, keys={"vapid": vapid.Key(OLD).id})
    assert rotated.send(given).outcome is Outcome.ACCEPTED
    answer = there.ours.send(given)  # which does not have that key any more
    assert (answer.outcome, answer.verdict, answer.our_mistake) == (Outcome.REFUSED, "", True)


@pytest.mark.parametrize(
    ("subject", "endpoint"), [("ops", None), ("mailto:ops@acme.example", "https://[2001:db8::1]/x")]
)
def test_what_cannot_be_signed_is_our_mistake(there, subject: str, endpoint: str | None):
    ours = WebPush(changed(there.options, vapid_subject=subject), client())
    answer = ours.send(to(changed(there.sub, endpoint=endpoint or there.sub.endpoint)))
    assert (answer.outcome, answer.verdict, answer.our_mistake) == (Outcome.REFUSED, "", True)
    assert there.service.asked == []


def test_two_services_get_tokens_of_their_own(there):
    with PushService() as other:
        sub = other.subscribe(vapid.Key(NEW).public)
        for given in (there.sub, sub, there.sub):
            assert there.ours.send(to(given)).outcome is Outcome.ACCEPTED


def test_threads_share_the_provider(there):
    answers: list[Any] = []

    def send() -> None:
        answers.extend(there.ours.send(to(there.sub)).outcome for _ in range(4))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Outcome.ACCEPTED] * 16


@pytest.mark.parametrize("keys", [{"auth": "x"}, {"p256dh": "BCVx"}])
def test_a_subscription_whose_keys_are_none_is_invalid(there, keys: dict[str, str]):
    answer = there.ours.send(to(there.sub, keys=keys))
    assert (answer.outcome, answer.verdict) == (Outcome.REFUSED, "invalid")
    assert there.service.asked == []


def test_each_service_is_paced_by_itself(there):
    given = message("push", "https://updates.push.services.mozilla.com/wpush/v2/abc")
    assert there.ours.host(given.to) == "push:updates.push.services.mozilla.com"


def test_the_long_address_of_a_message_is_kept_as_its_hash(there):
    there.service.then(Told(201, b"", {"Location": "https://push.example/" + "x" * 300}))
    assert len(there.ours.send(to(there.sub)).provider_id) == 64


def test_the_login_can_be_checked_without_sending(there):
    assert there.ours.check().outcome is Outcome.ACCEPTED
    assert there.service.asked == []
