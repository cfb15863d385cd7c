"""What a transaction's status does to its account's balances. Nothing here saves."""

from __future__ import annotations

from decimal import Decimal

from hoardrun.ledger.choices import AccountType, Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import InsufficientFunds, InvalidAmount
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import LARGEST, amount_text
from hoardrun.ledger.transitions import RELEASED


def settle(account: Account, txn: Transaction) -> None:
    """Change the balances as the transaction's new status says."""
    outbound = txn.direction == Direction.OUTBOUND
    amount = txn.amount
    if txn.status in RELEASED and outbound:
        shift(account, available=amount)
    elif txn.status == Status.COMPLETED:
        if outbound:  # its hold has lowered the available balance already
            shift(account, current=-amount)
        else:
            shift(account, available=amount, current=amount)
    elif txn.status == Status.REVERSED:
        if outbound:
            shift(account, available=amount, current=amount)
        else:
            if account.type != AccountType.CREDIT:  # a credit line may end up exceeded
                funds_check(account, amount)
            shift(account, available=-amount, current=-amount)


def shift(
    account: Account, *, available: Decimal = Decimal(0), current: Decimal = Decimal(0)
) -> None:
    """Add to the balances. Raises InvalidAmount if one could not be kept exactly."""
    account.available_balance += available
    account.current_balance += current
    if max(abs(account.available_balance), abs(account.current_balance)) > LARGEST:
        raise InvalidAmount(f"The balance would exceed {LARGEST:f}. Use a smaller amount.")


def funds_check(account: Account, amount: Decimal) -> None:
    """Raise InsufficientFunds unless `amount` is available."""
    if account.available_balance < amount:
        raise InsufficientFunds(
            available=amount_text(account.available_balance, account.currency),
            needed=amount_text(amount, account.currency),
            currency=account.currency,
        )
