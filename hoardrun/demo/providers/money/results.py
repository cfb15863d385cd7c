"""What Daraja says of payments: in answers, in callbacks, and about payments to an account. Pure.

Times are those of Nairobi, without a zone; codes are numbers in callbacks and texts in answers.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Told, told
from hoardrun.demo.providers.money.names import name_of
from hoardrun.demo.providers.money.outcomes import End
from hoardrun.demo.providers.money.payment import Payment

NAIROBI = ZoneInfo("Africa/Nairobi")
MOST = 250_000
_WORDS: dict[End, str] = {
    "paid": "Completed", "waiting": "Pending", "busy": "Pending", "odd": "Unheard",
    "cancelled": "Cancelled", "expired": "Expired", "reversed": "Reversed",
}  # fmt: skip


def push_answer(payment: Payment, end: End) -> Told:
    """Answer a question about a prompt. One that stands is now an error, now a code."""
    if end == "waiting":
        names = ("standing", "standing_by_code")
        return told("daraja", names[(payment.looks - 1) % 2], **_names(payment))
    code, words = _code(end)
    return told("daraja", "push_ended", code=code, words=words, **_names(payment))


def push_body(payment: Payment, end: End) -> bytes:
    code, words = _code(end)
    name = "push_paid" if code == "0" else _failed("push", code)
    return literal.json_of(
        "daraja", name, code=code, words=words, receipt=payment.receipt,
        amount=f"{payment.told_amount:.2f}", number=payment.number, at=_now("%Y%m%d%H%M%S"),
        **_names(payment),
    )  # fmt: skip


def result_body(payment: Payment, end: End) -> bytes:
    """Return the result of a payout or a reversal."""
    code, words = _code(end)
    name = f"{payment.kind}_paid" if code == "0" else _failed("result", code)
    return literal.json_of(
        "daraja", name, code=code, words=words, receipt=payment.receipt,
        amount=f"{payment.told_amount:f}", person=_person(payment.number),
        at=_now("%d.%m.%Y %H:%M:%S"), **_ids(payment),
    )  # fmt: skip


def accepted(payment: Payment) -> Told:
    return told("daraja", "accepted", **_ids(payment))


def found_body(payment: Payment | None, end: End, name: str, question: str) -> bytes:
    """Return the answer to a TransactionStatus question."""
    if payment is None:
        return literal.json_of("daraja", "found_nothing", ours=name, theirs=question)
    return literal.json_of(
        "daraja", "found", ours=name, theirs=question, receipt=payment.receipt,
        amount=f"{payment.told_amount:f}", word=_WORDS.get(end, "Failed"),
        person=_person(payment.number), at=_now("%d.%m.%Y %H:%M:%S"),
    )  # fmt: skip


def bill_body(payment: Payment, shortcode: str) -> bytes:
    """Return a payment to an account. A phone is masked, or only its hash is told."""
    number, given = payment.number, name_of(payment.number)[0].upper()
    if payment.outcome.hides_phone:
        number, given = hashlib.sha256(number.encode()).hexdigest(), ""
    else:
        number = f"{number[:4]} ***** {number[-3:]}"
    return literal.json_of(
        "daraja", "bill", receipt=payment.receipt, at=_now("%Y%m%d%H%M%S"), number=number,
        amount=f"{payment.amount:.2f}", shortcode=shortcode, account=payment.text, given=given,
    )  # fmt: skip


def is_accepted(status: int, reply: bytes, *, goes_on: bool) -> bool:
    """Say whether a payment to an account is let through."""
    try:
        code = str(json.loads(reply)["ResultCode"])
    except (ValueError, KeyError, TypeError):
        return goes_on
    return code == "0" if status == 200 else goes_on


def _code(end: End) -> tuple[str, str]:
    """Return code and words of an end; what was reversed was paid, for all that a prompt says."""
    code, words = literal.code("daraja", "paid" if end == "reversed" else end)
    return code, words


def _failed(what: str, code: str) -> str:
    """Return the entry of the table: a code that is no number is written as a text."""
    return f"{what}_failed" if code.isdecimal() else f"{what}_odd"


def _now(form: str) -> str:
    return datetime.now(UTC).astimezone(NAIROBI).strftime(form)


def _person(number: str) -> str:
    return f"{number} - {' '.join(name_of(number))}"


def _names(payment: Payment) -> dict[str, str]:
    return {"merchant": payment.batch, "checkout": payment.id}


def _ids(payment: Payment) -> dict[str, str]:
    return {"ours": payment.id, "theirs": payment.theirs}
