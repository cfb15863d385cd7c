"""What users are told of their transactions: a kind, and the values of its texts. No I/O here.

Called by `services`. The texts stand in `texts/`, in all languages.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.kinds import Moved, MovedLate, NotMoved
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.money import exact
from notifications.kinds.values import Money


class Notice(NamedTuple):
    """A kind of notification, and the values of its texts."""

    kind: str
    values: Moved | NotMoved


def notice_of(txn: Transaction) -> Notice | None:
    """Return the notice of a transaction's new status; None if it needs none."""
    if txn.status == Status.COMPLETED:
        is_debit = txn.direction == Direction.OUTBOUND
        return Notice("transaction.debit" if is_debit else "transaction.credit", _moved(txn))
    if txn.status == Status.FAILED:
        return Notice("transaction.failed", _not_moved(txn))
    if txn.status == Status.REVERSED:
        return Notice("transaction.reversed", _not_moved(txn))
    return None


def late_notice_of(txn: Transaction) -> Notice:
    """Return the notice of a transaction by a payment that had ended without."""
    values = msgspec.structs.asdict(_moved(txn))
    return Notice("transaction.late", MovedLate(direction=_direction(txn), **values))


def _moved(txn: Transaction) -> Moved:
    assert txn.balance_after is not None and txn.completed_at is not None  # a constraint holds it
    return Moved(
        amount=_money(txn.amount, txn.currency),
        party=txn.merchant_name or None,
        reference=txn.reference or None,
        balance=_money(txn.balance_after, txn.currency),
        happened_at=txn.completed_at,
    )


def _money(amount: Decimal, currency: str) -> Money:
    return Money(exact(amount, currency), currency)


def _not_moved(txn: Transaction) -> NotMoved:
    return NotMoved(
        direction=_direction(txn),
        amount=_money(txn.amount, txn.currency),
        party=txn.merchant_name or None,
        reference=txn.reference or None,
        reason=txn.failure_reason or None,
        happened_at=txn.updated_at,
    )


def _direction(txn: Transaction) -> Literal["inbound", "outbound"]:
    return "outbound" if txn.direction == Direction.OUTBOUND else "inbound"
