"""The way out for money of a closed account: another account of its customer. Nothing here saves.

Each carry is a pair of completed transactions, `transfer_out` and `transfer_in`, beside the
move that needed it. So the balances stay what the completed transactions add up to. The two
are each other's `counterpart`, and final: one reversed alone would make or lose money.
"""

from __future__ import annotations

from decimal import Decimal

from hoardrun.ledger.balances import Effect, settle
from hoardrun.ledger.choices import AccountStatus, AccountType, Direction, TransactionType
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import AccountClosed, InvalidInput
from hoardrun.ledger.models import Account, Transaction
from realtime import db

# For every account that cannot be the one, so that nobody learns which ids others have.
ONTO = "Name another active account of the same customer and currency."


def onto_check(account: Account, other: Account | None, effect: Effect, *, strict: bool) -> None:
    """Check that the money of a move can come onto this account, or onto the other one.

    `strict` refuses to leave money on a closed account. A credit account takes its own, closed
    or not, since it lowers a debt. Nothing is carried from one: it would turn a credit line
    into cash. The two have one user. Raises AccountClosed or InvalidInput.
    """
    is_closed = account.status == AccountStatus.CLOSED
    is_credit = account.type == AccountType.CREDIT
    takes = effect.available < 0
    if other is None:
        stuck = strict and effect.available > 0
        missing = takes and account.available_balance < -effect.available
        if is_closed and not is_credit and (stuck or missing):
            others = others_of(account, that_give=takes)
            raise AccountClosed(account.currency, [other.pk for other in others])
        return
    if not is_closed:
        raise InvalidInput({"onto_account_id": ["The account is not closed; leave this out."]})
    if is_credit:
        raise InvalidInput(
            {"onto_account_id": ["A closed credit account keeps its money; leave this out."]}
        )
    if not effect.available:
        raise InvalidInput({"onto_account_id": ["This move carries no money; leave this out."]})
    if (
        other.pk == account.pk
        or other.currency != account.currency
        or other.status != AccountStatus.ACTIVE
    ):
        raise InvalidInput({"onto_account_id": [ONTO]})
    if takes and other.type == AccountType.CREDIT:
        raise InvalidInput({"onto_account_id": ["A credit account gives no money: name another."]})


def others_of(account: Account, *, that_give: bool = False) -> list[Account]:
    """List the accounts that may take the money of this one, or give it."""
    others = Account.objects.filter(
        user_id=account.user_id, currency=account.currency, status=AccountStatus.ACTIVE
    )
    if that_give:
        others = others.exclude(type=AccountType.CREDIT)
    return list(others.exclude(pk=account.pk).order_by("pk"))


def carry(source: Account, target: Account, amount: Decimal, txn: Transaction) -> list[Transaction]:
    """Change both balances; return the pair of transactions to save.

    Raises InsufficientFunds if the source has not got the amount.
    """
    return [
        _side(source, TransactionType.TRANSFER_OUT, Direction.OUTBOUND, -amount, txn),
        _side(target, TransactionType.TRANSFER_IN, Direction.INBOUND, amount, txn),
    ]


def _side(
    account: Account, type: TransactionType, direction: Direction, change: Decimal, txn: Transaction
) -> Transaction:
    settle(account, Effect(change, change))
    return Transaction(
        account=account,
        type=type,
        direction=direction,
        amount=abs(change),
        currency=account.currency,
        description=f"For transaction #{txn.pk} of a closed account",
        reference=txn.reference,
        status=Status.COMPLETED,
        balance_after=account.current_balance,
        completed_at=db.now(),
    )
