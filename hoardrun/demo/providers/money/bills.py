"""Payments to an account (C2B), which nobody has asked for: a phone makes them by its menu."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hoardrun.demo.providers.http import Told, told
from hoardrun.demo.providers.money import results
from hoardrun.demo.providers.money.callbacks import Callback, post
from hoardrun.demo.providers.money.grammar import is_safe
from hoardrun.demo.providers.money.outcomes import Outcome, Turn, outcome_of
from hoardrun.demo.providers.money.payment import Payment
from hoardrun.demo.providers.money.processor import Processor


@dataclass(frozen=True)
class Urls:
    """Whom to tell, and whom to ask first, if anybody; `goes_on`: also where nobody answers."""

    confirmation: str
    validation: str = ""
    goes_on: bool = False


class Bills:
    """The bills of one shortcode."""

    def __init__(self, processor: Processor, shortcode: str) -> None:
        self.urls: Urls | None = None
        self._processor = processor
        self._shortcode = shortcode

    def register(self, body: Mapping[str, Any]) -> Told:
        if str(body.get("ShortCode")) != self._shortcode:
            return bad("ShortCode")
        if body.get("ResponseType") not in {"Completed", "Cancelled"}:
            return bad("ResponseType")
        for name in ("ConfirmationURL", "ValidationURL"):
            if not is_safe(body.get(name)):
                return bad(name)
        goes_on = body["ResponseType"] == "Completed"
        self.urls = Urls(str(body["ConfirmationURL"]), str(body["ValidationURL"]), goes_on)
        return told("daraja", "registered", theirs=secrets.token_hex(10))

    def pay(self, number: str, account: str, amount: Decimal) -> str:
        """Pay, if the business lets us; return what the phone shows."""
        if self.urls is None:
            return "The business has registered no URLs yet."
        hides_phone = outcome_of(number, has_prompt=False).hides_phone
        payment = Payment(
            "daraja", "bill", f"bill-{secrets.token_hex(8)}", number, amount, "KES",
            Outcome("A bill", (Turn(0, "paid"),), hides_phone=hides_phone), self._processor.now(),
            text=account,
        )  # fmt: skip
        body = results.bill_body(payment, self._shortcode)
        if self.urls.validation:
            status, reply = post(Callback(self.urls.validation, body))
            if not results.is_accepted(status, reply, goes_on=self.urls.goes_on):
                return "The business refuses the payment."
        self._processor.store.keep(payment)
        self._processor.sender.send([Callback(self.urls.confirmation, body)])
        return f"Paid. Receipt {payment.receipt}."


def bad(field: str) -> Told:
    """Refuse a request for one of its fields."""
    return told("daraja", "bad", field=field)
