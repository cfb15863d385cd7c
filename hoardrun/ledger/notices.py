"""The texts of notifications about transactions. Called by `services`. No I/O here."""

from __future__ import annotations

from typing import Literal, NamedTuple

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.money import amount_human


class Notice(NamedTuple):
    """The text of a notification."""

    title: str
    message: str
    priority: Literal["medium", "high"]


def notice_of(txn: Transaction) -> Notice | None:
    """Write the notice of a transaction's new status; None if it needs none."""
    amount = amount_human(txn.amount, txn.currency)
    inbound = txn.direction == Direction.INBOUND
    what = f"{'Deposit' if inbound else 'Payment'} of {amount}"
    party = f" {'from' if inbound else 'to'} {txn.merchant_name}" if txn.merchant_name else ""
    why = f": {txn.failure_reason}" if txn.failure_reason else ""
    match txn.status:
        case Status.COMPLETED if inbound:
            return Notice("Money received", f"You received {amount}{party}", "medium")
        case Status.COMPLETED:
            return Notice("Payment completed", f"{what}{party} completed", "medium")
        case Status.FAILED:
            title = "Deposit failed" if inbound else "Payment failed"
            return Notice(title, f"{what}{party} failed{why}", "high")
        case Status.REVERSED:
            title = "Deposit reversed" if inbound else "Payment reversed"
            return Notice(title, f"{what}{party} was reversed{why}", "high")
        case _:
            return None
