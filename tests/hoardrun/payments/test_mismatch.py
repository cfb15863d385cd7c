"""Whether a provider tells of the payment that was asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.payments.mismatch import mismatch
from tests.hoardrun.payments.support import ID, paid, payment


@pytest.mark.parametrize("amount", ["5000", "5000.00", "5E+3"])
def test_an_amount_is_compared_by_its_value(amount):
    assert mismatch(payment(), paid(amount=Decimal(amount))) == ""


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("amount", {"amount": Decimal("4999.99")}),
        ("amount", {"amount": Decimal(50000)}),
        ("currency", {"currency": "KES"}),
        ("receiver", {"receiver": "600638"}),
        ("payer", {"payer": "+256700000000"}),
        ("reference", {"reference": "another"}),
        ("request", {"provider_request_id": "ws_CO_2"}),
    ],
)
def test_each_thing_that_differs_is_named(named, told):
    assert mismatch(payment(provider_request_id="ws_CO_1"), paid(**told)) == named


def test_what_is_not_told_does_not_differ():
    bare = paid(amount=None, currency="", provider_txn_id="")
    assert mismatch(payment(provider_request_id="ws_CO_1"), bare) == ""
    assert mismatch(payment(), paid(reference=ID, receiver="174379")) == ""
