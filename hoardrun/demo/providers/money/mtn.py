"""MTN MoMo: collections and disbursements."""

from __future__ import annotations

import itertools
import re
import secrets
from base64 import b64encode
from decimal import Decimal
from typing import Any

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Asked, Told, told
from hoardrun.demo.providers.money.accounts import Mtn as Account
from hoardrun.demo.providers.money.callbacks import Callback
from hoardrun.demo.providers.money.grammar import is_named, is_uuid4
from hoardrun.demo.providers.money.names import name_of
from hoardrun.demo.providers.money.outcomes import OUTCOMES, End, outcome_of
from hoardrun.demo.providers.money.payment import Kind, Payment
from hoardrun.demo.providers.money.processor import PAGE, Answers, Processor

CURRENCIES = {
    "sandbox": "EUR", "mtnuganda": "UGX", "mtnrwanda": "RWF", "mtnghana": "GHS", "mtnzambia": "ZMW",
}  # fmt: skip
LIFE, LONGEST = 3600, 160
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")
_KINDS: dict[tuple[str, str], Kind] = {
    ("collection", "requesttopay"): "collect",
    ("disbursement", "transfer"): "payout",
    ("disbursement", "refund"): "refund",
}

# The entry of the table for each end; all others are failures.
_WORDS: dict[End, str] = {
    "waiting": "waiting", "busy": "waiting", "odd": "odd", "paid": "paid", "reversed": "paid",
}  # fmt: skip


class Mtn:
    """Answers below `/collection/` and `/disbursement/`."""

    def __init__(self, processor: Processor) -> None:
        self.accounts = {name: Account.of(name) for name in ("collection", "disbursement")}
        self._processor = processor
        # Digits only, and none twice.
        self._receipts = itertools.count(secrets.randbelow(8_000_000_000) + 1_000_000_000)

    def answer(self, asked: Asked) -> Told | None:
        _, product, *rest = asked.path.split("/")
        if "python-requests" in asked.headers.get("user-agent", ""):
            return told("mtn", "agent_refused", page=PAGE)
        account = self.accounts[product]
        if asked.headers.get("ocp-apim-subscription-key") != account.subscription_key:
            return told("mtn", "subscription_wrong")
        environment = asked.headers.get("x-target-environment", "")
        if not environment:
            return told("mtn", "environment_missing")
        if (asked.method, rest) == ("POST", ["token", ""]):
            return self._token(asked, product, account)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._processor.tokens.holds(f"mtn {product}", token):
            return told("mtn", "token_wrong")
        if environment not in CURRENCIES:
            return told("mtn", "environment_wrong")
        match (asked.method, *rest):
            case ("POST", "v1_0", resource) if kind := _KINDS.get((product, resource)):
                return self._begin(asked, kind, CURRENCIES[environment])
            case ("GET", "v1_0", resource, reference) if kind := _KINDS.get((product, resource)):
                return self._look(kind, reference)
            case ("GET", "v1_0", "account", "balance"):
                currency = CURRENCIES[environment]
                kinds = {kind for (of, _), kind in _KINDS.items() if of == product}
                balance = self._processor.store.balance("mtn", currency, kinds)
                return told("mtn", "balance", balance=balance, currency=currency)
            case ("GET", "v1_0", "accountholder", "msisdn", number, "basicuserinfo"):
                given, family = name_of(number)
                return told("mtn", "name", given=given, family=family)
            case ("GET", "v1_0", "accountholder", "msisdn", _, "active"):
                return told("mtn", "active")
        return told("mtn", "not_found")

    def callback(self, payment: Payment, end: End, *, is_forged: bool = False) -> Callback:
        """Return the body that a status has too; of a failure the reason is a text."""
        answer = _status(payment, end, "told")
        return Callback(payment.callback, payment.shape(answer.body))

    def _token(self, asked: Asked, product: str, account: Account) -> Told:
        login = b64encode(f"{account.user}:{account.key}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            return told("mtn", "login_wrong")
        return told("mtn", "token", token=self._processor.tokens.issue(f"mtn {product}", LIFE))

    def _begin(self, asked: Asked, kind: Kind, currency: str) -> Told | None:
        reference = asked.headers.get("x-reference-id", "")
        callback = asked.headers.get("x-callback-url", "")
        body = asked.object()
        person = body.get("payer" if kind == "collect" else "payee") or {}
        original = self._processor.store.known(
            "mtn", str(body.get("referenceIdToRefund", "")), "collect"
        )
        number = original.number if kind == "refund" and original else person.get("partyId", "")
        texts = [body.get("payerMessage"), body.get("payeeNote")]
        if not is_uuid4(reference) or not _is_payment(body, kind, number):
            return told("mtn", "request_wrong")
        if callback and not is_named(callback):
            return told("mtn", "callback_host")
        if "" in texts:
            return told("mtn", "text_empty")
        if body["currency"] != currency:
            return told("mtn", "currency_wrong")
        is_lost = any("&" in (text or "") for text in texts)
        payment = Payment(
            "mtn", kind, reference, number, Decimal(body["amount"]), currency,
            OUTCOMES[17] if is_lost else outcome_of(number, has_prompt=kind == "collect"),
            self._processor.now(), callback, text=texts[0] or "", note=texts[1] or "",
            batch=body["externalId"], receipt=str(next(self._receipts)),
        )  # fmt: skip
        names = ("taken", "refused", "broken", "exists")
        return self._processor.take(payment, Answers(*(told("mtn", name) for name in names)))

    def _look(self, kind: Kind, reference: str) -> Told:
        payment = self._processor.store.look("mtn", reference, kind)
        if payment is None:
            return told("mtn", "not_found")
        if self._processor.store.is_broken(payment):
            return told("mtn", "broken")
        return self._processor.shaped(
            payment, _status(payment, payment.standing(self._processor.now()))
        )


def _status(payment: Payment, end: End, how: str = "asked") -> Told:
    """Return a status; a payment that was reversed was paid, for all that MTN says."""
    name = _WORDS.get(end, f"failed_{how}")
    return told(
        "mtn", name, receipt=payment.receipt, external=payment.batch, number=payment.number,
        amount=f"{payment.told_amount:f}", currency=payment.told_currency, text=payment.text,
        note=payment.note, person="payer" if payment.kind == "collect" else "payee",
        code=literal.table()["mtn"]["codes"].get(end, ""),
    )  # fmt: skip


def _is_payment(body: dict[str, Any], kind: Kind, number: object) -> bool:
    person = body.get("payer" if kind == "collect" else "payee") or {}
    amount, texts = body.get("amount"), (body.get("payerMessage"), body.get("payeeNote"))
    return (
        isinstance(amount, str)
        and _AMOUNT.fullmatch(amount) is not None
        and Decimal(amount) > 0
        and isinstance(body.get("currency"), str)
        and isinstance(body.get("externalId"), str)
        and (kind == "refund" or person.get("partyIdType") == "MSISDN")
        and isinstance(number, str)
        and re.fullmatch(r"[1-9][0-9]{6,14}", number) is not None
        and all(text is None or len(text) <= LONGEST for text in texts)
    )
