"""A hot path with nothing behind it, and a customer who has a little of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.hot_path import HotPath
from hoardrun.ledger.services import account_open, transaction_create
from hoardrun.market.services import instruments_ensure
from notifications.services import announcement_create, announcement_publish, notification_create
from tests.hoardrun.hot_path.asking import Left


async def leave(scope: Any, receive: Any, send: Any) -> None:
    raise Left


@pytest.fixture
def hot() -> Iterator[HotPath]:
    made = HotPath(leave)
    yield made
    made.close()


@pytest.fixture
def alice(transactional_db: None, settings: Any) -> User:
    settings.SIMULATE_MARKET = True
    return fill()


def fill() -> User:
    """Make a customer with a little of everything that is written in an odd way."""
    alice = User.objects.create_user(
        "alice", "alice@example.com", "alice-pass", first_name="Ålice", last_name="Ba"
    )
    for currency in ("KES", "UGX"):
        account = account_open(user_id=alice.pk, currency=currency, opening_balance="1000")
        for amount in ("1", "20"):
            transaction_create(
                account_id=account.pk, type="payment", direction="outbound", amount=amount
            )
    odd: dict[str, Any] = {"a": [1.5, None, True, {"b": 2**53 - 1}], "c": "\u2028 <é> \U0001f600"}
    for number in range(4):
        notification_create(
            user_id=alice.pk, title=f"Number {number}", message="\u2029 'x' \"y\" \\", metadata=odd
        )
    announcement = announcement_create(author_id=alice.pk, title="Tonight", message="Away.")
    announcement_publish(announcement_id=announcement.pk)
    instruments_ensure()
    return alice
