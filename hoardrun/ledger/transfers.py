"""Move money from one account here to another, of one customer or of two.

One database transaction makes a pair of completed transactions, each the other's `counterpart`,
and one posting between their books. Neither is moved again by itself: that would make or lose
money.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction

from hoardrun.ledger.actors import UNNAMED, Actor
from hoardrun.ledger.carrying import carry
from hoardrun.ledger.choices import DIRECTION_OF
from hoardrun.ledger.choices import AccountStatus as Status
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.errors import IdempotencyConflict
from hoardrun.ledger.journal import booking
from hoardrun.ledger.keys import first_of, key_is_once
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.money import amount_parse
from hoardrun.ledger.notices import notice_of
from hoardrun.ledger.rows import NOBODY, actor_check, carried_save, clean, pair_lock
from hoardrun.ledger.services import Amount, transaction_check
from notifications.services import notification_compose
from realtime.core.text import row_id
from realtime.errors import InvalidInput
from realtime.retry import retried


class Transfer(NamedTuple):
    """Both sides of a transfer, and whether this call made it; else one with its key did."""

    gives: Transaction
    takes: Transaction
    created: bool


@retried
def transfer_create(
    *,
    source_id: int | str,
    target_id: int | str,
    amount: Amount,
    owner_id: int | None = None,
    description: str = "",
    reference: str = "",
    idempotency_key: str | None = None,
    by: Actor = UNNAMED,
) -> Transfer:
    """Take an amount from one account to another in the same currency, at once.

    With `owner_id`, the source must be that user's, and nothing is told of other users' accounts
    but that they do not take it. A key that the source's user has used before returns the first
    transfer, or raises IdempotencyConflict if that was different. Raises a Refused if either
    account does not take it.
    """
    if row_id(source_id) == row_id(target_id):
        raise InvalidInput("to_account_id", "Name another account than the one that gives.")
    with key_is_once(source_id, idempotency_key), transaction.atomic():
        source, target = pair_lock(row_id(source_id), row_id(target_id), owner_id)
        is_strange = owner_id is not None and target.user_id != owner_id
        if is_strange and (target.status, target.currency) != (Status.ACTIVE, source.currency):
            raise InvalidInput("to_account_id", NOBODY.format(source.currency))
        for account in (source, target):
            actor_check(account, by)
        exact = amount_parse(amount, source.currency)
        wanted: dict[str, Any] = {
            "type": Type.TRANSFER_OUT,
            "amount": exact,
            "description": description,
            "reference": reference,
        }
        if idempotency_key and (first := first_of(source, idempotency_key, wanted)):
            if first.counterpart is None or first.counterpart.account_id != target.pk:
                raise IdempotencyConflict(["to_account_id"])
            return Transfer(first, first.counterpart, False)
        for account, type in ((source, Type.TRANSFER_OUT), (target, Type.TRANSFER_IN)):
            transaction_check(
                account=account,
                type=type,
                direction=DIRECTION_OF[type],
                amount=exact,
                currency=source.currency,
            )
        gives, takes = sides = carry(source, target, exact, description, reference)
        gives.idempotency_key = idempotency_key or None
        gives.key_owner_id = source.user_id if idempotency_key else None
        for side in sides:
            clean(side, exclude={"account", "key_owner", "counterpart"})
        _save(sides)
        carried_save(sides, by, "")
        booking.book_transfer(sides)
        if source.user_id != target.user_id:
            _tell(sides)
    return Transfer(gives, takes, True)


def _in_order(sides: list[Transaction]) -> list[Transaction]:
    """Return the sides in the order of their users, whose streams are locked from here on.

    Two transfers between the same users, on other accounts, would else wait for each other.
    """
    return sorted(sides, key=lambda side: (side.account.user_id, side.account_id))


def _save(sides: list[Transaction]) -> None:
    for side in _in_order(sides):
        side.account.save(update_fields=["available_balance", "current_balance", "updated_at"])


def _tell(sides: list[Transaction]) -> None:
    for side in _in_order(sides):
        if notice := notice_of(side):
            notification_compose(
                user_id=side.account.user_id,
                kind=notice.kind,
                values=notice.values,
                metadata={"transaction_id": str(side.pk)},
                key=f"transaction-{side.pk}-{side.status}",
            )
