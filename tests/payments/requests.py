"""The requests of a run, each with the token of whoever asks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.payments.load import hash_of
from tests.payments.plan import BY_MENU, Wish


def payment(wish: Wish, people: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what asks for a payment."""
    number = hash_of(wish.key)
    person = people[number % len(people)]
    body = {
        "account_id": person["accounts"][wish.currency],
        "provider": wish.provider,
        "kind": wish.kind,
        "amount": str(wish.amount),
        "msisdn": wish.number,
        "reference": f"R{number % 10**9}",
    }
    if wish.provider == "pawapay":
        body["network"] = "MTN_MOMO_UGA"
    made = {"key": wish.key, "path": "/api/v1/payments", "token": person["token"], "body": body}
    if (wish.provider, wish.kind) == ("daraja", "collect") and wish.outcome in BY_MENU:
        made["bill"] = _bill(wish, str(body["reference"]))
    return made


def _bill(wish: Wish, reference: str) -> Mapping[str, str]:
    """Return the payment of a prompt's money by the menu of its phone."""
    number = wish.number.removeprefix("+")
    return {"number": number, "account": reference, "amount": str(wish.amount)}


def refund(payment_id: str, token: str) -> Mapping[str, Any]:
    """Return what asks that a payment is given back whole."""
    path = f"/api/v1/payments/{payment_id}/refunds"
    return {"key": f"refund-{payment_id}", "path": path, "token": token, "body": {}}
