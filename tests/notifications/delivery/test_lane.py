"""The whole way of a message: claimed, called for, and written, with real providers' protocols."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import translation

from hoardrun.demo.providers.apple import KEY_ID, TEAM_ID, TOPIC, Apple
from hoardrun.demo.providers.firebase import Firebase
from hoardrun.demo.providers.http import Told
from notifications.channels import registry
from notifications.channels.push import vapid
from notifications.delivery.claim import claim
from notifications.delivery.compose import compose
from notifications.delivery.judge import judge_due
from notifications.delivery.lane import Lane
from notifications.delivery.receipts import Heard, receipts_take
from notifications.delivery.send import send
from notifications.delivery.worker import Worker
from notifications.models import (
    Address,
    Attempt,
    Delivery,
    Preference,
    Receipt,
    Suppression,
)
from notifications.services import notification_mark_read
from notifications.texts import render
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.delivery.conftest import VAPID
from tests.notifications.delivery.support import MINUTE, NUMBER, committed
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def run(channel="sms"):
    """Send all that is due by a channel, and write how it ended."""
    Worker([channel], judges=False).run_once()


@pytest.fixture
def row(amina, outside):
    phone = support.address(amina, "sms", NUMBER)
    return support.delivery(note(amina), phone, context={"title": "Hello", "message": "World"})


def attempts():
    return list(Attempt.objects.order_by("pk").values_list("provider", "outcome", "code"))


def test_an_sms_goes_out_once_and_its_row_says_so(row, outside):
    run()
    run()
    [taken] = outside.africastalking.ledger
    assert (taken["to"], "World" in taken["message"]) == (NUMBER, True)
    row.refresh_from_db()
    assert (row.state, row.provider_id, row.segments) == ("accepted", taken["id"], 1)
    assert (str(row.cost), row.cost_currency, row.locale) == ("0.800000", "KES", "en")
    assert [found[:2] for found in attempts()] == [("africastalking", "accepted")]
    address = Address.objects.get()
    assert address.last_ok_at == row.accepted_at


@pytest.mark.reported(number=24)
def test_each_user_gets_it_in_their_own_language(outside):
    users: dict[str, str] = {}
    for locale in ("sw", "fr", "lg", "en"):
        user = User.objects.create_user(locale)
        to = support.address(user, "sms", f"+25677200010{len(users)}", locale=locale)
        users[to.value] = locale
        committed(user, "transaction.failed", ago=6 * MINUTE)
    judge_due()
    run()
    texts = {users[taken["to"]]: taken["message"] for taken in outside.africastalking.ledger}
    assert len(set(texts.values())) == 4
    found = Delivery.objects.filter(channel="sms").values_list("user__username", "locale")
    assert all(locale.startswith(name) for name, locale in found)


@pytest.mark.reported(number=24)
def test_users_of_several_languages_take_turns_in_one_batch_and_no_text_mixes(outside):
    """One claim of one worker has them all; the language of its thread has no say."""
    expected: dict[str, tuple[str, str]] = {}
    for number, locale in enumerate(("sw", "fr", "lg", "en") * 3):
        user = User.objects.create_user(f"user-{number}")
        Preference.objects.create(
            user=user, version=1, locale=locale, hide_amounts=False, updated_at=clock.now()
        )
        browser = outside.push.subscribe(vapid.Key(VAPID).public)
        support.address(user, "push", browser.endpoint, service="web", keys=browser.keys)
        amount = {"amount": str(1000 + number), "currency": "UGX"}
        context = support.CONTEXTS["transaction.failed"] | {"amount": amount}
        committed(user, "transaction.failed", ago=MINUTE, context=context)
        text = render("transaction.failed", "push", context, locale=locale)
        expected[browser.endpoint] = text.title, text.body
    with translation.override("fr"):
        judge_due()
        run("push")
    shown = {
        taken["endpoint"]: (taken["shown"]["notification"]["title"],
                            taken["shown"]["notification"]["body"])
        for taken in outside.push.ledger
    }  # fmt: skip
    assert shown == expected
    assert len(set(shown.values())) == len(expected)


def test_the_second_provider_is_called_after_a_refusal(row, outside):
    outside.africastalking.recipients[NUMBER] = 405  # no balance
    run()
    assert not outside.africastalking.ledger
    assert len(outside.twilio.ledger) == 1
    row.refresh_from_db()
    assert (row.state, row.provider, row.attempts) == ("accepted", "twilio", 2)


def test_the_second_provider_is_called_where_the_first_cannot_be_reached(row, outside):
    outside.use(AFRICASTALKING_URL="http://127.0.0.1:9")
    run()
    assert len(outside.twilio.ledger) == 1
    assert [found[:2] for found in attempts()] == [
        ("africastalking", "not_sent"), ("twilio", "accepted"),
    ]  # fmt: skip


@pytest.mark.parametrize("trouble", ["drop", "accept_and_drop"])
@pytest.mark.reported(number=27)
def test_the_second_provider_is_never_called_where_nobody_knows(row, outside, trouble):
    outside.africastalking.then(trouble)
    run()
    row.refresh_from_db()
    assert (row.state, outside.twilio.asked) == ("unknown", [])
    assert row.lease_until is not None


@pytest.mark.parametrize(
    ("code", "state", "reason"), [(403, "invalid", "invalid"), (406, "verified", "opted_out")]
)
def test_what_is_said_of_a_number_holds(row, outside, code, state, reason):
    support.ladder(row.notification, kind="security.general")
    Delivery.objects.update(rung=2, required=True)
    outside.africastalking.recipients[NUMBER] = code
    run()
    row.refresh_from_db()
    assert (row.state, row.reason, Address.objects.get().state) == ("failed", reason, state)
    assert Suppression.objects.exists() == (code == 406)
    assert not outside.twilio.asked
    assert support.is_due(row.notification.escalation)


@pytest.mark.reported(number=21)
def test_a_permanent_error_is_one_attempt(row, outside):
    outside.use(SMS_PROVIDERS=("twilio",))
    outside.twilio.numbers[NUMBER] = 21211
    run()
    run()
    assert len(outside.twilio.asked) == 1
    row.refresh_from_db()
    assert row.state == "failed"


@pytest.mark.reported(number=27)
def test_a_retry_after_is_waited_for(row, outside):
    outside.use(SMS_PROVIDERS=("twilio",))
    outside.twilio.then(Told(429, b"{}", {"Retry-After": "7"}))
    run()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("queued", "later")
    waits = (row.not_before - Attempt.objects.get().created_at).total_seconds()
    assert 7 <= waits <= 8
    run()
    assert len(outside.twilio.asked) == 1


def test_a_worker_that_wakes_after_its_lease_sends_nothing(row, outside):
    [one] = claim("sms", 1, "slow")
    one.monotonic = time.monotonic() - 60
    result = send(one, compose(one.row, one.to, one.person), "africastalking")
    assert result.answer is None
    assert outside.africastalking.asked == []


def test_texts_that_cannot_be_made_stop_nobody_else(amina, row, outside):
    broken = support.delivery(note(amina), row.address, context={"nothing": 1}, priority=3)
    run()
    broken.refresh_from_db()
    row.refresh_from_db()
    assert (broken.state, broken.reason, row.state) == ("failed", "texts", "accepted")


def test_a_report_that_comes_before_our_commit_is_joined(row, outside):
    lane = Lane("sms", "worker")
    [one] = claim("sms", 1, "worker")
    result = send(one, compose(one.row, one.to, one.person), "africastalking")
    [taken] = outside.africastalking.ledger
    early = Heard(
        provider="africastalking", event_key="1", fact="delivered", provider_id=taken["id"],
        address_hash=row.address_hash,
    )  # fmt: skip
    assert receipts_take([early]) == 1
    lane._ended.put(result)
    lane._under_way = 1
    lane.step()
    lane.close()
    row.refresh_from_db()
    assert (row.state, Receipt.objects.get().delivery_id) == ("delivered", row.pk)


def test_an_email_goes_out_with_a_way_to_leave(amina, outside):
    to = support.address(amina, "email", "amina@example.org")
    support.delivery(note(amina), to, context={"title": "Hello", "message": "World"})
    run("email")
    [taken] = outside.mail.taken
    assert taken["To"] == "amina@example.org"
    assert "https://api.acme.example/u/" in taken["List-Unsubscribe"]


def test_a_mailbox_that_refuses_five_times_in_a_week_rests_for_a_month(amina, outside):
    to = support.address(amina, "email", "amina@example.org")
    outside.mail.refused[to.value] = "552 5.2.2 mailbox full"
    for _ in range(5):
        assert not Suppression.objects.exists()
        row = support.delivery(note(amina), to)
        run("email")
        row.refresh_from_db()
        assert (row.state, row.reason) == ("bounced", "rejected")
    found = Suppression.objects.get()
    assert (found.hash, found.scope, found.reason) == (to.hash, "", "bouncing")
    assert found.until is not None
    assert 29 < (found.until - clock.now()).days + 1 < 32


def test_a_browser_is_pushed_to_with_its_badge(amina, outside):
    browser = outside.push.subscribe(vapid.Key(VAPID).public)
    support.address(amina, "push", browser.endpoint, service="web", keys=browser.keys)
    committed(amina, "transaction.failed", ago=MINUTE)
    judge_due()
    run("push")
    [taken] = outside.push.ledger
    assert taken["shown"]["notification"]["title"]
    assert Delivery.objects.get(channel="push").state == "accepted"


@pytest.mark.reported(number=10)
def test_the_badge_is_what_is_unread_when_it_is_sent(amina, outside):
    browser = outside.push.subscribe(vapid.Key(VAPID).public)
    support.address(amina, "push", browser.endpoint, service="web", keys=browser.keys)
    others = [note(amina) for _ in range(3)]
    committed(amina, "transaction.failed", ago=MINUTE)
    judge_due()
    for row in others[:2]:  # on the web, while the push waits
        notification_mark_read(notification_id=row.pk)
    run("push")
    badges = {taken["shown"]["app_badge"] for taken in outside.push.ledger}
    assert badges == {2}


def test_a_claim_that_fails_keeps_no_lease(amina, outside):
    browser = outside.push.subscribe(vapid.Key(VAPID).public)
    to = support.address(amina, "push", browser.endpoint, service="web", keys=browser.keys)
    row = support.delivery(note(amina), to)
    lane = Lane("push", "worker")

    def fail(execute, sql, params, many, context):
        if "unseen" in sql:  # the count for the badge
            raise OperationalError("the connection is gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail), pytest.raises(OperationalError):
        lane.step()
    row.refresh_from_db()
    assert (row.state, row.lease, lane.is_idle) == ("queued", 0, True)
    lane.close()
    run("push")
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("accepted", 1)


def test_claims_that_take_too_long_become_smaller_until_calls_begin_in_time(amina, outside):
    """Each row that is claimed takes 0.1 s, and calls must begin, and be answered, in 1.5 s."""
    outside.use(DELIVERY_LEASE_SECONDS=9)
    browser = outside.push.subscribe(vapid.Key(VAPID).public)
    to = support.address(amina, "push", browser.endpoint, service="web", keys=browser.keys)
    for _ in range(20):
        support.delivery(note(amina), to)

    def be_slow(execute, sql, params, many, context):
        if "UPDATE" in sql:
            time.sleep(0.1 * str(params).count("sending"))
        return execute(sql, params, many, context)

    lane = Lane("push", "worker")
    with connection.execute_wrapper(be_slow):
        give_up_at = time.monotonic() + 60
        while (lane.step() or not lane.is_idle) and time.monotonic() < give_up_at:
            lane.wait(0.1)
    lane.close()
    assert Delivery.objects.filter(state="accepted").count() == 20


@pytest.mark.reported(number=15)
def test_a_subscription_that_is_gone_is_removed(amina, outside):
    browser = outside.push.subscribe(vapid.Key(VAPID).public)
    row = support.address(amina, "push", browser.endpoint, service="web", keys=browser.keys)
    outside.push.unsubscribe(browser)
    support.address(amina, "sms", NUMBER)
    ladder = committed(amina, "transaction.failed", ago=MINUTE)
    judge_due()
    run("push")
    row.refresh_from_db()
    assert row.state == "removed"
    judge_due()  # the SMS need not wait for its time
    assert support.deliveries(ladder, "sms") == [("sms", "queued", "")]


class App(NamedTuple):
    """An app on a phone: its push service, with what that answers of a token."""

    service: Any
    row: Address
    gone: tuple[int, str]
    busy: tuple[int, str]


@pytest.fixture(scope="module")
def apple(tmp_path_factory) -> Iterator[Apple]:
    with Apple(tmp_path_factory.mktemp("apple")) as found:
        yield found


@pytest.fixture
def of_apple(amina, outside, apple, monkeypatch) -> App:
    # A client trusts whom it trusted when it was made: these options are no other test's.
    monkeypatch.setenv("SSL_CERT_FILE", str(apple.trusted))
    outside.use(
        APNS_KEY=apple.key, APNS_KEY_ID=KEY_ID, APNS_TEAM_ID=TEAM_ID, APNS_TOPIC=TOPIC,
        APNS_URL=apple.url, DELIVERY_LEASE_SECONDS=71,
    )  # fmt: skip
    apple.ledger.clear()
    row = support.address(amina, "push", "ab" * 32, service="apns")
    return App(apple, row, (410, "Unregistered"), (429, "TooManyRequests"))


@pytest.fixture
def of_google(amina, outside) -> Iterator[App]:
    with Firebase() as google:
        outside.use(FCM_SERVICE_ACCOUNT=google.account, FCM_URL=google.url)
        row = support.address(amina, "push", "token", service="fcm")
        yield App(google, row, (404, "UNREGISTERED"), (429, "QUOTA_EXCEEDED"))


@pytest.fixture(params=["of_apple", "of_google"])
def app(request) -> Iterator[App]:
    found: App = request.getfixturevalue(request.param)
    provider: Any = registry.find(found.row.service)
    yield found
    provider._client.close()


@pytest.mark.parametrize(("trouble", "state"), [("gone", "removed"), ("busy", "verified")])
@pytest.mark.reported(number=15)
def test_the_token_of_an_app_is_removed_once_it_is_gone_and_only_then(app, amina, trouble, state):
    app.service.devices[app.row.value] = getattr(app, trouble)
    committed(amina, "transaction.failed", ago=MINUTE)
    judge_due()
    run("push")
    app.row.refresh_from_db()
    assert app.row.state == state
    sent = Delivery.objects.get(channel="push")
    assert (sent.state, sent.reason) == (
        ("failed", "gone") if trouble == "gone" else ("queued", "later")
    )


@pytest.mark.reported(number=15)
def test_a_bad_login_of_ours_removes_no_app(app, amina, outside):
    wrong = {"APNS_TEAM_ID": "OTHER"}
    if app.row.service == "fcm":
        wrong = {"FCM_SERVICE_ACCOUNT": app.service.account.replace("push@", "other@")}
    outside.use(**wrong)
    committed(amina, "transaction.failed", ago=MINUTE)
    judge_due()
    run("push")
    app.row.refresh_from_db()
    assert (app.row.state, list(app.service.ledger)) == ("verified", [])
    assert Attempt.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.reported(number=20)
def test_several_workers_call_once_for_each_message(outside):
    user = User.objects.create_user("amina")
    outside.use(SMS_PER_USER_PER_DAY=1000)
    for number in range(40):
        to = support.address(user, "sms", f"+25677200{number:04}")
        support.delivery(note(user), to)

    def work() -> None:
        Worker(["sms"]).run_once()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    Worker(["sms"]).run_once()
    numbers = [taken["to"] for taken in outside.africastalking.ledger]
    assert len(numbers) == len(set(numbers)) == 40
    assert Delivery.objects.filter(state="accepted").count() == 40
    assert Attempt.objects.count() == 40


def test_the_clock_of_a_lease_is_the_databases(row):
    [one] = claim("sms", 1, "worker")
    assert abs((one.claimed_at - clock.now()).total_seconds()) < 5
