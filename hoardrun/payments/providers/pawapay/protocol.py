"""What pawaPay speaks: requests, answers and callbacks. Pure.

It carries for many networks: the wallet that pays is a field of the order. Amounts are texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hoardrun.payments import reading
from hoardrun.payments.cleaning import Refused, clean_amount, clean_msisdn, clean_text, e164
from hoardrun.payments.codes import UNKNOWN, Meaning, evidence_of, read_codes
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.polling import Plan
from hoardrun.payments.providers import replies
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
from hoardrun.payments.providers.pawapay import signature
from realtime.outgoing.reply import Reply

CODES = read_codes(Path(__file__).with_name("codes.toml"))
NOT_FOUND = Meaning(Claim.UNKNOWN, "not_found")
MIN_MESSAGE, MAX_MESSAGE = 4, 22
# The resource of each kind, the name of its id, and whose account it names.
_RESOURCES: Mapping[Kind, tuple[str, str, str]] = {
    "collect": ("/v2/deposits", "depositId", "payer"),
    "payout": ("/v2/payouts", "payoutId", "recipient"),
    "refund": ("/v2/refunds", "refundId", ""),
}


class Keys(Struct, frozen=True, kw_only=True):
    """The account at pawaPay."""

    api_token: str
    public_keys: Mapping[str, str] = {}  # PEM by id, with which callbacks are signed


class PawaPay:
    """pawaPay."""

    name = "pawapay"
    capabilities = Capabilities(
        kinds=frozenset(_RESOURCES),
        decimals={"UGX": 0, "RWF": 0, "XAF": 0, "KES": 2, "TZS": 2, "GHS": 2, "ZMW": 2},
        plan=Plan(10),
        prompt_seconds=300,
    )

    def clean(self, order: Order) -> Order:
        if not order.wallet and order.kind != "refund":
            raise Refused("wallet", "required", "Say whose wallet it is, such as MTN_MOMO_UGA.")
        text = clean_text(order.text, MAX_MESSAGE, instead="Payment").replace(",", " ")
        return replace(
            order,
            amount=clean_amount(order.amount, order.currency, self.capabilities.decimals),
            msisdn=e164(clean_msisdn(order.msisdn, order.country)),
            text=text if len(text) >= MIN_MESSAGE else "Payment",
        )

    def token(self, keys: Keys, kind: Kind) -> Request | None:
        return None

    def read_token(self, reply: Reply) -> Token | None:
        return None

    def begin(self, order: Order, keys: Keys, token: str) -> Request:
        path, name, person = _RESOURCES[order.kind]
        body: dict[str, Any] = {
            name: order.id,
            "amount": f"{order.amount.normalize():f}",  # a trailing zero is refused
            "currency": order.currency,
        }
        if order.kind == "refund":
            body["depositId"] = order.refunds
        else:
            details = {"phoneNumber": order.msisdn.removeprefix("+"), "provider": order.wallet}
            body[person] = {"type": "MMO", "accountDetails": details}
            body["customerMessage"] = order.text
        headers = _headers(keys) | {"Content-Type": "application/json"}
        return Request(method="POST", path=path, headers=headers, body=replies.encode(body))

    def read_begun(self, order: Order, reply: Reply) -> Evidence:
        body = replies.body_of(reply) or {}
        status = reading.code(body.get("status"))
        code = _failure(body)
        meaning = replies.meaning_of_status(CODES["begun"], reply, status)
        if meaning.claim is Claim.ACCEPTED and reply.status != 200:
            meaning = UNKNOWN
        if meaning.claim is Claim.NOT_PAID:
            meaning = CODES["rejected"].get(code, meaning)
        raw_code = code or status or str(reply.status or reply.error)
        return evidence_of(meaning, Source.ACK, raw_code=raw_code, raw=reply.body)

    def look(self, order: Order, keys: Keys, token: str) -> Request | None:
        path = f"{_RESOURCES[order.kind][0]}/{order.id}"
        return Request(method="GET", path=path, headers=_headers(keys))

    def read_look(self, order: Order, reply: Reply) -> Evidence:
        body = replies.body_of(reply)
        why = NOT_FOUND if reply.status == 404 else replies.meaning_of_look(reply)
        if why is None and body is not None and body.get("status") == "NOT_FOUND":
            why = NOT_FOUND
        if why is None and body is None:
            why = replies.UNREADABLE
        if why is not None or body is None:
            raw_code = str(reply.status or reply.error)
            return evidence_of(why or UNKNOWN, Source.QUERY, raw_code=raw_code, raw=reply.body)
        return _read(reading.part(body, "data"), reply.body, Source.QUERY)

    def ask_name(self, order: Order, keys: Keys, token: str) -> Request | None:
        return None

    def read_name(self, reply: Reply) -> str:
        return ""

    def ask_balance(self, keys: Keys, token: str, kind: Kind) -> Request | None:
        return Request(method="GET", path="/v2/wallet-balances", headers=_headers(keys))

    def read_balance(self, reply: Reply, currency: str) -> Decimal | None:
        body = replies.body_of(reply) if reply.status == 200 else None
        balances = body.get("balances") if body else None
        own = [
            reading.amount(each.get("balance"))
            for each in (balances if isinstance(balances, list) else [])
            if isinstance(each, dict) and each.get("currency") == currency
        ]
        return own[0] if len(own) == 1 else None

    def verify(self, incoming: Incoming, keys: Keys, now: datetime) -> Verdict:
        return signature.verify(incoming, keys.public_keys, now)

    def read_callback(self, incoming: Incoming, verdict: Verdict) -> Evidence:
        source = replies.source_of(verdict)
        if (body := replies.object_of(incoming.raw)) is None:
            return evidence_of(replies.UNREADABLE, source, raw=incoming.raw)
        return _read(body, incoming.raw, source)

    def answer(self, incoming: Incoming) -> Answered:
        return Answered(200, b"{}")


def _read(body: Mapping[str, Any], raw: bytes, source: Source) -> Evidence:
    """Read a payment, as callbacks and looks show it alike."""
    code = reading.code(body.get("status"))
    meaning = CODES["status"].get(code, UNKNOWN)
    if code == "FAILED":
        code = _failure(body) or code
        meaning = CODES["reason"].get(code, CODES["reason"]["other"])
    account = reading.part(body, "payer") or reading.part(body, "recipient")
    phone = reading.text(reading.part(account, "accountDetails").get("phoneNumber"))
    receipt = reading.text(body.get("providerTransactionId"))
    return evidence_of(
        meaning,
        source,
        raw_code=code,
        amount=reading.amount(body.get("amount")),
        currency=reading.text(body.get("currency")),
        reference=_own(body),
        provider_txn_id=receipt if meaning.claim is Claim.PAID else "",
        payer=f"+{phone}" if phone.isascii() and phone.isdecimal() else "",
        raw=raw,
    )


def _own(body: Mapping[str, Any]) -> str:
    """Return our id. A refund has that of its deposit too."""
    names = ("refundId", "payoutId", "depositId")
    return next((reading.text(body[name]) for name in names if name in body), "")


def _failure(body: Mapping[str, Any]) -> str:
    return reading.code(reading.part(body, "failureReason").get("failureCode"))


def _headers(keys: Keys) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.api_token}", "User-Agent": USER_AGENT}
