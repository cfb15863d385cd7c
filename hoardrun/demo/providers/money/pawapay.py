"""pawaPay, version 2: deposits, payouts and refunds over many networks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Asked, Told, told
from hoardrun.demo.providers.money import signing
from hoardrun.demo.providers.money.accounts import PawaPay as Account
from hoardrun.demo.providers.money.callbacks import Callback
from hoardrun.demo.providers.money.grammar import is_uuid4
from hoardrun.demo.providers.money.outcomes import End, outcome_of
from hoardrun.demo.providers.money.payment import Kind, Payment
from hoardrun.demo.providers.money.processor import Answers, Processor

# Of each network: its country, the code of its phones, its currency, and the decimals it takes.
NETWORKS = {
    "MTN_MOMO_UGA": ("UGA", "256", "UGX", 0),
    "AIRTEL_OAPI_UGA": ("UGA", "256", "UGX", 0),
    "MPESA_KEN": ("KEN", "254", "KES", 2),
    "MTN_MOMO_RWA": ("RWA", "250", "RWF", 0),
    "VODACOM_TZA": ("TZA", "255", "TZS", 2),
    "MTN_MOMO_GHA": ("GHA", "233", "GHS", 2),
    "MTN_MOMO_ZMB": ("ZMB", "260", "ZMW", 2),
    "MTN_MOMO_CMR": ("CMR", "237", "XAF", 0),
}
MOST = Decimal(10_000_000)
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{0,3}[1-9])?")
_MESSAGE = re.compile(r"[A-Za-z0-9 ]{4,22}")
# The resource of each kind, the name of its id, and whose account it names.
_RESOURCES: dict[str, tuple[Kind, str, str]] = {
    "deposits": ("collect", "depositId", "payer"),
    "payouts": ("payout", "payoutId", "recipient"),
    "refunds": ("refund", "refundId", "recipient"),
}


class PawaPay:
    """Answers below `/v2/`."""

    def __init__(self, processor: Processor) -> None:
        self.account = Account()
        self._processor = processor

    def answer(self, asked: Asked) -> Told | None:
        token = asked.headers.get("authorization", "")
        if not token.startswith("Bearer "):
            return told("pawapay", "token_missing")
        if token != f"Bearer {self.account.api_token}":
            return told("pawapay", "token_wrong")
        match (asked.method, *asked.path.split("/")[2:]):
            case ("POST", resource) if resource in _RESOURCES:
                return self._begin(asked.object(), resource)
            case ("GET", resource, reference) if resource in _RESOURCES:
                return self._look(resource, reference)
            case ("POST", resource, "resend-callback", reference) if resource in _RESOURCES:
                return self._again(resource, reference)
            case ("GET", "wallet-balances"):
                balance = self._processor.store.balance("pawapay", "UGX")
                other = self._processor.store.balance("pawapay", "KES")
                return told("pawapay", "balances", balance=balance, other=other)
            case ("GET", "public-key", "http"):
                account = self.account
                return told("pawapay", "public_key", id=account.key_id, key=account.public_key)
        return told("pawapay", "nowhere")

    def callback(self, payment: Payment, end: End, *, is_forged: bool = False) -> Callback:
        body = payment.shape(_data(payment, end))
        key = ec.generate_private_key(ec.SECP256R1()) if is_forged else self.account.key
        signed = signing.headers(
            payment.callback, body, payment.outcome.method, key, self.account.key_id
        )
        return Callback(payment.callback, body, signed)

    def _begin(self, body: Mapping[str, Any], resource: str) -> Told | None:
        kind, name, person = _RESOURCES[resource]
        reference = body.get(name)
        if not is_uuid4(reference):
            return told("pawapay", "input_wrong", field=name)
        original = self._processor.store.known("pawapay", str(body.get("depositId")), "collect")
        account = _account(body, person) if kind != "refund" else _of(original)
        number, wallet = account.get("phoneNumber"), account.get("provider")
        network = NETWORKS.get(str(wallet))
        if network is None or (kind == "refund" and original is None):
            wrong = "NOT_FOUND" if kind == "refund" else "INVALID_PROVIDER"
            return _rejected(resource, str(reference), wrong)
        if wrong := _wrong(body, number, network, kind):
            return _rejected(resource, str(reference), wrong)
        message = body.get("customerMessage")
        if message is not None and not _MESSAGE.fullmatch(str(message)):
            return told("pawapay", "input_wrong", field="customerMessage")
        urls = self.account
        callbacks = {"collect": urls.deposit_url, "payout": urls.payout_url}
        payment = Payment(
            "pawapay", kind, str(reference), str(number), Decimal(str(body["amount"])),
            str(body["currency"]), outcome_of(str(number), has_prompt=kind == "collect"),
            self._processor.now(), callbacks.get(kind, urls.refund_url), text=str(message or ""),
            wallet=str(wallet), country=network[0], receipt=f"{secrets.randbelow(10**11):011}",
        )  # fmt: skip
        answers = Answers(
            _begun(resource, payment.id, "ACCEPTED"),
            _rejected(resource, payment.id, "PROVIDER_TEMPORARILY_UNAVAILABLE"),
            told("pawapay", "broken"), _begun(resource, payment.id, "DUPLICATE_IGNORED"),
        )  # fmt: skip
        return self._processor.take(payment, answers)

    def _look(self, resource: str, reference: str) -> Told:
        payment = self._processor.store.look("pawapay", reference, _RESOURCES[resource][0])
        if payment is None:
            return told("pawapay", "not_found")
        if self._processor.store.is_broken(payment):
            return told("pawapay", "broken")
        data = _data(payment, payment.standing(self._processor.now()))
        found = Told(200, b'{"status":"FOUND","data":' + data + b"}", _JSON)
        return self._processor.shaped(payment, found)

    def _again(self, resource: str, reference: str) -> Told:
        """Send the callback of a payment that has ended once more."""
        payment = self._processor.store.known("pawapay", reference, _RESOURCES[resource][0])
        end = payment.standing(self._processor.now()) if payment else "waiting"
        if payment is None or end == "waiting":
            return _rejected(resource, reference, "NOT_FOUND")
        callback = self.callback(payment, end)
        self._processor.later(0, callback)
        return _begun(resource, reference, "ACCEPTED")


_JSON = {"Content-Type": "application/json"}


def _begun(resource: str, reference: str, status: str) -> Told:
    name = _RESOURCES[resource][1]
    return told("pawapay", "begun", called=name, id=reference, status=status, at=_now())


def _rejected(resource: str, reference: str, code: str) -> Told:
    name = _RESOURCES[resource][1]
    return told("pawapay", "rejected", called=name, id=reference, code=code)


def _wrong(
    body: Mapping[str, Any], number: object, network: tuple[str, str, str, int], kind: Kind
) -> str:
    """Return the code that a request is rejected with; empty if nothing is wrong with it."""
    _, prefix, currency, decimals = network
    amount = body.get("amount")
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        return "INVALID_AMOUNT"
    if len(amount.partition(".")[2]) > decimals:
        return "INVALID_AMOUNT"
    if body.get("currency") != currency:
        return "INVALID_CURRENCY"
    if not 0 < Decimal(amount) <= MOST:
        return "AMOUNT_OUT_OF_BOUNDS"
    is_number = re.fullmatch(rf"{prefix}[1-9][0-9]{{8}}", str(number))
    return "" if is_number or kind == "refund" else "INVALID_PHONE_NUMBER"


def _account(body: Mapping[str, Any], person: str) -> Mapping[str, Any]:
    found = body.get(person)
    details = found.get("accountDetails") if isinstance(found, dict) else None
    is_wallet = isinstance(found, dict) and found.get("type") == "MMO"
    return details if is_wallet and isinstance(details, dict) else {}


def _of(payment: Payment | None) -> Mapping[str, Any]:
    return {"phoneNumber": payment.number, "provider": payment.wallet} if payment else {}


def _data(payment: Payment, end: End) -> bytes:
    """Return a payment as callbacks and answers show it alike."""
    resource = next(name for name, found in _RESOURCES.items() if found[0] == payment.kind)
    _, name, person = _RESOURCES[resource]
    words = {"paid": "paid", "reversed": "paid", "waiting": "waiting", "busy": "waiting"}
    return literal.json_of(
        "pawapay", {**words, "odd": "odd"}.get(end, "failed"), called=name, person=person,
        id=payment.id, amount=f"{payment.told_amount:f}", currency=payment.told_currency,
        country=payment.country, number=payment.number, wallet=payment.wallet, at=_now(),
        receipt=payment.receipt, code=literal.table()["pawapay"]["codes"].get(end, ""),
    )  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
