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


# The end of the sentence for each status, and its priority. Other statuses need no notice.
_ENDS: dict[str, tuple[str, Literal["medium", "high"]]] = {
    Status.COMPLETED: ("completed", "medium"),
    Status.FAILED: ("failed", "high"),
    Status.REVERSED: ("was reversed", "high"),
}


def notice_of(txn: Transaction) -> Notice | None:
    """Write the notice of a transaction's new status; None if it needs none."""
    if txn.status not in _ENDS:
        return None
    end, priority = _ENDS[txn.status]
    amount = amount_human(txn.amount, txn.currency)
    inbound = txn.direction == Direction.INBOUND
    party = f" {'from' if inbound else 'to'} {txn.merchant_name}" if txn.merchant_name else ""
    if inbound and txn.status == Status.COMPLETED:
        return Notice("Money received", f"You received {amount}{party}", priority)
    what = "Deposit" if inbound else "Payment"
    why = f": {txn.failure_reason}" if txn.failure_reason else ""
    return Notice(f"{what} {txn.status}", f"{what} of {amount}{party} {end}{why}", priority)
