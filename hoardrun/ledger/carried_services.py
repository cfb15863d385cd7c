"""The writes of the ledger that payments by a gateway need beside those of `services`.

Each belongs inside the caller's transaction, which holds the payment's lock; each locks the
account first, as all services do.

What a provider has done cannot be refused. Where an account does not have the money that went
back, or out, the rest is an advance: a transaction from the book of receivables, which the customer
owes us. So the account is not overdrawn, and the statement says why.
"""

from __future__ import annotations

from decimal import Decimal

from hoardrun.ledger.actors import Actor
from hoardrun.ledger.balances import Effect, settle, shift
from hoardrun.ledger.by_gateway import Carried, Shown
from hoardrun.ledger.choices import AccountType, Direction, PaymentMethod
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.journal import booking
from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.notices import late_notice_of, notice_of
from hoardrun.ledger.rows import account_lock, actor_check, clean, record
from hoardrun.ledger.services import transaction_move
from notifications.services import notification_compose
from realtime import clock

ADVANCE = "advance:{}"


def payment_show(txn_id: int, payment: Shown) -> Transaction:
    """Store what is shown of the payment that moves a transaction."""
    account = account_lock(_account_of(txn_id))
    txn = Transaction.objects.select_for_update(no_key=True).get(pk=txn_id)
    txn.account, txn.payment = account, payment
    txn.save(update_fields=["payment", "updated_at"])
    return txn


def account_hold(txn_id: int) -> Account:
    """Lock the account of a transaction: nothing moves that before the caller's transaction ends.

    The transaction is to be read after this.
    """
    return account_lock(_account_of(txn_id))


def transaction_book(
    like: Transaction,
    *,
    amount: Decimal,
    carried: Carried,
    description: str,
    by: Actor,
    is_fee: bool = False,
) -> tuple[Transaction, Decimal]:
    """Store a completed transaction like another one that has ended without money, or its fee.

    Returns it, and what had to be advanced. The user is told that it was made after all.

    The account may be closed: the money then waits there for `account_carry`. With a key that was
    used before nothing happens.
    """
    account = account_lock(like.account_id)
    actor_check(account, by)
    if first := Transaction.objects.filter(own_key=carried.own_key).first():
        return first, Decimal(0)
    direction = Direction.OUTBOUND if is_fee else like.direction
    lacking = Decimal(0)
    if direction == Direction.OUTBOUND:
        lacking = _advance(account, amount, carried, like.reference, by)
    txn = Transaction(
        account=account,
        type=Type.FEE if is_fee else like.type,
        direction=direction,
        amount=amount,
        currency=account.currency,
        description=description,
        payment_method=like.payment_method,
        provider=like.provider,
        reference=like.reference,
    )
    carried.mark(txn)
    _book(account, txn, by)
    notice = notice_of(txn) if is_fee else late_notice_of(txn)
    assert notice is not None  # completed ones have one
    told = "transaction-{}-{}".format
    notification_compose(
        user_id=account.user_id,
        kind=notice.kind,
        values=notice.values,
        metadata={"transaction_id": str(txn.pk)},
        key=told(txn.pk, txn.status),
        supersedes_key=None if is_fee else told(like.pk, Status.FAILED),
    )
    return txn, lacking


def payment_reverse(txn_id: int, *, carried: Carried, reason: str, by: Actor) -> Decimal:
    """Reverse a completed transaction that a provider gave back; return what had to be advanced.

    One that staff have reversed before stays as it is.
    """
    account = account_lock(_account_of(txn_id))
    txn = Transaction.objects.get(pk=txn_id)
    assert carried.payment is not None  # it says that it was given back
    if txn.status == Status.REVERSED:
        payment_show(txn_id, carried.payment)
        return Decimal(0)
    lacking = Decimal(0)
    if txn.direction == Direction.INBOUND:
        lacking = _advance(account, txn.amount, carried, txn.reference, by)
    transaction_move(
        txn_id=txn_id, to=Status.REVERSED, reason=reason, by=by, payment=carried.payment
    )
    return lacking


def transaction_replace(
    txn_id: int, *, amount: Decimal, carried: Carried, by: Actor
) -> tuple[Transaction, Decimal]:
    """Cancel a transaction that is under way for another one of the amount that really came.

    Returns that one, and what had to be advanced.
    """
    assert carried.payment is not None  # it says what came
    ended = {**carried.payment, "stage": "cancelled"}
    old = transaction_move(
        txn_id=txn_id, to=Status.CANCELLED, reason="Another amount came.", by=by, payment=ended
    )
    account = old.account
    lacking = Decimal(0)
    if old.direction == Direction.OUTBOUND:
        lacking = _advance(account, amount, carried, old.reference, by)
        shift(account, available=-amount)
        account.save(update_fields=["available_balance", "updated_at"])
    new = Transaction(
        account=account,
        type=old.type,
        direction=old.direction,
        amount=amount,
        currency=old.currency,
        status=Status.PROCESSING,
        description=old.description,
        payment_method=old.payment_method,
        provider=old.provider,
        reference=old.reference,
    )
    carried.mark(new)
    clean(new, exclude={"account", "key_owner"})
    new.save()
    record(new, "", by)
    return new, lacking


def _advance(
    account: Account, needed: Decimal, carried: Carried, reference: str, by: Actor
) -> Decimal:
    """Give an account what it lacks of an amount; a credit line may be exceeded instead."""
    lacking: Decimal = max(Decimal(0), needed - account.available_balance)
    if not lacking or account.type == AccountType.CREDIT:
        return Decimal(0)
    txn = Transaction(
        account=account,
        type=Type.OTHER,
        direction=Direction.INBOUND,
        amount=lacking,
        currency=account.currency,
        description="Advance, to be paid back",
        payment_method=PaymentMethod.OTHER,
        reference=reference,
        against=BookKind.RECEIVABLE,
        own_key=ADVANCE.format(carried.own_key),
    )
    _book(account, txn, by)
    return lacking


def _book(account: Account, txn: Transaction, by: Actor) -> None:
    """Settle, save and post a transaction that is completed from the start."""
    amount = -txn.amount if txn.direction == Direction.OUTBOUND else txn.amount
    settle(account, Effect(amount, amount))
    txn.status, txn.completed_at = Status.COMPLETED, clock.now()
    txn.balance_after = account.current_balance
    clean(txn, exclude={"account", "key_owner"})
    account.save(update_fields=["available_balance", "current_balance", "updated_at"])
    txn.save()
    record(txn, "", by)
    booking.book_move(txn, by.actor_kind, [])


def _account_of(txn_id: int) -> int:
    return Transaction.objects.values_list("account_id", flat=True).get(pk=txn_id)
