"""M-Pesa's protocol, put together. Pure.

Nothing is signed. A push or a reversal is asked about by the id that its answer had; without one
only its callback and the statement tell of it.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from hoardrun.payments.cleaning import (
    NO_REFERENCE,
    Refused,
    clean_amount,
    clean_msisdn,
    clean_text,
    e164,
)
from hoardrun.payments.codes import evidence_of
from hoardrun.payments.evidence import Evidence, Source
from hoardrun.payments.polling import Plan
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.daraja import requests, results
from hoardrun.payments.providers.daraja.requests import Keys
from hoardrun.payments.providers.interface import (
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

MAX_REFERENCE, MAX_DESCRIPTION, MAX_REMARKS = 12, 13, 100
ACCEPTED = b'{"ResultCode":0,"ResultDesc":"Accepted"}'
# The newer numbers, 01, are as good as the older, 07.
_SAFARICOM = re.compile(r"\+254[17][0-9]{8}")


class Daraja:
    """M-Pesa in Kenya."""

    name = "daraja"
    capabilities = Capabilities(
        kinds=frozenset({"collect", "payout", "refund"}),
        decimals={"KES": 0},  # whole shillings, though a statement has cents
        plan=Plan(20),
        prompt_seconds=60,
        reversal=True,
        refund_parts=False,
        idempotent=False,  # the same push twice is two prompts
    )

    def clean(self, order: Order) -> Order:
        msisdn = e164(clean_msisdn(order.msisdn, "KE"))
        if not _SAFARICOM.fullmatch(msisdn):
            raise Refused("msisdn", "invalid", "No wallet of M-Pesa has this number.")
        longest = MAX_DESCRIPTION if order.kind == "collect" else MAX_REMARKS
        return replace(
            order,
            amount=clean_amount(order.amount, order.currency, self.capabilities.decimals),
            msisdn=msisdn,
            reference=clean_text(order.reference, MAX_REFERENCE, instead=NO_REFERENCE),
            text=clean_text(order.text, longest, instead="Payment"),
            note=clean_text(order.note, longest, instead="Payment"),
        )

    def token(self, keys: Keys, kind: Kind) -> Request | None:
        return requests.ask_for_token(keys)

    def read_token(self, reply: Reply) -> Token | None:
        return replies.read_bearer(reply)

    def begin(self, order: Order, keys: Keys, token: str) -> Request:
        build = {"collect": requests.push, "payout": requests.pay_out, "refund": requests.reverse}
        return build[order.kind](order, keys, token)

    def read_begun(self, order: Order, reply: Reply) -> Evidence:
        return results.of_ack(reply, is_reversal=order.kind == "refund")

    def look(self, order: Order, keys: Keys, token: str) -> Request | None:
        if order.kind == "payout":
            return requests.ask_about_result(order, order.id, keys, token)
        if not order.provider_request_id:
            return None
        if order.kind == "refund":
            return requests.ask_about_result(order, order.provider_request_id, keys, token)
        return requests.ask_about_push(order, keys, token)

    def read_look(self, order: Order, reply: Reply) -> Evidence:
        if order.kind == "collect":
            return results.of_push(reply)
        return results.of_question(reply)

    def ask_name(self, order: Order, keys: Keys, token: str) -> Request | None:
        return None

    def read_name(self, reply: Reply) -> str:
        return ""

    def ask_balance(self, keys: Keys, token: str, kind: Kind) -> Request | None:
        return None  # its answer comes to a URL

    def read_balance(self, reply: Reply, currency: str) -> Decimal | None:
        return None

    def verify(self, incoming: Incoming, keys: Keys, now: datetime) -> Verdict:
        return Verdict.UNPROVEN

    def read_callback(self, incoming: Incoming, verdict: Verdict) -> Evidence:
        is_answer = incoming.purpose == "question"
        source = Source.QUERY if is_answer else replies.source_of(verdict)
        if incoming.purpose == "timeout":
            return evidence_of(replies.TIMEOUT, source, raw=incoming.raw)
        if (body := replies.object_of(incoming.raw)) is None:
            return evidence_of(replies.UNREADABLE, source, raw=incoming.raw)
        if incoming.purpose == "account":
            return results.of_account(body, incoming.raw, source)
        if "Result" in body:
            return results.of_result(body, incoming.raw, source, is_answer=is_answer)
        return results.of_push_callback(body, incoming.raw, source)

    def answer(self, incoming: Incoming) -> Answered:
        return Answered(200, ACCEPTED)
