"""The forms with which staff broadcasts from the console."""

from __future__ import annotations

from typing import Any

from hoardrun.broadcasts.rules import BROADCAST
from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.market.messages import MarketUpdate
from notifications.messages import Notification, SystemAnnouncement
from realtime.console.forms import StaffForm
from realtime.protocol.messages import Payload

_USER = {"type": "integer", "minimum": 1, "format": "user"}  # asked for by name
_ANYBODY = _USER | {"description": "Left empty, it goes to everybody."}
_ROOM = {"type": "string", "maxLength": 100, "default": "market_data"}


def _form(kind: str, message: type[Payload], about: str, **options: Any) -> StaffForm:
    return StaffForm(kind, f"/ws/broadcast/{kind}", BROADCAST, message, about, **options)


FORMS = (
    _form(
        "notification",
        Notification,
        "Puts a notification into a user's inbox, or shows it to everybody who is connected; the "
        "second may first wait for another person's approval.",
        without={"id", "status", "metadata", "created_at", "seen_at", "read_at", "stored"},
        target={"user_id": _ANYBODY},
    ),
    _form(
        "transaction",
        TransactionUpdate,
        "Pushes a transaction's state to its owner; no transaction is changed by it.",
        without={"merchant_name", "merchant_category", "failure_reason"},
        target={"user_id": _USER},
        required=("user_id",),
    ),
    _form(
        "balance",
        BalanceUpdate,
        "Pushes an account's balances to its owner; no account is changed by it.",
        without={"id", "type", "name", "status", "created_at"},
        target={"user_id": _USER},
        required=("user_id",),
    ),
    _form(
        "market",
        MarketUpdate,
        "Pushes a quote to a market room; the next true one replaces it.",
        target={"room": _ROOM},
    ),
    _form(
        "announcement",
        SystemAnnouncement,
        "Announces something to everybody. It may first wait for another person's approval.",
        without={"id", "starts_at", "published_at"},
    ),
)
