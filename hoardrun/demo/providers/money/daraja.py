"""M-Pesa's Daraja: prompts, payouts, reversals, and payments to an account."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hoardrun.demo.providers.http import Asked, Told, told
from hoardrun.demo.providers.money import results
from hoardrun.demo.providers.money.accounts import Daraja as Account
from hoardrun.demo.providers.money.accounts import Seal
from hoardrun.demo.providers.money.bills import Bills, bad
from hoardrun.demo.providers.money.callbacks import Callback
from hoardrun.demo.providers.money.grammar import is_safe, whole
from hoardrun.demo.providers.money.outcomes import BY_HAND, End, Outcome, Turn, outcome_of
from hoardrun.demo.providers.money.payment import Kind, Payment
from hoardrun.demo.providers.money.processor import Answers, Processor

LIFE, LONGEST_REFERENCE, LONGEST_TEXT = 3600, 12, 182
_PHONE = re.compile(r"254[17][0-9]{8}")
_BUSY = Outcome("Another prompt is on the phone", (Turn(0, "busy"),))


class Daraja:
    """Answers at `/oauth/v1/generate` and below `/mpesa/`."""

    def __init__(self, processor: Processor, seal: Seal) -> None:
        self.account = Account()
        self._processor = processor
        self._seal = seal
        self.bills = Bills(processor, self.account.shortcode)

    def answer(self, asked: Asked) -> Told | None:
        if asked.path == "/oauth/v1/generate":
            return self._token(asked)
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return told("daraja", "token_missing")
        if not self._processor.tokens.holds("daraja", token):
            name = "token_over" if self._processor.tokens.was_issued(token) else "token_wrong"
            return told("daraja", name, over=token)
        calls = {
            "/mpesa/stkpush/v1/processrequest": self._push,
            "/mpesa/stkpushquery/v1/query": self._push_query,
            "/mpesa/b2c/v3/paymentrequest": self._pay_out,
            "/mpesa/reversal/v1/request": self._reverse,
            "/mpesa/transactionstatus/v1/query": self._status,
            "/mpesa/c2b/v2/registerurl": self.bills.register,
        }
        if asked.method != "POST" or asked.path not in calls:
            return told("daraja", "nowhere")
        return calls[asked.path](asked.object())

    def callback(self, payment: Payment, end: End, *, is_forged: bool = False) -> Callback:
        build = results.push_body if payment.kind == "collect" else results.result_body
        return Callback(payment.callback, payment.shape(build(payment, end)))

    def _token(self, asked: Asked) -> Told:
        login = f"{self.account.consumer_key}:{self.account.consumer_secret}"
        given = asked.headers.get("authorization")
        if given != f"Basic {b64encode(login.encode()).decode()}":
            return told("daraja", "login_wrong")
        if asked.query.get("grant_type") != "client_credentials":
            return told("daraja", "grant_wrong")
        return told("daraja", "token", token=self._processor.tokens.issue("daraja", LIFE))

    def _push(self, body: Mapping[str, Any]) -> Told | None:
        if wrong := self._unsigned(body):
            return wrong
        phone, amount = str(body.get("PhoneNumber")), whole(body.get("Amount"))
        reference, text = body.get("AccountReference"), body.get("TransactionDesc")
        if not _PHONE.fullmatch(phone) or str(body.get("PartyA")) != phone:
            return bad("PhoneNumber")
        if amount is None or amount > results.MOST:
            return bad("Amount")
        if not is_safe(body.get("CallBackURL")):
            return bad("CallBackURL")
        if not isinstance(reference, str) or not 0 < len(reference) <= LONGEST_REFERENCE:
            return bad("AccountReference")
        if not isinstance(text, str) or not text:
            return bad("TransactionDesc")
        outcome = outcome_of(phone, has_prompt=True)
        if outcome is BY_HAND and self._is_asked(phone):
            outcome = _BUSY
        if len(text) > LONGEST_TEXT:
            outcome = Outcome("The text is too long for a prompt", (Turn(0, "unsent"),))
        stamp = datetime.now(UTC).astimezone(results.NAIROBI).strftime("%d%m%Y%H%M%S")
        payment = Payment(
            "daraja", "collect", f"ws_CO_{stamp}{secrets.randbelow(10**12):012}", phone,
            Decimal(amount), "KES", outcome, self._processor.now(), str(body["CallBackURL"]),
            text=text, note=reference,
            batch=f"{secrets.randbelow(90_000) + 10_000}-{secrets.randbelow(10**8)}-1",
        )  # fmt: skip
        names = {"merchant": payment.batch, "checkout": payment.id}
        return self._taken(payment, told("daraja", "pushed", **names))

    def _push_query(self, body: Mapping[str, Any]) -> Told:
        if wrong := self._unsigned(body):
            return wrong
        payment = self._processor.store.look(
            "daraja", str(body.get("CheckoutRequestID")), "collect"
        )
        if payment is None:
            return bad("CheckoutRequestID")
        if self._processor.store.is_broken(payment):
            return told("daraja", "broken")
        end = payment.standing(self._processor.now())
        return self._processor.shaped(payment, results.push_answer(payment, end))

    def _pay_out(self, body: Mapping[str, Any]) -> Told | None:
        phone, amount = str(body.get("PartyB")), whole(body.get("Amount"))
        if not _PHONE.fullmatch(phone):
            return bad("PartyB")
        if amount is None or amount > results.MOST:
            return bad("Amount")
        commands = {"BusinessPayment", "SalaryPayment", "PromotionPayment"}
        if body.get("CommandID") not in commands:
            return bad("CommandID")
        if str(body.get("PartyA")) != self.account.shortcode:
            return bad("PartyA")
        outcome = outcome_of(phone, has_prompt=False)
        reference = str(body.get("OriginatorConversationID") or "")
        return self._ask_result(body, "payout", reference, phone, amount, outcome)

    def _reverse(self, body: Mapping[str, Any]) -> Told | None:
        original = self._processor.store.known(
            "daraja", str(body.get("TransactionID")), "collect", "bill"
        )
        amount = whole(body.get("Amount"))
        if body.get("CommandID") != "TransactionReversal":
            return bad("CommandID")
        if body.get("RecieverIdentifierType") != "11":
            return bad("RecieverIdentifierType")
        if amount is None:
            return bad("Amount")
        if original is None or amount != original.amount:
            outcome, phone = Outcome("Nothing to reverse", (Turn(3, "cancelled"),)), ""
        else:
            outcome, phone = outcome_of(original.number, has_prompt=False), original.number
        reference = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-1"
        return self._ask_result(body, "refund", reference, phone, amount, outcome)

    def _ask_result(
        self, body: Mapping[str, Any], kind: Kind, reference: str, phone: str, amount: int,
        outcome: Outcome,
    ) -> Told | None:  # fmt: skip
        """Take what a result will be sent of; a wrong password is told by that result too."""
        for name in ("ResultURL", "QueueTimeOutURL"):
            if not is_safe(body.get(name)):
                return bad(name)
        if not reference:
            return bad("OriginatorConversationID")
        initiator = body.get("InitiatorName", body.get("Initiator"))
        if not self._is_initiator(initiator, body):
            outcome = Outcome("The initiator is wrong", (Turn(0, "pin"),))
        callback, text = str(body["ResultURL"]), str(body.get("Remarks", ""))
        payment = Payment(
            "daraja", kind, reference, phone, Decimal(amount), "KES", outcome,
            self._processor.now(), callback, text=text, theirs=f"AG_{secrets.token_hex(10)}",
            linked=str(body.get("TransactionID", "")),
        )  # fmt: skip
        return self._taken(payment, results.accepted(payment))

    def _status(self, body: Mapping[str, Any]) -> Told:
        """Answer that an answer will come, and send it."""
        if not is_safe(body.get("ResultURL")):
            return bad("ResultURL")
        name = str(body.get("OriginatorConversationID") or body.get("TransactionID") or "")
        payment = self._processor.store.look("daraja", name)
        if payment is not None and self._processor.store.is_broken(payment):
            return told("daraja", "broken")
        if not self._is_initiator(body.get("Initiator"), body):
            payment = None
        question = f"AG_{secrets.token_hex(10)}"
        end = payment.standing(self._processor.now()) if payment else "waiting"
        callback = Callback(
            str(body["ResultURL"]), results.found_body(payment, end, name, question)
        )
        self._processor.later(1, callback)
        return told("daraja", "accepted", ours=name, theirs=question)

    def _taken(self, payment: Payment, accepted: Told) -> Told | None:
        names = ("refused", "broken", "exists")
        return self._processor.take(payment, Answers(accepted, *(told("daraja", n) for n in names)))

    def _unsigned(self, body: Mapping[str, Any]) -> Told | None:
        """Refuse a request whose password is not of its own time."""
        stamp = str(body.get("Timestamp"))
        if not re.fullmatch(r"[0-9]{14}", stamp):
            return bad("Timestamp")
        if str(body.get("BusinessShortCode")) != self.account.shortcode:
            return bad("BusinessShortCode")
        secret = f"{self.account.shortcode}{self.account.passkey}{stamp}"
        if body.get("Password") != b64encode(secret.encode()).decode():
            return told("daraja", "password_wrong")
        return None

    def _is_asked(self, phone: str) -> bool:
        now = self._processor.now()
        return any(
            each.number == phone and each.kind == "collect" and each.standing(now) == "waiting"
            for each in self._processor.store.of("daraja")
        )

    def _is_initiator(self, name: object, body: Mapping[str, Any]) -> bool:
        is_known = name == self.account.initiator
        return is_known and self._seal.opens(body.get("SecurityCredential"))
