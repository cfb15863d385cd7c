"""Bodies of broadcasts, and what was sent of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from tests.clients import api_as

Post = Callable[..., Any]
NOTE = {"title": "Hello", "message": "World"}
QUOTE = {"symbol": "BTC-USD", "price": "45000.25"}
ANNOUNCEMENT = {"title": "Maintenance", "message": "At noon", "severity": "maintenance"}
BODIES: dict[str, dict[str, Any]] = {
    "notification": NOTE,
    "transaction": {"id": "tx_1", "status": "completed", "amount": "12.50", "currency": "KES"},
    "balance": {
        **{"account_id": "1", "currency": "UGX"},
        **{"available_balance": "0", "current_balance": "-250"},
    },
    "market": QUOTE,
    "announcement": ANNOUNCEMENT,
}


def post_as(user: User) -> Post:
    """Return a function that broadcasts as a user."""
    client = api_as(user)

    def post(kind: str, body: Any, query: str = "", key: str | None = None, **extra: Any) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        return client.post(f"/ws/broadcast/{kind}{query}", body, headers=headers, **extra)

    return post


def sent(answer: Any) -> dict[str, Any]:
    """Check that a broadcast was sent, and return the answer."""
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    assert body["success"] is True
    return body


def query_of(kind: str, user: User) -> str:
    """Return the query that a kind needs: money is for one user."""
    return f"?user_id={user.pk}" if kind in {"transaction", "balance"} else ""
