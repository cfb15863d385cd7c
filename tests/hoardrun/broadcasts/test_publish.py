from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from hoardrun.broadcasts.publish import (
    broadcast_balance_update,
    broadcast_market_update,
    broadcast_notification,
    broadcast_system_announcement,
    broadcast_transaction_update,
)
from realtime.models import Event

BALANCE = {
    "account_id": "1",
    "currency": "KES",
    "available_balance": Decimal("1.50"),
    "current_balance": "2.00",
}


def data_of(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(event.payload)["data"]
    return data


@pytest.mark.django_db
def test_each_broadcast_function_works_in_synchronous_code() -> None:
    broadcast_notification({"title": "t", "message": "m", "type": "security"}, 7)
    broadcast_notification({"title": "to all", "message": "m"})
    broadcast_transaction_update(
        {"id": "1", "status": "completed", "amount": "5", "currency": "UGX"}, "7"
    )
    broadcast_balance_update(BALANCE, user_id=7)
    broadcast_system_announcement({"title": "t", "message": "m"})
    assert broadcast_market_update({"symbol": "BTC-USD", "price": Decimal("1.5")}) is None
    found = Event.objects.order_by("id").values_list("stream__name", "type", "filter_type")
    assert list(found) == [
        ("user:7", "notification", "security"),
        ("announcements", "notification", "system"),
        ("user:7", "transaction_update", "transaction"),
        ("user:7", "balance_update", "balance"),
        ("announcements", "system_announcement", ""),
    ]


@pytest.mark.django_db
def test_a_broadcast_notification_says_that_no_inbox_has_it() -> None:
    broadcast_notification({"title": "t", "message": "m"}, 7)
    broadcast_notification({"title": "to all", "message": "m"})
    told = [data_of(event)["stored"] for event in Event.objects.order_by("id")]
    assert told == [False, False]


@pytest.mark.django_db(transaction=True)
async def test_a_broadcast_function_is_awaited_where_a_loop_runs() -> None:
    entry = await broadcast_balance_update(BALANCE, 7)  # type: ignore[misc]
    assert entry.offset == 1
    assert await sync_to_async(Event.objects.count)() == 1
