"""What a payment costs by rows, and which limits stop it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_open
from hoardrun.payments.creating import payment_create
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.fees import Fee
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.services import evidence_apply
from hoardrun.payments.tariffs.charging import charges_of, cost_of, limits_check
from hoardrun.payments.tariffs.errors import LimitExceeded
from hoardrun.payments.tariffs.selectors import today
from hoardrun.payments.tiers.services import tier_decide
from realtime import clock
from tests.hoardrun.payments.tariffs.support import ABOUT, fee, limit


def pay(account: Account, amount: str) -> ProviderPayment:
    return payment_create(
        account_id=account.pk,
        provider="daraja",
        kind="payout",
        amount=amount,
        msisdn="+254712345678",
    ).payment


def refused(account: Account, amount: str) -> dict[str, Any]:
    """Return why a payment is refused, of which nothing may be left."""
    before = (ProviderPayment.objects.count(), Transaction.objects.count())
    with pytest.raises(LimitExceeded) as error:
        pay(account, amount)
    assert (ProviderPayment.objects.count(), Transaction.objects.count()) == before
    return error.value.extra


@pytest.mark.django_db
def test_a_fee_is_that_of_its_band_and_day():
    fee("1", "100", "0", valid_to=today())
    fee("1", "100", "3", valid_from=today())
    fee("101", "5000", "5", percent="0.5", payer="customer")
    assert charges_of(**ABOUT, amount=Decimal(50)) == Fee(Decimal("3.00"), "us")
    yesterday = today() - timedelta(days=1)
    assert charges_of(**ABOUT, amount=Decimal(50), on=yesterday) == Fee(Decimal("0.00"), "us")
    assert charges_of(**ABOUT, amount=Decimal(250)) == Fee(Decimal("6.25"), "customer")
    assert charges_of(**ABOUT, amount=Decimal(9000)) is None


@pytest.mark.django_db
def test_payments_cost_what_they_are_and_what_is_charged_for_each():
    fee("1", "100", "3", percent="1", payer="customer")
    fee("1", "100", "1", kind="refund")
    some = [("payout", 10_000, 2), ("payout", 10_001, 1), ("refund", 5000, 1)]
    assert cost_of("daraja", "KES", some) == 2 * 10_400 + 10_001 + 5100
    assert cost_of("mtn", "UGX", [("payout", 5000, 3)]) == 15_000


def test_a_customer_pays_the_fee_of_a_payout_beside_it(kes: Account):
    fee("1", "500", "5", percent="1", payer="customer")
    fee("501", "900", "9", payer="us")
    payment = pay(kes, "200")
    kes.refresh_from_db()
    assert (payment.fee_minor, kes.available_balance) == (700, Decimal(793))
    assert pay(kes, "600").fee_minor == 0


def test_limits_of_one_payment(kes: Account, alice: User, dora: User):
    limit(least="10", most="500")
    limit(most="50", tier="new")
    assert refused(kes, "9") == {"limit": "below", "bound": "10.00", "currency": "KES"}
    assert refused(kes, "51") == {"limit": "above", "bound": "50.00", "currency": "KES"}
    tier_decide(user_id=alice.pk, tier="identified", why="A passport.", by=dora.pk)
    pay(kes, "51")
    assert refused(kes, "501")["bound"] == "500.00"


def test_a_day_counts_all_accounts_and_nothing_that_has_failed(kes: Account, alice: User):
    limit(per_day="100")
    other = account_open(user_id=alice.pk, currency="KES", opening_balance="1000")
    first = pay(kes, "60")
    assert refused(other, "41") == {"limit": "day", "bound": "40.00", "currency": "KES"}
    evidence_apply(first.pk, Evidence(claim=Claim.NOT_PAID, source=Source.QUERY, reason="funds"))
    second = pay(other, "100")
    assert refused(kes, "1")["bound"] == "0.00"
    yesterday = clock.now() - timedelta(days=1)
    ProviderPayment.objects.filter(pk=second.pk).update(created_at=yesterday)
    pay(kes, "100")


@pytest.mark.django_db
def test_what_is_given_back_has_no_limits(alice: User):
    limit(kind="refund", most="1", per_day="1")
    about = {"provider": "daraja", "currency": "KES"}
    given: dict[str, Any] = {**about, "user_id": alice.pk, "amount": Decimal(2)}
    limits_check(kind="refund", **given)
    limit(kind="payout", most="1")
    with pytest.raises(LimitExceeded):
        limits_check(kind="payout", **given)
