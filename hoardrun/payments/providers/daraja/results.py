"""The answers and the callbacks of Daraja. Pure.

Success is an exact 0. A number or a text may stand for each other, items have names and no order,
and times are those of Nairobi, without a zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from hoardrun.payments import reading
from hoardrun.payments.codes import UNKNOWN, Meaning, evidence_of, read_codes
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.daraja.requests import NAIROBI
from realtime.outgoing.reply import Reply

CODES = read_codes(Path(__file__).with_name("codes.toml"))
NO_RECEIPT = Meaning(Claim.UNKNOWN, "no_receipt")
_TIMES = ("%Y%m%d%H%M%S", "%d.%m.%Y %H:%M:%S")
_ORIGINATOR = "OriginatorConversationID"
_NO_RECEIPT_ENDS = "0000000"  # a transaction id of a failure


def of_ack(reply: Reply, *, is_reversal: bool = False) -> Evidence:
    """Read the answer to a request: that it is taken, never that it is paid.

    A reversal is asked about by the id that Daraja makes for it; a payout has one of ours there.
    """
    names = (_ORIGINATOR,) if is_reversal else ("CheckoutRequestID", "ConversationID")
    body = replies.body_of(reply) or {}
    code = reading.code(body.get("ResponseCode")) or reading.code(body.get("errorCode"))
    meaning = replies.meaning_of_status(CODES["begun"], reply, code)
    if meaning.claim is Claim.ACCEPTED and reply.status != 200:
        meaning = UNKNOWN
    return evidence_of(
        meaning,
        Source.ACK,
        raw_code=code or str(reply.status or reply.error),
        provider_request_id=_id(body, *names),
        raw=reply.body,
    )


def of_push(reply: Reply) -> Evidence:
    """Read the answer to an STK query, which has neither amount nor receipt."""
    body = replies.body_of(reply)
    error = reading.code(body.get("errorCode")) if body else ""
    meaning = CODES["look"].get(error) or replies.meaning_of_look(reply)
    code = error or str(reply.status or reply.error)
    if meaning is None and body is None:
        meaning = replies.UNREADABLE
    if meaning is None and body is not None:
        code = reading.code(body.get("ResultCode"))
        meaning = CODES["result"].get(code, UNKNOWN)
    return evidence_of(
        meaning or UNKNOWN,
        Source.QUERY,
        raw_code=code,
        provider_request_id=_id(body or {}, "CheckoutRequestID"),
        raw=reply.body,
    )


def of_question(reply: Reply) -> Evidence:
    """Read the answer to a TransactionStatus question: at best that another one will come."""
    evidence = of_ack(reply)
    why = Meaning(Claim.UNKNOWN, "no_answer")
    return evidence_of(why, Source.QUERY, raw_code=evidence.raw_code, raw=reply.body)


def of_push_callback(body: Mapping[str, Any], raw: bytes, source: Source) -> Evidence:
    callback = reading.part(body, "Body", "stkCallback")
    items = _named(reading.part(callback, "CallbackMetadata").get("Item"), "Name")
    receipt = reading.text(items.get("MpesaReceiptNumber"))
    code = reading.code(callback.get("ResultCode"))
    return _evidence(
        _result(code, receipt, CODES["result"]),
        source,
        code,
        receipt,
        amount=reading.amount(items.get("Amount")),
        provider_request_id=_id(callback, "CheckoutRequestID"),
        payer=_phone(items.get("PhoneNumber")),
        at=_time(items.get("TransactionDate")),
        raw=raw,
    )


def of_result(body: Mapping[str, Any], raw: bytes, source: Source, *, is_answer: bool) -> Evidence:
    """Read the result of a payout or a reversal, or the answer to a question about one."""
    result = reading.part(body, "Result")
    items = _named(reading.part(result, "ResultParameters").get("ResultParameter"), "Key")
    receipt = _receipt(result, items)
    code = reading.code(result.get("ResultCode"))
    meaning = _result(code, receipt, CODES["result"] | CODES["result_out"])
    if is_answer:
        # Its code is that of the question; what was found has a word of its own.
        found = reading.text(items.get("TransactionStatus"))
        meaning = CODES["found"].get(found, UNKNOWN) if code == "0" else UNKNOWN
        code = found or code
    reference, request_id = ("", "") if is_answer else _ids(result)
    return _evidence(
        meaning,
        source,
        code,
        receipt,
        amount=reading.amount(items.get("TransactionAmount", items.get("Amount"))),
        reference=reference,
        provider_request_id=request_id,
        at=_time(items.get("TransactionCompletedDateTime")),
        raw=raw,
    )


def of_account(body: Mapping[str, Any], raw: bytes, source: Source) -> Evidence:
    """Read a payment that somebody made to an account of ours, unasked.

    The phone may be masked or a hash: whom it is for is what the payer wrote.
    """
    receipt = reading.text(body.get("TransID"))
    told = reading.amount(body.get("TransAmount"))
    meaning = Meaning(Claim.PAID) if receipt and told else NO_RECEIPT
    return evidence_of(
        meaning,
        source,
        amount=told,
        currency="KES",
        provider_txn_id=receipt,
        receiver=reading.text(body.get("BusinessShortCode")),
        account=reading.text(body.get("BillRefNumber")).strip(),
        payer=_phone(body.get("MSISDN")),
        at=_time(body.get("TransTime")),
        raw=raw,
    )


def _result(code: str, receipt: str, table: Mapping[str, Meaning]) -> Meaning:
    """Return what the code of a callback means, next to its receipt."""
    meaning = table.get(code, UNKNOWN)
    if meaning.claim is Claim.PAID and not receipt:
        return NO_RECEIPT
    if meaning.claim is not Claim.PAID and receipt:
        return replace(UNKNOWN, reason="ambiguous")
    # The phone may have been answered as its time ran out: our own question says it for sure.
    return replace(meaning, retry_safe=False) if meaning.reason == "expired" else meaning


def _evidence(meaning: Meaning, source: Source, code: str, receipt: str, **told: Any) -> Evidence:
    return evidence_of(
        meaning, source, raw_code=code, provider_txn_id=receipt, currency="KES", **told
    )


def _receipt(result: Mapping[str, Any], items: Mapping[str, Any]) -> str:
    found = reading.text(items.get("TransactionReceipt", items.get("ReceiptNo")))
    if not found and reading.code(result.get("ResultCode")) == "0":
        found = _id(result, "TransactionID")
    return "" if found.endswith(_NO_RECEIPT_ENDS) else found


def _ids(result: Mapping[str, Any]) -> tuple[str, str]:
    """Return our id of a result and Daraja's. Ours, of a payout, is a UUID; a reversal has none."""
    originator = _id(result, _ORIGINATOR)
    try:
        is_ours = str(UUID(originator)) == originator
    except ValueError:
        is_ours = False
    return (originator, _id(result, "ConversationID")) if is_ours else ("", originator)


def _named(items: object, key: str) -> dict[str, Any]:
    """Return the items of a list by their names; one alone may come without its list."""
    listed: Iterable[object] = items if isinstance(items, list) else (items,)
    found = [each for each in listed if isinstance(each, dict)]
    return {reading.text(each.get(key)): each.get("Value") for each in found}


def _id(body: Mapping[str, Any], *names: str) -> str:
    return next((found for name in names if (found := reading.text(body.get(name)))), "")


def _phone(value: object) -> str:
    digits = reading.text(value)
    is_plain = len(digits) == 12 and digits.isascii() and digits.isdecimal()
    return f"+{digits}" if is_plain and digits.startswith("254") else ""


def _time(value: object) -> datetime | None:
    for form in _TIMES:
        try:
            return datetime.strptime(reading.text(value), form).replace(tzinfo=NAIROBI)
        except ValueError:
            continue
    return None
