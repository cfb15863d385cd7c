"""A payment begins with its transaction and its hold, or with nothing at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger import actors
from hoardrun.ledger.errors import (
    AccountNotActive,
    AccountNotFound,
    IdempotencyConflict,
    InsufficientFunds,
    InvalidAmount,
    OwnAccount,
)
from hoardrun.ledger.models import Account, Transaction
from hoardrun.payments.creating import payment_create
from hoardrun.payments.models import ProviderPayment
from realtime.errors import InvalidInput, Refused
from tests.hoardrun.ledger.conftest import published, set_status
from tests.hoardrun.payments.carrying import PHONE, ask, money, txn_of


def test_a_collection_moves_nothing_yet(ugx: Account, bob: User):
    row = ask(ugx, description="Rent & more", reference="INV-1")
    txn = txn_of(row)
    assert (txn.status, txn.type, txn.direction) == ("pending", "deposit", "inbound")
    assert (txn.carrier, txn.provider, txn.payment_method) == ("mtn", "mtn_momo", "mobile_money")
    assert txn.own_key == f"payment:{row.pk}"
    assert money(ugx) == (50_000, 50_000)
    assert (row.state, row.msisdn, row.country) == ("created", PHONE, "UG")
    assert (row.text, txn.description) == ("Rent more", "Rent & more")
    assert row.next_check_at == row.created_at  # it is due at once
    assert row.expires_at is not None and row.sent_at is None
    [told] = published(bob, "transaction_update")
    assert '"stage":"starting"' in told and "•••• 4567" in told and "77123" not in told


def test_a_payout_holds_its_amount_and_its_fee(ugx: Account):
    row = ask(ugx, "payout", amount="5000", fee=Decimal(100))
    assert money(ugx) == (44_900, 50_000)
    assert (row.expires_at, row.fee_minor) == (None, 100)
    assert row.fee_txn is not None and row.fee_txn.type == "fee"


def test_the_fee_of_a_collection_waits_for_its_money(ugx: Account):
    row = ask(ugx, fee=Decimal(100))
    assert (row.fee_minor, row.fee_txn) == (100, None)
    assert money(ugx) == (50_000, 50_000)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"kind": "gift"}, "kind"),
        ({"msisdn": "0771"}, "country"),
        ({"msisdn": "0771", "country": "UG"}, "msisdn"),
        ({"msisdn": "+254712345678", "country": "UG"}, "msisdn"),
        ({"amount": "1.5"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": 5.0}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"provider": "daraja", "msisdn": "+254712345678"}, "currency"),
        ({"provider": "pawapay"}, "network"),
        ({"reference": "x" * 101}, "reference"),
        ({"description": "\x00"}, "description"),
    ],
)
def test_what_no_provider_takes_is_refused_by_its_field(ugx: Account, wrong: dict, field: str):
    wanted = {"provider": "mtn", "kind": "collect", "amount": "5000", "msisdn": PHONE, **wrong}
    with pytest.raises(Refused) as refused:
        payment_create(account_id=ugx.pk, **wanted)
    assert field in refused.value.extra["errors"]
    assert not ProviderPayment.objects.exists() and not Transaction.objects.exists()


@pytest.mark.field(number=13)
def test_13_cents_over_stk_are_refused_and_new_prefixes_taken(kes: Account):
    with pytest.raises(InvalidInput, match="KES has no decimals here"):
        ask(kes, provider="daraja", amount="10.50", msisdn="0712345678", country="KE")
    for number in ("0110345678", "+254110345678"):
        row = ask(kes, provider="daraja", amount="10", msisdn=number, country="KE")
        assert (row.msisdn, row.amount) == ("+254110345678", 10)


def test_the_account_must_take_it(ugx: Account, alice: User):
    with pytest.raises(InsufficientFunds):
        ask(ugx, "payout", amount="50001")
    with pytest.raises(InsufficientFunds):  # without the fee it would
        ask(ugx, "payout", amount="50000", fee=Decimal(1))
    with pytest.raises(AccountNotFound):
        ask(ugx, owner_id=alice.pk)
    with pytest.raises(OwnAccount):
        ask(ugx, by=actors.staff(ugx.user_id))
    with pytest.raises(InvalidAmount):
        ask(ugx, amount=True)
    set_status(ugx, "suspended")
    with pytest.raises(AccountNotActive):
        ask(ugx)
    assert money(ugx) == (50_000, 50_000)
    assert not ProviderPayment.objects.exists() and not Transaction.objects.exists()


def test_a_key_makes_one_payment(ugx: Account, bob: User):
    first = ask(ugx, "payout", idempotency_key="k")
    again = payment_create(
        account_id=ugx.pk, kind="payout", provider="mtn", amount="5000.0", msisdn="0771234567",
        country="ug", idempotency_key="k",
    )  # fmt: skip
    assert (again.payment, again.created) == (first, False)
    assert money(ugx) == (45_000, 50_000)
    with pytest.raises(IdempotencyConflict, match="another request"):
        ask(ugx, "payout", amount="5001", idempotency_key="k")
    # A customer's key is of their payments, and reaches none of our own.
    assert txn_of(first).idempotency_key is None
    assert ask(ugx, idempotency_key=f"payment:{first.pk}") != first
