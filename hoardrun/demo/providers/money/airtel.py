"""Airtel Money, in its first version: collections, disbursements and refunds."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Asked, Told, told
from hoardrun.demo.providers.money.accounts import Airtel as Account
from hoardrun.demo.providers.money.accounts import Seal
from hoardrun.demo.providers.money.callbacks import Callback
from hoardrun.demo.providers.money.names import name_of
from hoardrun.demo.providers.money.outcomes import End, Outcome, Turn, outcome_of
from hoardrun.demo.providers.money.payment import Kind, Payment
from hoardrun.demo.providers.money.processor import Answers, Processor

LIFE = 180
# The code of the phones of each country, and its currency.
COUNTRIES = {
    "UG": ("256", "UGX"), "KE": ("254", "KES"), "TZ": ("255", "TZS"), "RW": ("250", "RWF"),
    "ZM": ("260", "ZMW"),
}  # fmt: skip
_REFUND = Outcome("Given back at once", (Turn(0, "paid", told=False),))
_NATIONAL = re.compile(r"[1-9][0-9]{8}")


class Airtel:
    """Answers at `/auth/oauth2/token` and below `/merchant/v1/` and `/standard/v1/`."""

    def __init__(self, processor: Processor, seal: Seal) -> None:
        self.account = Account()
        self._processor = processor
        self._seal = seal

    def answer(self, asked: Asked) -> Told | None:
        if asked.path == "/auth/oauth2/token":
            return self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._processor.tokens.holds("airtel", token):
            return told("airtel", "token_wrong")
        country = asked.headers.get("x-country", "")
        _, currency = COUNTRIES.get(country, ("", ""))
        if not currency or asked.headers.get("x-currency") != currency:
            return told("airtel", "country_wrong")
        match (asked.method, *asked.path.split("/")[1:]):
            case ("POST", "merchant", "v1", "payments", ""):
                return self._collect(asked.object(), country)
            case ("POST", "standard", "v1", "disbursements", ""):
                return self._pay_out(asked.object(), country)
            case ("POST", "standard", "v1", "payments", "refund"):
                return self._refund(asked.object())
            case ("GET", "standard", "v1", "payments", reference):
                return self._look("collect", reference)
            case ("GET", "standard", "v1", "disbursements", reference):
                return self._look("payout", reference)
            case ("GET", "standard", "v1", "users", number):
                given, family = name_of(COUNTRIES[country][0] + number)
                return told("airtel", "user", given=given, family=family, number=number)
        return told("airtel", "nowhere")

    def callback(self, payment: Payment, end: End, *, is_forged: bool = False) -> Callback:
        """Return a callback with its hash, which is of the transaction alone."""
        transaction = literal.json_of("airtel", "transaction", **_values(payment, end))
        written = json.loads(payment.shape(transaction))
        told_of = json.dumps({"transaction": written}, separators=(",", ":"))
        key = b"a guess" if is_forged else self.account.hash_secret.encode()
        digest = b64encode(hmac.new(key, told_of.encode(), hashlib.sha256).digest()).decode()
        body = f'{told_of[:-1]},"hash":{json.dumps(digest)}}}'
        return Callback(payment.callback, body.encode())

    def _token(self, asked: Asked) -> Told:
        body = asked.object()
        given = body.get("client_id"), body.get("client_secret")
        if given != (self.account.client_id, self.account.client_secret):
            return told("airtel", "login_wrong")
        if body.get("grant_type") != "client_credentials":
            return told("airtel", "grant_wrong")
        return told("airtel", "token", token=self._processor.tokens.issue("airtel", LIFE))

    def _collect(self, body: Mapping[str, Any], country: str) -> Told | None:
        phone, transaction = _part(body, "subscriber"), _part(body, "transaction")
        if (wrong := _wrong(phone, transaction, country)) is not None:
            return _refused("collect", wrong)
        places = {(each.get("country"), each.get("currency")) for each in (phone, transaction)}
        if places != {(country, COUNTRIES[country][1])} or not body.get("reference"):
            return _refused("collect", "wrong")
        return self._take("collect", phone, transaction, body, country)

    def _pay_out(self, body: Mapping[str, Any], country: str) -> Told | None:
        phone, transaction = _part(body, "payee"), _part(body, "transaction")
        if (wrong := _wrong(phone, transaction, country)) is not None:
            return _refused("payout", wrong)
        if not self._seal.opens(body.get("pin")):
            return _refused("payout", "pin")
        return self._take("payout", phone, transaction, body, country)

    def _take(
        self, kind: Kind, phone: Mapping[str, Any], transaction: Mapping[str, Any],
        body: Mapping[str, Any], country: str,
    ) -> Told | None:  # fmt: skip
        code, currency = COUNTRIES[country]
        reference, number = str(transaction["id"]), f"{code}{phone['msisdn']}"
        payment = Payment(
            "airtel", kind, reference, number, Decimal(str(transaction["amount"])), currency,
            outcome_of(number, has_prompt=kind == "collect"), self._processor.now(),
            self.account.callback_url, text=str(body.get("reference", "")), country=country,
            receipt=f"MP{secrets.randbelow(10**6):06}.{secrets.randbelow(10**8):08}.L",
        )  # fmt: skip
        accepted = told("airtel", f"{kind}_taken", id=reference, code=_code(kind, "waiting"))
        answers = Answers(
            self._processor.shaped(payment, accepted), _refused(kind, "refused"),
            told("airtel", "broken"), _refused(kind, "exists"),
        )  # fmt: skip
        return self._processor.take(payment, answers)

    def _refund(self, body: Mapping[str, Any]) -> Told:
        """Give a payment back at once."""
        receipt = str(_part(body, "transaction").get("airtel_money_id"))
        payment = self._processor.store.known("airtel", receipt, "collect")
        if payment is None or payment.standing(self._processor.now()) != "paid":
            return _refused("collect", "not_found")
        reference = f"refund of {receipt}"
        refund = Payment(
            "airtel", "refund", reference, payment.number, payment.amount, payment.currency,
            _REFUND, self._processor.now(), linked=receipt,
        )  # fmt: skip
        if not self._processor.store.keep(refund):
            return _refused("collect", "exists")
        return told("airtel", "refunded", receipt=receipt)

    def _look(self, kind: Kind, reference: str) -> Told:
        payment = self._processor.store.look("airtel", reference, kind)
        if payment is None:
            return _refused(kind, "not_found")
        if self._processor.store.is_broken(payment):
            return told("airtel", "broken")
        end = payment.standing(self._processor.now())
        name = "asked_paid" if end in {"paid", "reversed"} else "asked"
        return self._processor.shaped(
            payment, told("airtel", name, code=_code(kind, end), **_values(payment, end))
        )


def _values(payment: Payment, end: End) -> dict[str, str]:
    """Return what a transaction is told by. Amounts stand in its message alone."""
    is_paid = end in {"paid", "reversed"}
    amount = f"{payment.told_currency} {payment.told_amount:,f}"
    return {
        "id": payment.id,
        "word": literal.code("airtel", end),
        "receipt": payment.receipt if is_paid else "",
        "message": f"Paid {amount} to HOARDRUN, Trans ID {payment.receipt}." if is_paid else end,
    }


def _wrong(phone: Mapping[str, Any], transaction: Mapping[str, Any], country: str) -> str | None:
    """Return what a request is refused for; None if nothing is wrong with it."""
    try:
        amount = Decimal(str(transaction.get("amount")))
    except InvalidOperation:
        return "amount"
    number = str(phone.get("msisdn"))
    if not amount.is_finite() or amount <= 0 or isinstance(transaction.get("amount"), str):
        return "amount"
    if not _NATIONAL.fullmatch(number) or number.startswith(COUNTRIES[country][0]):
        return "number"
    reference = transaction.get("id")
    return None if isinstance(reference, str) and 5 <= len(reference) <= 64 else "wrong"


def _code(kind: Kind, why: str) -> str:
    found: str = literal.table()["airtel"]["collect" if kind == "collect" else "payout"][why]
    return found


def _refused(kind: Kind, why: str) -> Told:
    return told("airtel", "refused", code=_code(kind, why), why=why)


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}
