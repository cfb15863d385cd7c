"""Payments to our account at the stub of M-Pesa: it asks us first, and tells of what was paid."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from hoardrun import env
from hoardrun.demo.providers.money.server import STILL, Money
from hoardrun.payments import options
from hoardrun.payments.inbox.processing import Sweeper
from hoardrun.payments.models import PaymentReceipt, ReceiptOutcome
from tests.hoardrun.payments.calling.support import calling
from tests.hoardrun.payments.inbox.support import sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.operation]
PAYER = "254712345600"


def test_a_bill_is_paid_only_if_a_payment_waits_for_it(
    alice: User, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    with Money(pace=STILL, silence=0) as money, calling():
        given = money.variables() | {
            "PAYMENTS_CALLBACK_URL": live_server.url,
            "DARAJA_CALLBACK_TOKENS": "d" * 32,
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        settings.PAYMENTS = env.by_variable(*options.TABLES)
        bills = money.daraja.bills
        call_command("payments_register", "daraja")
        row = sent(alice, "daraja", reference="INV7")
        for account, amount in (("INV8", 5000), ("INV7", 4999)):
            said = bills.pay(PAYER, account, Decimal(amount))
            assert said == "The business refuses the payment."
        assert not PaymentReceipt.objects.exists()
        assert bills.pay(PAYER, "INV7", Decimal(5000)).startswith("Paid. Receipt ")
        money.advance(1)
        give_up_at = time.monotonic() + 20
        while not ReceiptOutcome.objects.filter(processed_at__isnull=False).exists():
            assert time.monotonic() < give_up_at
            Sweeper(at_once=True).step()
            time.sleep(0.02)
        row.refresh_from_db()
        assert (row.state, PaymentReceipt.objects.get().payment_id) == ("confirming", row.pk)
