"""Payments to a paybill or a till that nobody here has asked for (C2B). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hoardrun.payments import reading
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.accounts import Refusal
from hoardrun.payments.providers.daraja import requests
from hoardrun.payments.providers.daraja.requests import Keys
from hoardrun.payments.providers.interface import Answered, Request
from realtime.outgoing.reply import Reply

_CODES: Mapping[Refusal, str] = {
    "msisdn": "C2B00011",
    "account": "C2B00012",
    "amount": "C2B00013",
    "kyc": "C2B00014",
    "shortcode": "C2B00015",
    "other": "C2B00016",
}


class DarajaAccounts:
    """M-Pesa calls the question "validation", and what it tells "confirmation"."""

    def register(
        self, keys: Keys, token: str, *, told_at: str, asked_at: str, without_us: bool
    ) -> Request:
        return requests.register_urls(
            keys, token, confirmation_url=told_at, validation_url=asked_at, without_us=without_us
        )

    def refusal(self, reply: Reply) -> str:
        body = replies.body_of(reply) or {}
        code = reading.code(body.get("ResponseCode")) or reading.code(body.get("errorCode"))
        # One gateway says 0, another eight zeros.
        is_done = reply.status == 200 and code != "" and set(code) == {"0"}
        return "" if is_done else code or str(reply.status or reply.error)

    def is_ours(self, keys: Keys, receiver: str) -> bool:
        return receiver in {keys.shortcode, keys.till} - {""}

    def needs_account(self, keys: Keys) -> bool:
        return not keys.till

    def refuse(self, reason: Refusal) -> Answered:
        body = {"ResultCode": _CODES[reason], "ResultDesc": "Rejected"}
        return Answered(200, json.dumps(body).encode())
