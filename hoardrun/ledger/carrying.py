"""The way out for money of a closed account: another account of its customer. Nothing here saves.

Each carry is a pair of completed transactions, `transfer_out` and `transfer_in`, beside the
move that needed it, or later, of what was left there. So the balances stay what the completed
transactions add up to. The two are each other's `counterpart`, and final: one reversed alone
would make or lose money.
"""

from __future__ import annotations

from decimal import Decimal

from hoardrun.ledger.balances import Effect, settle
from hoardrun.ledger.choices import AccountStatus, AccountType, Direction, TransactionType
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import AccountClosed, NothingToCarry
from hoardrun.ledger.models import Account, Transaction
from realtime import clock
from realtime.errors import InvalidInput

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
        raise InvalidInput("onto_account_id", "The account is not closed; leave this out.")
    if is_credit:
        raise InvalidInput(
            "onto_account_id", "A closed credit account keeps its money; leave this out."
        )
    if not effect.available:
        raise InvalidInput("onto_account_id", "This move carries no money; leave this out.")
    _other_check(account, other)
    if takes and other.type == AccountType.CREDIT:
        raise InvalidInput("onto_account_id", "A credit account gives no money: name another.")


def _other_check(account: Account, other: Account) -> None:
    if (
        other.pk == account.pk
        or other.currency != account.currency
        or other.status != AccountStatus.ACTIVE
    ):
        raise InvalidInput("onto_account_id", ONTO)


def left_check(account: Account, other: Account) -> Decimal:
    """Return what can be carried from a closed account onto the other one of its user.

    Raises NothingToCarry or InvalidInput.
    """
    if account.status != AccountStatus.CLOSED:
        raise NothingToCarry("The account is not closed.")
    if not (left := left_on(account)):
        raise NothingToCarry("The account has no money left.")
    _other_check(account, other)
    return left


def left_on(account: Account) -> Decimal:
    """Return what an account has of its user's own money, without what payments hold."""
    if account.type != AccountType.CREDIT:
        return account.available_balance
    # Its available balance has the credit line in it, which is stored nowhere else.
    under_way = account.transactions.filter(
        direction=Direction.OUTBOUND, status__in=(Status.PENDING, Status.PROCESSING)
    )
    held = sum(under_way.values_list("amount", flat=True))
    return max(Decimal(0), min(account.available_balance, account.current_balance - held))


def others_of(account: Account, *, that_give: bool = False) -> list[Account]:
    """List the accounts that may take the money of this one, or give it."""
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

    Raises InsufficientFunds if the source has not got the amount.
    """
    return [
        _side(source, TransactionType.TRANSFER_OUT, Direction.OUTBOUND, -amount, about, reference),
        _side(target, TransactionType.TRANSFER_IN, Direction.INBOUND, amount, about, reference),
    ]


def _side(
    account: Account,
    type: TransactionType,
    direction: Direction,
    change: Decimal,
    about: str,
    reference: str,
) -> Transaction:
    settle(account, Effect(change, change))
    return Transaction(
        account=account,
        type=type,
        direction=direction,
        amount=abs(change),
        currency=account.currency,
        description=about,
        reference=reference,
        status=Status.COMPLETED,
        balance_after=account.current_balance,
        completed_at=clock.now(),
    )
