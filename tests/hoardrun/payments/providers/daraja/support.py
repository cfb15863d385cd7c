"""An order of M-Pesa, and what answers and callbacks about it look like."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hoardrun.payments.providers.daraja.protocol import Daraja
from hoardrun.payments.providers.daraja.requests import Keys
from hoardrun.payments.providers.interface import Verdict
from tests.hoardrun.payments.providers.support import ID, incoming, order, reply

DARAJA = Daraja()
KEYS = Keys(
    consumer_key="key",
    consumer_secret="secret",
    shortcode="174379",
    passkey="passkey",
    initiator="clerk",
    security_credential="c2VhbGVk",
)
CHECKOUT = "ws_CO_10122023133400273768130105"
PUSHED: dict[str, Any] = {
    "currency": "KES",
    "country": "KE",
    "msisdn": "0712345678",
    "amount": Decimal(10),
    "reference": "INV-2026/0001",
    "text": "Rent & water for March",
    "provider_request_id": CHECKOUT,
}


def pushed(**changes: Any):
    return order(**(PUSHED | changes))


def called(body: object, purpose: Any = "payment"):
    return DARAJA.read_callback(incoming(body, purpose=purpose), Verdict.UNPROVEN)


def stk(code: object, **rest: Any) -> bytes:
    callback = {"CheckoutRequestID": CHECKOUT, "ResultCode": code, "ResultDesc": "…"} | rest
    return json.dumps({"Body": {"stkCallback": callback}}).encode()


def answered(code: object, status: int = 200, **rest: Any):
    body = {"ResponseCode": "0", "CheckoutRequestID": CHECKOUT, "ResultCode": code} | rest
    return DARAJA.read_look(pushed(), reply(status, body))


def result(code: object, items: object = None, **rest: Any) -> dict[str, Any]:
    body = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": "…",
        "OriginatorConversationID": ID,
        "ConversationID": "AG_20191219_00005797af5d7d75f652",
        "TransactionID": "NLJ41HAY6Q",
    }
    if items is not None:
        body["ResultParameters"] = {"ResultParameter": items}
    return {"Result": body | rest}
