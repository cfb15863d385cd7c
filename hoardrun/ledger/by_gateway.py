"""Mark transactions that a payment by a gateway moves. Changes instances, never saves.

The ledger knows no gateway: it keeps the name of one, a key of the payment's own, and what is shown
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import PaymentUnderWay
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.transitions import UNDER_WAY
from realtime.errors import Refused

Shown = Mapping[str, Any]  # a `messages.PaymentStage`, as JSON has it
Check = Callable[[Transaction], None]

_checks: list[Check] = []


def register(check: Check) -> None:
    """Register what raises a Refused for transactions of payments that are not to be reversed.

    The app that makes payments does so in `ready()`, as it alone knows what gave them back.
    """
    if check not in _checks:
        _checks.append(check)


class Carried(NamedTuple):
    """The payment that moves a transaction. `own_key` is one that customers cannot use."""

    carrier: str
    own_key: str
    payment: Shown | None = None

    def mark(self, txn: Transaction) -> None:
        txn.carrier, txn.own_key, txn.payment = self


def is_carried_still(txn: Transaction) -> bool:
    """Say whether a payment moves a transaction, and nothing else may."""
    return bool(txn.own_key) and txn.status in UNDER_WAY


def payment_check(txn: Transaction, to: str) -> None:
    """Raise PaymentUnderWay while a payment moves a transaction.

    To reverse one that a payment has moved raises what a registered check does. The account is
    locked.
    """
    if is_carried_still(txn):
        raise PaymentUnderWay(carrier=txn.carrier)
    if txn.own_key and to == Status.REVERSED:
        for check in _checks:
            check(txn)


def why_kept(txn: Transaction) -> str:
    """Return why a payment does not let a transaction be reversed; nothing if it does."""
    try:
        payment_check(txn, Status.REVERSED)
    except Refused as error:
        return str(error)
    return ""
