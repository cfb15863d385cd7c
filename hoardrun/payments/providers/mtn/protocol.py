"""What MTN MoMo speaks: requests, answers and callbacks. Pure.

Our id goes as `X-Reference-Id`, and once more as `externalId`, which comes back.
Callbacks are not signed, and come by PUT or by POST.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hoardrun.payments import reading
from hoardrun.payments.cleaning import clean_amount, clean_msisdn, clean_text, e164
from hoardrun.payments.codes import UNKNOWN, Meaning, evidence_of, find, read_codes
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
from realtime.outgoing.reply import Reply

CODES = read_codes(Path(__file__).with_name("codes.toml"))
NOT_FOUND = Meaning(Claim.UNKNOWN, "not_found")
MAX_TEXT = 160
# The product, and the resource of it, by which each kind goes.
_PATHS: Mapping[Kind, tuple[str, str]] = {
    "collect": ("collection", "requesttopay"),
    "payout": ("disbursement", "transfer"),
    "refund": ("disbursement", "refund"),
}


class Keys(Struct, frozen=True, kw_only=True):
    """The account at MTN. Each product has keys of its own."""

    user: str
    key: str
    subscription_key: str
    environment: str  # such as `mtnuganda`


class Mtn:
    """MTN MoMo."""

    name = "mtn"
    capabilities = Capabilities(
        kinds=frozenset(_PATHS),
        # EUR is the sandbox's.
        decimals={"UGX": 0, "RWF": 0, "GHS": 2, "ZMW": 2, "EUR": 2},
        plan=Plan(10),
        prompt_seconds=300,
        name_check=True,
    )

    def clean(self, order: Order) -> Order:
        amount = clean_amount(order.amount, order.currency, self.capabilities.decimals)
        return replace(
            order,
            amount=amount,
            msisdn=e164(clean_msisdn(order.msisdn, order.country)),
            # With `&` a request is taken and never found; with an empty text it is a 500.
            text=clean_text(order.text, MAX_TEXT, instead="Payment"),
            note=clean_text(order.note, MAX_TEXT, instead="Payment"),
        )

    def token(self, keys: Keys, kind: Kind) -> Request | None:
        login = b64encode(f"{keys.user}:{keys.key}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "User-Agent": USER_AGENT}
        path = f"/{_PATHS[kind][0]}/token/"
        return Request(method="POST", path=path, headers=headers | _account(keys))

    def read_token(self, reply: Reply) -> Token | None:
        return replies.read_bearer(reply)

    def begin(self, order: Order, keys: Keys, token: str) -> Request:
        product, resource = _PATHS[order.kind]
        body: dict[str, Any] = {
            "amount": f"{order.amount:f}",
            "currency": order.currency,
            "externalId": order.id,
            "payerMessage": order.text,
            "payeeNote": order.note,
        }
        if order.kind == "refund":
            body["referenceIdToRefund"] = order.refunds
        else:
            person = "payer" if order.kind == "collect" else "payee"
            body[person] = {"partyIdType": "MSISDN", "partyId": order.msisdn.removeprefix("+")}
        headers = _headers(keys, token) | {
            "X-Reference-Id": order.id,
            "Content-Type": "application/json",
        }
        if order.callback_url:
            headers["X-Callback-Url"] = order.callback_url
        path = f"/{product}/v1_0/{resource}"
        return Request(method="POST", path=path, headers=headers, body=replies.encode(body))

    def read_begun(self, order: Order, reply: Reply) -> Evidence:
        code = reading.text((replies.body_of(reply) or {}).get("code"))
        meaning = replies.meaning_of_status(CODES["begun"], reply, code)
        raw_code = code or str(reply.status or reply.error)
        return evidence_of(meaning, Source.ACK, raw_code=raw_code, raw=reply.body)

    def look(self, order: Order, keys: Keys, token: str) -> Request | None:
        product, resource = _PATHS[order.kind]
        path = f"/{product}/v1_0/{resource}/{order.id}"
        return Request(method="GET", path=path, headers=_headers(keys, token))

    def read_look(self, order: Order, reply: Reply) -> Evidence:
        if (why := replies.meaning_of_look(reply)) is not None:
            raw_code = str(reply.status or reply.error)
            return evidence_of(why, Source.QUERY, raw_code=raw_code, raw=reply.body)
        if reply.status == 404:
            return evidence_of(NOT_FOUND, Source.QUERY, raw_code="404", raw=reply.body)
        return _read(replies.body_of(reply), reply.body, Source.QUERY)

    def ask_name(self, order: Order, keys: Keys, token: str) -> Request | None:
        product, digits = _PATHS[order.kind][0], order.msisdn.removeprefix("+")
        path = f"/{product}/v1_0/accountholder/msisdn/{digits}/basicuserinfo"
        return Request(method="GET", path=path, headers=_headers(keys, token))

    def read_name(self, reply: Reply) -> str:
        body = replies.body_of(reply) if reply.status == 200 else None
        return replies.full_name(body or {}, "given_name", "family_name")

    def ask_balance(self, keys: Keys, token: str, kind: Kind) -> Request | None:
        path = f"/{_PATHS[kind][0]}/v1_0/account/balance"
        return Request(method="GET", path=path, headers=_headers(keys, token))

    def read_balance(self, reply: Reply, currency: str) -> Decimal | None:
        body = replies.body_of(reply) if reply.status == 200 else None
        if body is None or body.get("currency") != currency:
            return None
        return reading.amount(body.get("availableBalance"))

    def verify(self, incoming: Incoming, keys: Keys, now: datetime) -> Verdict:
        return Verdict.UNPROVEN

    def read_callback(self, incoming: Incoming, verdict: Verdict) -> Evidence:
        body = replies.object_of(incoming.raw)
        return _read(body, incoming.raw, replies.source_of(verdict))

    def answer(self, incoming: Incoming) -> Answered:
        return Answered(200, b"{}")


def _account(keys: Keys) -> dict[str, str]:
    return {
        "Ocp-Apim-Subscription-Key": keys.subscription_key,
        "X-Target-Environment": keys.environment,
    }


def _headers(keys: Keys, token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "User-Agent": USER_AGENT} | _account(keys)


def _read(body: Mapping[str, Any] | None, raw: bytes, source: Source) -> Evidence:
    """Read what a callback and a status share. Texts and numbers stand for each other."""
    if body is None:
        return evidence_of(replies.UNREADABLE, source, raw=raw)
    code = reading.code(body.get("status"))
    meaning = CODES["status"].get(code, UNKNOWN)
    if code == "FAILED":
        reason = body.get("reason")
        code = reading.code(reason.get("code") if isinstance(reason, dict) else reason) or code
        meaning = find(CODES["reason"], code) or CODES["reason"]["other"]
    receipt = reading.text(body.get("financialTransactionId"))
    if meaning.claim is Claim.PAID and not receipt and source is not Source.QUERY:
        meaning = Meaning(Claim.UNKNOWN, "no_receipt")
    person = reading.part(body, "payer") or reading.part(body, "payee")
    return evidence_of(
        meaning,
        source,
        raw_code=code,
        amount=reading.amount(body.get("amount")),
        currency=reading.text(body.get("currency")),
        reference=reading.text(body.get("externalId")),
        # A payment that is under way may have one already, which is no receipt yet.
        provider_txn_id=receipt if meaning.claim is Claim.PAID else "",
        payer=_phone(person),
        raw=raw,
    )


def _phone(person: Mapping[str, Any]) -> str:
    digits = reading.text(person.get("partyId"))
    is_plain = digits.isascii() and digits.isdecimal()
    return f"+{digits}" if person.get("partyIdType") == "MSISDN" and is_plain else ""
