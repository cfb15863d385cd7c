"""What the tests of protocols are made of: orders, answers and callbacks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from hoardrun.payments.providers.interface import Incoming, Order, Purpose
from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import Reply, outcome_of

ID = "6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ORDER = Order(
    id=ID,
    kind="collect",
    amount=Decimal(5000),
    currency="UGX",
    country="UG",
    msisdn="0771234567",
    at=NOW,
    callback_url="https://pay.example.org/in/6f1a/secret",
)


def order(**changes: Any) -> Order:
    return replace(ORDER, **changes)


def reply(status: int | None, body: object = b"", outcome: Outcome | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    default = Outcome.UNKNOWN if status is None else outcome_of(status, {})
    error = "timeout" if status is None else ""
    return Reply(outcome=outcome or default, status=status, body=raw, error=error)


NOT_SENT = reply(None, outcome=Outcome.NOT_SENT)


def incoming(body: object, *, purpose: Purpose = "payment", **rest: Any) -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields: dict[str, Any] = {"method": "POST", "path": "/in", "headers": {}} | rest
    return Incoming(raw=raw, purpose=purpose, **fields)
