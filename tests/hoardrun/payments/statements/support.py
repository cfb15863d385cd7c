"""Files of three providers, with invented values, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hoardrun.payments.statements.lines import Line
from hoardrun.payments.statements.matching import Finding, match
from hoardrun.payments.statements.ours import Ours

DARAJA = """\
MPESA ORGANISATION STATEMENT
Short Code:,600638
Time Period:,From 02-03-2026 To 03-03-2026

Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,\
Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.
SBR41HAY6Q,2026-03-02 12:40:00,2026-03-02 12:39:58,Business Payment to 254722000111,Completed,,\
-500.00,"1,600.00",true,Business Payment to Customer,254722000111 - Jane Doe,,
SBR3A0R69N,2026-03-02 12:30:00,2026-03-02 12:29:31,Pay merchant Charge,Completed,,-5.50,\
"2,100.00",true,Pay merchant Charge,,,
SBR3A0R69N,2026-03-02 12:30:00,2026-03-02 12:29:31,Pay Bill from 254712345678 Acc. INV1,Completed,\
"1,105.50",,"2,105.50",true,Pay Utility,254712345678 - John Doe,,INV1
SBR2ZZZZZZ,2026-03-02 12:10:00,2026-03-02 12:09:00,Pay Bill,Cancelled,50.00,,"1,000.00",true,\
Pay Utility,,,
SBR1000000,2026-03-02 12:00:00,2026-03-02 12:00:00,Opening,Completed,"1,000.00",,"1,000.00",true,\
Organization Settlement,,,

Total,,,,,,,,,,,,
"""
MTN = """\
Id,External Id,Date,Status,Type,From,To,Amount,Fee,Currency,Balance
1432942836,fare-8842,2026-03-02 09:00:00,Successful,Payment,FRI:256771234567/MSISDN,shop,5000,50,\
UGX,14950
1432942837,x,2026-03-02 09:05:00,Failed,Payment,FRI:256771234567/MSISDN,shop,5000,0,UGX,14950
1432942838,pay-1,2026-03-02 09:10:00,Successful,Transfer,shop,FRI:256772000111/MSISDN,1000,,UGX,\
13950
"""
AIRTEL = """\
Transaction ID,Transaction Date,Reference No,Transaction Status,Service Type,Sender Mobile No,\
Transaction Amount,Service Charge,Post Balance
MP210603.1234.L06941,02-Mar-2026 12:00:00,Fare,TS,Merchant Payment,701234567,"5,000.00",140,"9,860"
MP210603.1240.L06950,02-Mar-2026 12:10:00,Back,TS,Refund,701234567,"5,000.00",0,"4,860"
"""


def at(hour: int, minute: int = 0) -> datetime:
    """Return a time of 2 March, of Nairobi and Kampala."""
    return datetime(2026, 3, 2, hour - 3, minute, tzinfo=UTC)


def line(row: int, amount: object, balance: object = None, **rest: Any) -> Line:
    fields: dict[str, Any] = {
        "kind": "payment",
        "receipt": f"R{row}",
        "at": at(12),
        "currency": "KES",
    }
    told = None if balance is None else Decimal(str(balance))
    return Line(row=row, amount=Decimal(str(amount)), balance=told, **fields | rest)


def ours(name: str, amount: object, **rest: Any) -> Ours:
    return Ours(id=name, amount=Decimal(str(amount)), **{"at": at(12)} | rest)


NOW = at(12) + timedelta(days=2)
NONE: frozenset[tuple[str, bool, str]] = frozenset()
PHONE = {"msisdn": "+254712345678"}
PARTY = {"party": "254712345678 - John Doe"}


def found(
    lines: Iterable[Line],
    payments: Sequence[Ours],
    *,
    known: frozenset[tuple[str, bool, str]] = NONE,
    before: Iterable[Finding] = (),
    now: datetime = NOW,
) -> list[tuple[str, str, str, str]]:
    """Return of each finding what it is, the receipt, the payment, and what they match by."""
    return [
        (
            each.what,
            each.line.receipt if each.line else "",
            each.payment.id if each.payment else "",
            each.by,
        )
        for each in match(lines, payments, known=known, before=before, now=now)
    ]
