"""Publishing is part of its transaction, and payloads from input are checked."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from realtime.models import Event
from realtime.publish import payload_from, publish
from realtime.streams import user_stream

BALANCE = {
    "account_id": "1",
    "currency": "KES",
    "available_balance": Decimal("1.50"),
    "current_balance": "2.00",
}


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_publishes_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish("user:7", payload_from(BalanceUpdate, BALANCE))
        _ = 1 // 0
    assert Event.objects.count() == 0


@pytest.mark.django_db
def test_a_failed_publish_leaves_no_event() -> None:
    payload = payload_from(BalanceUpdate, BALANCE)
    with pytest.raises(ValueError, match="invalid literal"):
        publish(user_stream("not a user"), payload)
    assert publish("user:1", payload).offset == 1


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({**BALANCE, "available_balance": 1.5}, "available_balance"),
        ({**BALANCE, "available_balance": "1,50"}, "available_balance"),
        ({**BALANCE, "currency": "shilling"}, "currency"),
        ({**BALANCE, "surplus": 1}, "surplus"),
        ({"currency": "KES"}, "account_id"),
    ],
)
def test_an_error_names_the_wrong_field(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        payload_from(BalanceUpdate, data)


def test_money_and_times_become_text() -> None:
    txn = payload_from(
        TransactionUpdate,
        {
            "id": "1",
            "status": "pending",
            "amount": Decimal("1200.50"),
            "currency": "KES",
            "created_at": datetime(2026, 11, 22, tzinfo=UTC),
        },
    )
    assert txn.amount == "1200.50"
    assert txn.created_at == "2026-11-22T00:00:00.000Z"
