"""Files of what was paid in and out, with the columns that each portal gives them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hoardrun.demo.providers.money.payment import Payment

FLOAT = Decimal(10_000_000)  # that an account begins with
PROVIDERS = ("mtn", "daraja", "airtel")
_FORMS = {"mtn": "%Y-%m-%d %H:%M:%S", "airtel": "%d-%m-%Y %H:%M:%S"}
_ZONE = ZoneInfo("Africa/Nairobi")  # that of Kampala too
_WORDS: Mapping[tuple[str, str], str] = {
    ("daraja", "collect"): "Pay Bill Online",
    ("daraja", "bill"): "Pay Bill",
    ("daraja", "payout"): "Business Payment to Customer via API",
    ("daraja", "refund"): "Pay Bill Reversal",
    ("mtn", "collect"): "Payment",
    ("mtn", "payout"): "Transfer",
    ("mtn", "refund"): "Refund",
    ("airtel", "collect"): "Merchant Payment",
    ("airtel", "payout"): "Disbursement",
    ("airtel", "refund"): "Refund",
    ("pawapay", "collect"): "Deposit",
    ("pawapay", "payout"): "Payout",
    ("pawapay", "refund"): "Refund",
}
_COLUMNS = {
    "daraja": (
        "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status",
        "Paid In", "Withdrawn", "Balance", "Balance Confirmed", "Reason Type", "Other Party Info",
        "Linked Transaction ID", "A/C No.",
    ),
    "mtn": (
        "Id", "External Transaction Id", "Date", "Status", "Type", "From", "Amount", "Fee",
        "Balance",
    ),
    "airtel": (
        "Transaction ID", "Transaction Date and Time", "Reference No", "Transaction Status",
        "Service Type", "Sender Mobile No", "Transaction Amount", "Service Charge", "Post Balance",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Movement:
    """Money that came in, or went out."""

    payment: Payment
    at: datetime
    amount: Decimal  # below zero: went out
    receipt: str
    word: str
    linked: str = ""


def movements(payments: Iterable[Payment], now: float) -> list[Movement]:
    """Return what has moved until a time of the clock, in order."""
    found = [each for payment in payments for each in _of(payment, now)]
    return sorted(found, key=lambda each: each.at)


def statement(provider: str, payments: Iterable[Payment], now: float) -> bytes:
    """Return the file that a provider's portal would give."""
    file = io.StringIO(newline="")
    writer, balance = csv.writer(file), FLOAT
    if provider == "daraja":
        writer.writerows([["Organization Name", "HOARDRUN"], ["Statement", "All"], []])
    writer.writerow(_COLUMNS[provider])
    for each in movements(payments, now):
        balance += each.amount
        writer.writerow(_mpesa(each, balance) if provider == "daraja" else _other(each, balance))
    return file.getvalue().encode()


def _of(payment: Payment, now: float) -> Iterator[Movement]:
    incoming = payment.kind in {"collect", "bill"}
    amount = payment.told_amount if incoming else -payment.told_amount
    for turn in payment.turns:
        if turn.is_forged or payment.began + turn.after > now:
            continue
        at = payment.at + timedelta(seconds=turn.after)
        if turn.end == "paid":
            word = _WORDS[payment.provider, payment.kind]
            yield Movement(payment, at, amount, payment.receipt, word, payment.linked)
        elif turn.end == "reversed":
            receipt = f"S{payment.receipt[1:]}"
            yield Movement(payment, at, -amount, receipt, "Reversal", payment.receipt)


def _mpesa(each: Movement, balance: Decimal) -> list[str]:
    payment, at = each.payment, each.at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")
    masked = f"{payment.number[:4]}*****{payment.number[-3:]}"
    is_payout = payment.kind == "payout"
    details = (
        f"{each.word} to {masked}. Original conversation ID is {payment.id}."
        if is_payout
        else f"{each.word} from {masked} Acc. {payment.note or payment.text}"
    )
    paid_in = f"{each.amount:,.2f}" if each.amount > 0 else ""
    withdrawn = f"{each.amount:,.2f}" if each.amount < 0 else ""
    return [
        each.receipt, at, at, details, "Completed", paid_in, withdrawn, f"{balance:,.2f}", "true",
        each.word, masked, each.linked, "" if is_payout else payment.note or payment.text,
    ]  # fmt: skip


def _other(each: Movement, balance: Decimal) -> list[str]:
    payment = each.payment
    at = each.at.astimezone(_ZONE).strftime(_FORMS[payment.provider])
    amount, rest = f"{abs(each.amount):f}", ["0", f"{balance:f}"]
    if payment.provider == "mtn":
        return [
            each.receipt, payment.batch, at, "Successful", each.word, payment.number, amount, *rest,
        ]  # fmt: skip
    return [each.receipt, at, payment.id, "TS", each.word, payment.number, amount, *rest]
