"""All writes of the ledger: open an account, create a transaction, move it.

Called by views, the admin, commands and jobs. Each service is one database transaction that locks
the account, then the transaction, so that balances change one after the other (on SQLite by
immediate transactions). It saves the account before the transaction, and the notification last:
each save publishes, and a user's stream stays locked from the first publication to the commit.
Each move is stored with its actor (`actors`), and what it moved with its posting (`journal`), in
the same database transaction. `carried_services` has what payments by a gateway need beside these.

An outbound transaction holds its amount of the available balance from the start. Completing it
also takes the amount from the current balance; failing, cancelling or expiring it releases the
hold. An inbound one adds to both balances when it completes. Reversing undoes either.

A closed account takes no new transactions but refunds of payments, and those under way may still
end. Then `onto` names the account that takes or gives the money. People must name one. A program
need not: the money then waits on the closed account for `account_carry`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from hoardrun.ledger.actors import UNNAMED, Actor
from hoardrun.ledger.balances import effect_of, funds_check, settle, shift
from hoardrun.ledger.by_gateway import Carried, Shown, payment_check
from hoardrun.ledger.carrying import carry, left_check, onto_check
from hoardrun.ledger.choices import (
    DIRECTION_OF,
    PEOPLE,
    AccountStatus,
    AccountType,
    Direction,
    PaymentMethod,
)
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.errors import (
    AccountNotActive,
    CarriedMoney,
    CurrencyMismatch,
    TransactionNotFound,
)
from hoardrun.ledger.journal import booking
from hoardrun.ledger.keys import first_of, key_is_once
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_parse, currency_parse
from hoardrun.ledger.notices import notice_of
from hoardrun.ledger.rows import (
    account_lock,
    accounts_lock,
    actor_check,
    carried_save,
    clean,
    record,
)
from hoardrun.ledger.transitions import EXPLAINED, transition_check
from notifications.services import notification_compose
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import InvalidInput
from realtime.retry import one_transaction, retried

Amount = str | int | Decimal


class Created(NamedTuple):
    """A transaction, and whether this call created it; else an earlier one with its key did."""

    txn: Transaction
    created: bool


@one_transaction
def account_open(
    *,
    user_id: int,
    currency: str,
    type: str = AccountType.CHECKING,
    name: str = "",
    opening_balance: Amount = 0,
    credit_limit: Amount = 0,
) -> Account:
    """Open an active account. Only credit accounts have a credit limit; it is available at once."""
    opening = amount_parse(opening_balance, currency, allow_zero=True)
    credit = amount_parse(credit_limit, currency, allow_zero=True)
    if credit and type != AccountType.CREDIT:
        raise InvalidInput("credit_limit", "Only a credit account has one.")
    account = Account(user_id=user_id, type=type, name=name, currency=currency)
    shift(account, available=opening + credit, current=opening)
    clean(account, exclude={"user"})
    account.save()
    booking.book_opening(account)
    return account


def transaction_check(
    *,
    account: Account,
    type: str,
    direction: str,
    amount: Amount,
    currency: str | None = None,
    gives_back: bool = False,
) -> Decimal:
    """Check whether an account takes a new transaction; return the amount.

    The answer is final only under the account's lock, as in `transaction_create`. With
    `gives_back`, a closed account gives what a payment has left there.
    """
    if currency is not None and currency_parse(currency) != account.currency:
        raise CurrencyMismatch(account.currency, currency[:20])
    exact = amount_parse(amount, account.currency)
    if (only := DIRECTION_OF.get(type)) and direction != only:
        raise InvalidInput("direction", f"A {type} is always {only.value}.")
    may_give = gives_back and account.status == AccountStatus.CLOSED
    if account.status != AccountStatus.ACTIVE and not may_give:
        raise AccountNotActive(account_status=account.status)
    if direction == Direction.OUTBOUND:
        funds_check(account, exact)
    return exact


@retried
def transaction_create(
    *,
    account_id: int | str,
    type: str,
    direction: str,
    amount: Amount,
    currency: str | None = None,
    owner_id: int | None = None,
    description: str = "",
    payment_method: str = PaymentMethod.OTHER,
    provider: str = "",
    merchant_name: str = "",
    merchant_category: str = "",
    reference: str = "",
    idempotency_key: str | None = None,
    by: Actor = UNNAMED,
    carried: Carried | None = None,
    carrier: str = "",
    against: str = "",
) -> Created:
    """Create a pending transaction; an outbound one holds its amount.

    With `owner_id`, the account must be that user's. A key that the account's user has used
    before returns the first transaction, or raises IdempotencyConflict if that was different.
    Raises a Refused if the account does not take the transaction. `carried`: a payment moves it;
    `carrier` and `against` are of corrections, which name another book than the provider's.
    """
    with key_is_once(account_id, idempotency_key), transaction.atomic():
        account = account_lock(account_id, owner_id)
        actor_check(account, by)
        wanted: dict[str, Any] = {
            "type": type,
            "direction": direction,
            "amount": amount_parse(amount, account.currency),
            "currency": account.currency if currency is None else currency_parse(currency),
            "description": description,
            "payment_method": payment_method,
            "provider": provider,
            "merchant_name": merchant_name,
            "merchant_category": merchant_category,
            "reference": reference,
        }
        key, other = idempotency_key or None, {"carrier": carrier, "against": against}
        txn = Transaction(account=account, idempotency_key=key, **wanted, **other)
        txn.key_owner_id = account.user_id if txn.idempotency_key else None
        if carried:
            carried.mark(txn)
        clean(txn, exclude={"account", "key_owner"})
        if txn.idempotency_key and (first := first_of(account, txn.idempotency_key, wanted)):
            return Created(first, False)
        exact = transaction_check(
            account=account,
            type=type,
            direction=direction,
            amount=amount,
            currency=currency,
            gives_back=carried is not None and type == Type.REFUND,
        )
        if direction == Direction.OUTBOUND:
            shift(account, available=-exact)
            account.save(update_fields=["available_balance", "updated_at"])
        txn.save()
        record(txn, "", by)
    return Created(txn, True)


@retried
def transaction_move(
    *,
    txn_id: int | str,
    to: str,
    reason: str = "",
    by: Actor = UNNAMED,
    onto: int | str | None = None,
    payment: Shown | None = None,
) -> Transaction:
    """Move a transaction to another status, and the money with it.

    `reason` is stored with the move, and published as `failure_reason` if the transaction ends
    otherwise than completed. If the account is closed, the account `onto` takes or gives the
    money; it needs the same user and currency. `payment` is what is shown of the payment that
    moves it from now on, and is given by that alone: nothing else moves such a transaction before
    it ends (PaymentUnderWay).

    Raises IllegalTransition, also for the status that it has already: a move happens once.
    Reversing raises InsufficientFunds if the money that came in is gone, and CarriedMoney for
    one side of a carry. AccountClosed means that `onto` is needed; OwnAccount, that `by` is a
    member of staff who has that account.
    """
    pk = row_id(txn_id)
    with transaction.atomic():
        account_id = Transaction.objects.filter(pk=pk).values_list("account_id", flat=True).first()
        if account_id is None:
            raise TransactionNotFound
        account, other = accounts_lock(account_id, onto)
        held = {
            row: (row.available_balance, row.current_balance) for row in (account, other) if row
        }
        actor_check(account, by)
        txn = Transaction.objects.select_for_update(no_key=True).get(pk=pk)
        before = txn.status
        if txn.counterpart_id is not None:
            raise CarriedMoney(counterpart=str(txn.counterpart_id))
        if payment is None:
            payment_check(txn, to)
        else:
            txn.payment = payment
        transition_check(before, to, by_payment=payment is not None)
        txn.account = account
        effect = effect_of(txn, to)
        can_be_asked = by.actor_kind in PEOPLE and payment is None
        onto_check(account, other, effect, strict=can_be_asked)
        about = f"For transaction #{txn.pk} of a closed account"
        carried: list[Transaction] = []
        if other and effect.available < 0:  # first, so that the account has the money
            carried = carry(other, account, -effect.available, about, txn.reference)
        txn.status = to
        txn.failure_reason = reason if to in EXPLAINED else ""
        settle(account, effect)
        if to == Status.COMPLETED:
            txn.balance_after = account.current_balance
            txn.completed_at = clock.now()
        if other and effect.available > 0:
            carried = carry(account, other, effect.available, about, txn.reference)
        clean(txn, exclude={"account", "key_owner"})
        for changed, balances in held.items():
            if (changed.available_balance, changed.current_balance) != balances:
                changed.save(update_fields=["available_balance", "current_balance", "updated_at"])
        txn.save()
        record(txn, before, by, reason)
        carried_save(carried, by, reason)
        booking.book_move(txn, by.actor_kind, carried)
        if notice := notice_of(txn):
            told = "transaction-{}-{}".format
            notification_compose(
                user_id=account.user_id,
                kind=notice.kind,
                values=notice.values,
                metadata={"transaction_id": str(txn.pk)},
                key=told(txn.pk, to),
                supersedes_key=told(txn.pk, Status.COMPLETED) if to == Status.REVERSED else None,
            )
    return txn


@retried
def account_carry(
    *, account_id: int | str, onto: int | str, reason: str = "", by: Actor = UNNAMED
) -> list[Transaction]:
    """Carry what is left on a closed account onto another active one of its user.

    Returns the pair of completed transactions. Carries nothing of a credit line. Raises
    NothingToCarry, InvalidInput about `onto`, AccountNotFound and OwnAccount.
    """
    with transaction.atomic():
        account, other = accounts_lock(row_id(account_id), onto)
        assert other is not None  # it was named
        actor_check(account, by)
        amount = left_check(account, other)
        sides = carry(account, other, amount, f"Left on closed account #{account.pk}")
        for changed in (account, other):
            changed.save(update_fields=["available_balance", "current_balance", "updated_at"])
        carried_save(sides, by, reason)
        booking.book_transfer(sides)
    return sides
