"""Payments are taken by one worker each: sent once, and asked about after that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from hoardrun.payments import callback_urls, waits
from hoardrun.payments.calling import claims
from hoardrun.payments.calling.orders import order_of
from hoardrun.payments.models import ProviderPayment
from realtime import clock
from tests.hoardrun.payments.calling.support import PHONE, now_due, payment, set_up

URL = "https://sandbox.momodeveloper.mtn.com"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _settings(settings) -> None:
    settings.PAYMENTS = set_up(URL)


def stored(row: ProviderPayment) -> ProviderPayment:
    return ProviderPayment.objects.get(pk=row.pk)


def test_the_intent_to_send_is_stored_and_a_payment_is_sent_once(alice: User) -> None:
    row = payment(alice)
    [claimed] = claims.claim("mtn", 5)
    assert claimed.is_first and claimed.order.id == str(row.pk) and claimed.base_url == URL
    row = stored(row)
    assert (row.attempts, row.base_url) == (1, URL)
    assert row.sent_at is not None and row.expires_at == row.sent_at + timedelta(seconds=300)
    assert row.next_check_at == row.sent_at + claims.LEASE
    assert claims.claim("mtn", 5) == []  # the lease holds
    now_due(row)  # the worker has died
    [again] = claims.claim("mtn", 5)
    assert not again.is_first
    assert stored(row).attempts == 1


def test_each_provider_has_its_own_and_new_payments_go_first(alice: User) -> None:
    old, new = payment(alice), payment(alice)
    other = payment(alice, "daraja")
    claims.claim("mtn", 1)
    now_due(old)
    assert [one.order.id for one in claims.claim("daraja", 5)] == [str(other.pk)]
    found = claims.claim("mtn", 5)
    assert [one.order.id for one in found] == [str(new.pk), str(old.pk)]
    assert [one.is_first for one in found] == [True, False]


def test_a_payment_that_has_ended_is_asked_about_only_if_that_is_wanted(alice: User) -> None:
    row = payment(alice)
    ended = ProviderPayment.objects.filter(pk=row.pk)
    ended.update(state="expired", attempts=1, next_check_at=None)
    assert claims.claim("mtn", 5) == []
    ended.update(next_check_at=row.created_at)  # a callback has said that it was paid
    assert [one.is_first for one in claims.claim("mtn", 5)] == [False]


def test_one_that_is_asked_about_stays_on_the_platform_that_took_it(alice: User, settings) -> None:
    row = payment(alice)
    claims.claim("mtn", 5)
    settings.PAYMENTS = set_up("https://momoapi.momo.africa")
    now_due(row)
    assert claims.claim("mtn", 5)[0].base_url == URL


def test_the_urls_of_callbacks_have_tokens_whose_digests_are_stored(alice: User) -> None:
    row = payment(alice, "daraja", "payout")
    [first] = claims.claim("daraja", 5)
    now_due(row)
    [look] = claims.claim("daraja", 5)
    row = stored(row)
    code = callback_urls.code_of("daraja")
    for url, purpose, digest in (
        (first.order.callback_url, "payment", row.token_digest),
        (first.order.timeout_url, "timeout", row.token_digest),
        (look.order.callback_url, "payment", row.token_digest),
        (look.order.question_url, "question", row.question_digest),
    ):
        begin = f"https://bank.example/hooks/payments/{code}/{purpose}/"
        assert url.startswith(begin)
        token = url.removeprefix(begin)
        assert callback_urls.is_right(token, digest)
        assert callback_urls.payment_of(token) == row.pk
    assert first.order.question_url == ""
    assert row.token_digest != row.question_digest


def aged(row: ProviderPayment, age: timedelta = waits.PATIENCE) -> None:
    """Have a payment be asked for so long ago, and a moment."""
    ProviderPayment.objects.filter(pk=row.pk).update(
        stage_changed_at=clock.now() - age - timedelta(seconds=1)
    )


def test_what_could_not_be_sent_for_long_is_given_up_once(alice: User) -> None:
    row = payment(alice)
    assert claims.give_up("mtn") == []
    aged(row)
    assert claims.give_up("daraja") == []
    assert claims.give_up("mtn") == [str(row.pk)]
    assert claims.give_up("mtn") == [] and claims.claim("mtn", 5) == []
    assert stored(row).sent_at is None


@pytest.mark.parametrize("kind", ["collect", "payout"])
def test_a_payment_that_waited_for_a_worker_too_long_is_never_sent(alice: User, kind: str) -> None:
    old, new = payment(alice, kind=kind), payment(alice, kind=kind)
    aged(old)
    assert [one.order.id for one in claims.claim("mtn", 5)] == [str(new.pk)]
    assert (stored(old).attempts, stored(old).base_url) == (0, "")


def test_one_that_is_given_up_is_not_asked_about_but_given_up_again(alice: User) -> None:
    """As its worker died before it has stored the end."""
    row = payment(alice)
    aged(row)
    claims.give_up("mtn")
    now_due(row)
    assert claims.claim("mtn", 5) == []
    assert claims.give_up("mtn") == [str(row.pk)]
    claims.claim("mtn", 5)
    assert stored(row).state == "created"


def test_one_that_was_sent_is_not_given_up(alice: User) -> None:
    row = payment(alice)
    claims.claim("mtn", 5)
    aged(row)
    now_due(row)
    assert claims.give_up("mtn") == []
    assert [one.is_first for one in claims.claim("mtn", 5)] == [False]


def test_an_order_says_what_is_given_back_as_its_provider_knows_it(alice: User) -> None:
    now = clock.now()
    for name, by_receipt in (("mtn", False), ("airtel", True), ("pawapay", False)):
        network = {"network": "MTN_MOMO_UGA"} if name == "pawapay" else {}
        paid = payment(alice, name, **network)
        ProviderPayment.objects.filter(pk=paid.pk).update(
            provider_txn_id=f"receipt-{name}", state="succeeded"
        )
        back = payment(alice, name, "refund", refunds=stored(paid), **network)
        order = order_of(back, now)
        assert order.refunds == (f"receipt-{name}" if by_receipt else str(paid.pk))
        assert order.wallet == network.get("network", "")


def test_an_order_is_the_payment(alice: User) -> None:
    row = payment(alice, description="Order 7")
    order = order_of(row, clock.now())
    assert (order.kind, order.currency, order.country) == ("collect", "UGX", "UG")
    assert (order.amount, order.msisdn, order.text, order.note) == (
        5000,
        PHONE,
        "Order 7",
        "Order 7",
    )
