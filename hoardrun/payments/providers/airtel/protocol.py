"""What Airtel Money speaks: requests, answers and callbacks. Pure.

It refuses with HTTP 200, and calls a request that it accepted "Success.". Phones go without their
country's code. A callback has neither amount nor currency. A refund has neither an amount nor an id
of ours: it gives all back, and cannot be asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import phonenumbers
from msgspec import Struct
from msgspec.structs import replace

from hoardrun.payments import reading
from hoardrun.payments.cleaning import NO_REFERENCE, clean_amount, clean_msisdn, clean_text, e164
from hoardrun.payments.codes import UNKNOWN, Meaning, evidence_of, read_codes
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.polling import Plan
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.airtel import signature
from hoardrun.payments.providers.interface import (
    USER_AGENT,
    Answered,
    Capabilities,
    Incoming,
    Kind,
    Order,
    Request,
    Token,
    Verdict,
)
from realtime.outgoing.reply import Reply

CODES = read_codes(Path(__file__).with_name("codes.toml"))
NOT_FOUND = Meaning(Claim.UNKNOWN, "not_found")
NO_RECEIPT = Meaning(Claim.UNKNOWN, "no_receipt")
MAX_TEXT = 60
_PATHS: Mapping[Kind, str] = {
    "collect": "/merchant/v1/payments/",
    "payout": "/standard/v1/disbursements/",
    "refund": "/standard/v1/payments/refund",
}
_ENQUIRIES: Mapping[Kind, str] = {
    "collect": "/standard/v1/payments/",
    "payout": "/standard/v1/disbursements/",
}


class Keys(Struct, frozen=True, kw_only=True):
    """The application at Airtel."""

    client_id: str
    client_secret: str
    pin: str = ""  # of disbursements, sealed with Airtel's key
    hash_secret: str = ""  # of callbacks, if their authentication is on
    hashed: signature.Hashed = "body"


class Airtel:
    """Airtel Money."""

    name = "airtel"
    capabilities = Capabilities(
        kinds=frozenset(_PATHS),
        decimals={"UGX": 0, "KES": 2, "TZS": 2, "RWF": 0, "ZMW": 2},
        plan=Plan(180),  # an enquiry before that may find nothing
        prompt_seconds=180,
        reversal=True,
        refund_parts=False,
        name_check=True,
    )

    def clean(self, order: Order) -> Order:
        return replace(
            order,
            amount=clean_amount(order.amount, order.currency, self.capabilities.decimals),
            msisdn=e164(clean_msisdn(order.msisdn, order.country)),
            reference=clean_text(order.reference, MAX_TEXT, instead=NO_REFERENCE),
        )

    def token(self, keys: Keys, kind: Kind) -> Request | None:
        body = {
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
            "grant_type": "client_credentials",
        }
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        path = "/auth/oauth2/token"
        return Request(method="POST", path=path, headers=headers, body=replies.encode(body))

    def read_token(self, reply: Reply) -> Token | None:
        return replies.read_bearer(reply)

    def begin(self, order: Order, keys: Keys, token: str) -> Request:
        body: dict[str, Any]
        if order.kind == "refund":
            body = {"transaction": {"airtel_money_id": order.refunds}}
        elif order.kind == "payout":
            body = {
                "payee": {"msisdn": _national(order.msisdn)},
                "reference": order.reference,
                "pin": keys.pin,
                "transaction": {"amount": order.amount, "id": order.id, "type": "B2C"},
            }
        else:
            place = {"country": order.country, "currency": order.currency}
            body = {
                "reference": order.reference,
                "subscriber": place | {"msisdn": _national(order.msisdn)},
                "transaction": {"amount": order.amount} | place | {"id": order.id},
            }
        headers = _headers(order, token) | {"Content-Type": "application/json"}
        path = _PATHS[order.kind]
        return Request(method="POST", path=path, headers=headers, body=replies.encode(body))

    def read_begun(self, order: Order, reply: Reply) -> Evidence:
        body = replies.body_of(reply) or {}
        code = _code(body)
        is_taken = reading.part(body, "status").get("success") is True
        meaning = _table(order.kind).get(code)
        if reply.status == 200 and meaning is None:
            meaning = Meaning(Claim.ACCEPTED) if is_taken else UNKNOWN
        if meaning is None:
            meaning = replies.meaning_of_status(CODES["begun"], reply, code)
        if meaning.claim in {Claim.PAID, Claim.WAITING}:
            meaning = Meaning(Claim.ACCEPTED) if is_taken else UNKNOWN
        return evidence_of(
            meaning,
            Source.ACK,
            raw_code=code or str(reply.status or reply.error),
            provider_request_id=_their_id(order, reading.part(body, "data", "transaction")),
            raw=reply.body,
        )

    def look(self, order: Order, keys: Keys, token: str) -> Request | None:
        if order.kind not in _ENQUIRIES:
            return None
        path = f"{_ENQUIRIES[order.kind]}{order.id}"
        return Request(method="GET", path=path, headers=_headers(order, token))

    def read_look(self, order: Order, reply: Reply) -> Evidence:
        body = replies.body_of(reply)
        why = NOT_FOUND if reply.status == 404 else replies.meaning_of_look(reply)
        if why is None and body is None:
            why = replies.UNREADABLE
        if why is not None or body is None:
            raw_code = str(reply.status or reply.error)
            return evidence_of(why or UNKNOWN, Source.QUERY, raw_code=raw_code, raw=reply.body)
        transaction = reading.part(body, "data", "transaction")
        return _read(transaction, _code(body), order.kind, Source.QUERY, reply.body)

    def ask_name(self, order: Order, keys: Keys, token: str) -> Request | None:
        path = f"/standard/v1/users/{_national(order.msisdn)}"
        return Request(method="GET", path=path, headers=_headers(order, token))

    def read_name(self, reply: Reply) -> str:
        body = replies.body_of(reply) if reply.status == 200 else None
        return replies.full_name(reading.part(body or {}, "data"), "first_name", "last_name")

    def ask_balance(self, keys: Keys, token: str, kind: Kind) -> Request | None:
        return None

    def read_balance(self, reply: Reply, currency: str) -> Decimal | None:
        return None

    def verify(self, incoming: Incoming, keys: Keys, now: datetime) -> Verdict:
        return signature.verify(
            incoming.raw, incoming.headers, secret=keys.hash_secret, hashed=keys.hashed
        )

    def read_callback(self, incoming: Incoming, verdict: Verdict) -> Evidence:
        source = replies.source_of(verdict)
        if (body := replies.object_of(incoming.raw)) is None:
            return evidence_of(replies.UNREADABLE, source, raw=incoming.raw)
        transaction = reading.part(body, "transaction") or reading.part(body, "data", "transaction")
        return _read(transaction, "", "collect", source, incoming.raw)

    def answer(self, incoming: Incoming) -> Answered:
        return Answered(200, b"{}")


def _read(
    transaction: Mapping[str, Any], code: str, kind: Kind, source: Source, raw: bytes
) -> Evidence:
    """Read what became of a transaction: its status, and the code that may explain it."""
    word = reading.code(transaction.get("status_code")) or reading.code(transaction.get("status"))
    meaning = CODES["status"].get(word, UNKNOWN)
    explained = _table(kind).get(code)
    if explained is not None and (meaning.claim is explained.claim or not word):
        meaning = explained
    receipt = reading.text(transaction.get("airtel_money_id"))
    if meaning.claim is Claim.PAID and not receipt:
        meaning = NO_RECEIPT
    return evidence_of(
        meaning,
        source,
        raw_code=f"{word} {code}".strip()[: reading.MAX_TEXT],
        amount=reading.amount(transaction.get("amount")),
        reference=reading.text(transaction.get("id")),
        provider_txn_id=receipt if meaning.claim is Claim.PAID else "",
        raw=raw,
    )


def _table(kind: Kind) -> Mapping[str, Meaning]:
    return CODES["payout" if kind == "payout" else "collect"]


def _code(body: Mapping[str, Any]) -> str:
    return reading.code(reading.part(body, "status").get("response_code"))


def _their_id(order: Order, transaction: Mapping[str, Any]) -> str:
    found = reading.text(transaction.get("id"))
    return "" if found == order.id else found


def _headers(order: Order, token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "User-Agent": USER_AGENT,
        "X-Country": order.country,
        "X-Currency": order.currency,
    }


def _national(msisdn: str) -> str:
    return phonenumbers.national_significant_number(phonenumbers.parse(msisdn))
