"""Carry money of a closed account onto another account of the same user.

Called by `services`; changes instances, never saves. Each carry is a pair of completed
transactions, `transfer_out` and `transfer_in`. It comes with the move that needs it, or later,
for money that was left. So each balance stays the sum of its account's completed transactions.
The two are each other's `counterpart`, and final: reversing one alone would make or lose money.
"""

from __future__ import annotations

from decimal import Decimal

from hoardrun.ledger.balances import Effect, settle
from hoardrun.ledger.choices import DIRECTION_OF, AccountStatus, AccountType, Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.errors import AccountClosed, NothingToCarry
from hoardrun.ledger.models import Account, Transaction
from realtime import clock
from realtime.errors import InvalidInput

# The same text for every wrong account, so that it does not reveal the ids of others.
ONTO = "Name another active account of the same customer and currency."


def onto_check(account: Account, other: Account | None, effect: Effect, *, strict: bool) -> None:
    """Check that the money of a move can come onto this account, or onto the other one.

    `strict` refuses to leave money on a closed account. A closed credit account still takes its
    own money, since that lowers a debt, but gives none: that would turn a credit line into cash.
    Both accounts have one user. Raises AccountClosed or InvalidInput.
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
    from_credit = takes and other.type == AccountType.CREDIT
    for is_wrong, why in (
        (not is_closed, "The account is not closed; leave this out."),
        (is_credit, "A closed credit account keeps its money; leave this out."),
        (not effect.available, "This move carries no money; leave this out."),
        (other not in others_of(account), ONTO),
        (from_credit, "A credit account gives no money: name another."),
    ):
        if is_wrong:
            raise InvalidInput("onto_account_id", why)


def left_check(account: Account, other: Account) -> Decimal:
    """Return the amount to carry from a closed account onto another one of its user.

    Raises NothingToCarry or InvalidInput.
    """
    if account.status != AccountStatus.CLOSED:
        raise NothingToCarry("The account is not closed.")
    if not (left := left_on(account)):
        raise NothingToCarry("The account has no money left.")
    if other not in others_of(account):
        raise InvalidInput("onto_account_id", ONTO)
    return left


def left_on(account: Account) -> Decimal:
    """Return the user's own money on an account, less what payments hold."""
    available: Decimal = account.available_balance
    if account.type != AccountType.CREDIT:
        return available
    # Its available balance includes the credit line, which is stored nowhere else.
    under_way = account.transactions.filter(
        direction=Direction.OUTBOUND, status__in=(Status.PENDING, Status.PROCESSING)
    )
    own: Decimal = account.current_balance - sum(under_way.values_list("amount", flat=True))
    return max(Decimal(0), min(available, own))


def others_of(account: Account, *, that_give: bool = False) -> list[Account]:
    """List the accounts that may take this one's money; with `that_give`, those that may give."""
    others = Account.objects.filter(
        user_id=account.user_id, currency=account.currency, status=AccountStatus.ACTIVE
    )
    if that_give:
        others = others.exclude(type=AccountType.CREDIT)
    return list(others.exclude(pk=account.pk).order_by("pk"))


def carry(
    source: Account, target: Account, amount: Decimal, about: str, reference: str = ""
) -> list[Transaction]:
    """Change both balances; return the pair of transactions to save.

    Raises InsufficientFunds if the source has too little.
    """
    sides = []
    for account, type, change in (
        (source, Type.TRANSFER_OUT, -amount),
        (target, Type.TRANSFER_IN, amount),
    ):
        settle(account, Effect(change, change))
        side = Transaction(
            account=account,
            type=type,
            direction=DIRECTION_OF[type],
            amount=amount,
            currency=account.currency,
            description=about,
            reference=reference,
            status=Status.COMPLETED,
            balance_after=account.current_balance,
            completed_at=clock.now(),
        )
        sides.append(side)
    return sides
