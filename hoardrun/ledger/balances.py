"""Applies a transaction's status to its account's balances. Changes instances, never saves."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hoardrun.ledger.choices import AccountType, Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import InsufficientFunds, InvalidAmount
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_text, largest_of, largest_text
from hoardrun.ledger.transitions import RELEASED


class Effect(NamedTuple):
    """The amounts that a move adds to the balances of its account."""

    available: Decimal = Decimal(0)
    current: Decimal = Decimal(0)


def effect_of(txn: Transaction, to: str) -> Effect:
    """Return what moving a transaction to a status does to its account."""
    outbound = txn.direction == Direction.OUTBOUND
    amount = txn.amount
    if to in RELEASED and outbound:
        return Effect(available=amount)
    if to == Status.COMPLETED:
        # The hold of an outbound one has lowered the available balance already.
        return Effect(current=-amount) if outbound else Effect(amount, amount)
    if to == Status.REVERSED:
        return Effect(amount, amount) if outbound else Effect(-amount, -amount)
    return Effect()


def settle(account: Account, effect: Effect) -> None:
    """Change the balances by an effect. Raises InsufficientFunds if too little is available."""
    # A credit line may end up exceeded.
    if effect.available < 0 and account.type != AccountType.CREDIT:
        funds_check(account, -effect.available)
    shift(account, available=effect.available, current=effect.current)


def shift(
    account: Account, *, available: Decimal = Decimal(0), current: Decimal = Decimal(0)
) -> None:
    """Add to the balances. Raises InvalidAmount if one becomes too large to be stored exactly."""
    account.available_balance += available
    account.current_balance += current
    most = largest_of(account.currency)
    if max(abs(account.available_balance), abs(account.current_balance)) > most:
        text = largest_text(account.currency)
        raise InvalidAmount(f"The balance would exceed {text}. Use a smaller amount.")


def funds_check(account: Account, amount: Decimal) -> None:
    """Raise InsufficientFunds unless `amount` is available."""
    if account.available_balance < amount:
        raise InsufficientFunds(
            available=amount_text(account.available_balance, account.currency),
            needed=amount_text(amount, account.currency),
            currency=account.currency,
        )
