"""Correct a balance: one member of staff asks, with a reason, and another one decides.

An approved correction of an account is a transaction like any other, made and completed in the
commit of the decision, so that it has its events, its moves and its posting. One of a book of our
own is a posting between that and the world, or between that and our money at a provider.
"""

from __future__ import annotations

from hoardrun.ledger import actors, holders
from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.corrections.errors import (
    CorrectionDecided,
    CorrectionNotFound,
)
from hoardrun.ledger.corrections.models import Against, Correction, CorrectionState
from hoardrun.ledger.journal.booking import book_funding
from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.drafts import Place
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.money import amount_parse
from hoardrun.ledger.rows import account_lock, actor_check
from hoardrun.ledger.services import (
    Amount,
    transaction_check,
    transaction_create,
    transaction_move,
)
from notifications.validation import choice, text, why_given
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import InvalidInput, SecondPerson
from realtime.log_context import request_id
from realtime.retry import one_transaction

MAY_DECIDE = "ledger.decide_correction"
LONGEST = 200
OF_TRANSACTIONS = (Against.SUSPENSE, Against.RECEIVABLE)  # as `Transaction.against` names them


@one_transaction
def correction_ask(
    *,
    direction: str,
    amount: Amount,
    why: str,
    by: int,
    account_id: int | str | None = None,
    currency: str = "",
    against: str = Against.WORLD,
    provider: str = "",
    description: str = "",
) -> Correction:
    """Ask for a correction of an account, which must take it now, or of a book of our own.

    The latter is the one that `against` names, in `currency`; with `provider`, what comes into it
    comes from our money there, instead of the world. Raises Refused.
    """
    why = why_given(why)
    description = text("description", description, LONGEST) if description else ""
    choice("direction", direction, Direction.values)
    is_float = choice("against", against, Against.values) == Against.FLOAT
    if is_float or provider:
        choice("provider", provider, [name for name, _ in holders.holders()])
    if provider and account_id is not None and not is_float:
        raise InvalidInput("provider", "Only our money at a provider has one; leave it out.")
    account = None
    if account_id is None:
        if against == Against.WORLD:
            raise InvalidInput("against", "Name a book of our own, or give an account.")
        exact = amount_parse(amount, currency)
    else:
        account = account_lock(account_id)
        actor_check(account, actors.staff(by))
        exact = transaction_check(
            account=account,
            type=_type(against),
            direction=direction,
            amount=amount,
            currency=currency or None,
        )
        currency = account.currency
    return Correction.objects.create(
        account=account,
        direction=direction,
        amount=exact,
        currency=currency,
        against=against,
        provider=provider,
        why=why,
        description=description,
        asked_by_id=by,
    )


@one_transaction
def correction_approve(*, correction_id: int | str, by: int) -> Correction:
    """Correct the balance as another person has asked. Raises Refused; then it goes on waiting."""
    row = _waiting(correction_id)
    if row.asked_by_id == by:
        raise SecondPerson
    if row.account_id is None:
        _book(row)
        return _decide(row, by, CorrectionState.APPROVED)
    actor, is_gateway = actors.staff(by), holders.is_gateway(row.provider)
    made = transaction_create(
        account_id=row.account_id,
        type=_type(row.against),
        direction=row.direction,
        amount=row.amount,
        description=row.description,
        provider="" if is_gateway else row.provider,
        by=actor,
        carrier=row.provider if is_gateway else "",
        against=row.against if row.against in OF_TRANSACTIONS else "",
    )
    done = transaction_move(txn_id=made.txn.pk, to=Status.COMPLETED, reason=row.why, by=actor)
    return _decide(row, by, CorrectionState.APPROVED, done)


@one_transaction
def correction_reject(*, correction_id: int | str, by: int) -> Correction:
    """Reject a correction; the person who asked may, too, to take it back. Raises Refused."""
    return _decide(_waiting(correction_id), by, CorrectionState.REJECTED)


def _book(row: Correction) -> None:
    """Book a correction of one of our own books."""
    amount = row.amount if row.direction == Direction.INBOUND else -row.amount
    float_there = Place(BookKind.FLOAT, row.currency, provider=row.provider)
    book, other = Place(row.against, row.currency), float_there if row.provider else None
    if row.against == Against.FLOAT:
        book, other = float_there, None
    book_funding(book, amount, f"correction:{row.pk}", other)


def _type(against: str) -> Type:
    """Return the type of transaction that is booked against a book."""
    return Type.FEE if against == Against.FEES else Type.OTHER


def _waiting(correction_id: int | str) -> Correction:
    """Lock a request, so that of two decisions at once the second finds the first."""
    rows = Correction.objects.select_for_update(no_key=True)
    row = rows.filter(pk=row_id(correction_id)).first()
    if row is None:
        raise CorrectionNotFound(correction_id)
    if row.state != CorrectionState.WAITING:
        raise CorrectionDecided(row.get_state_display().lower())
    return row


def _decide(
    row: Correction, by: int, state: CorrectionState, txn: Transaction | None = None
) -> Correction:
    row.state, row.decided_by_id, row.decided_at, row.txn = state, by, clock.now(), txn
    row.decided_request_id = request_id()
    row.save(update_fields=["state", "decided_by", "decided_at", "decided_request_id", "txn"])
    return row
