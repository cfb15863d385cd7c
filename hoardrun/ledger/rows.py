"""Lock, check and store the rows of the ledger. Called by `services`, inside a transaction."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from hoardrun.ledger.actors import Actor
from hoardrun.ledger.carrying import ONTO
from hoardrun.ledger.choices import ActorKind
from hoardrun.ledger.errors import AccountNotFound, OwnAccount
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from realtime.core.text import is_text, row_id
from realtime.errors import InvalidInput

# The same for every account that takes no transfer, so that it does not reveal those of others.
NOBODY = "There is no active account in {} with that number."


def account_lock(account_id: int | str, owner_id: int | None = None) -> Account:
    """Lock an account; with `owner_id`, only that user's. Raises AccountNotFound."""
    accounts = Account.objects.select_for_update(no_key=True)
    if owner_id is not None:
        accounts = accounts.filter(user_id=owner_id)
    try:
        return accounts.get(pk=row_id(account_id))
    except Account.DoesNotExist:
        raise AccountNotFound from None


def accounts_lock(account_id: int, onto: int | str | None) -> tuple[Account, Account | None]:
    """Lock an account and, if named, another one of its user, in the order of their ids.

    Raises AccountNotFound. Raises InvalidInput if the other one is missing or another user's.
    """
    if onto is None:
        return account_lock(account_id), None
    ids = [account_id, row_id(onto)]
    owner = Account.objects.filter(pk=account_id).values("user_id")
    locked = Account.objects.select_for_update(no_key=True)
    found = {row.pk: row for row in locked.filter(pk__in=ids, user__in=owner).order_by("pk")}
    if account_id not in found:
        raise AccountNotFound
    if ids[1] not in found:
        raise InvalidInput("onto_account_id", ONTO)
    return found[account_id], found[ids[1]]


def pair_lock(
    source_id: int, target_id: int, owner_id: int | None = None
) -> tuple[Account, Account]:
    """Lock two accounts in the order of their ids; with `owner_id`, that user's and any other.

    Raises AccountNotFound, or InvalidInput if it is the second that does not exist.
    """
    locked = Account.objects.select_for_update(no_key=True).filter(pk__in=(source_id, target_id))
    found = {row.pk: row for row in locked.order_by("pk")}
    source, target = found.get(source_id), found.get(target_id)
    if source is None or owner_id not in (None, source.user_id):
        raise AccountNotFound
    if target is None:
        raise InvalidInput("to_account_id", NOBODY.format(source.currency))
    return source, target


def actor_check(account: Account, by: Actor) -> None:
    """Raise OwnAccount for a member of staff on their own account."""
    if by.actor_kind == ActorKind.STAFF and by.user_id == account.user_id:
        raise OwnAccount


def clean(row: Account | Transaction | TransactionMove, exclude: set[str]) -> None:
    """Check lengths, choices and characters. SQLite, for one, would store anything."""
    for name, value in row.__dict__.items():
        if isinstance(value, str) and not is_text(value):
            raise InvalidInput(name, "Holds characters that are not text; remove them.")
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        raise InvalidInput(**error.message_dict) from None


def record(txn: Transaction, before: str, by: Actor, reason: str = "") -> None:
    """Store the move of a transaction that has just been saved."""
    move = TransactionMove(
        txn=txn, from_status=before, to_status=txn.status, reason=reason, **by._asdict()
    )
    clean(move, exclude={"txn", "user"})
    move.save()


def carried_save(sides: list[Transaction], by: Actor, reason: str) -> None:
    """Store both sides of a carry, if there is one, each with the other as its counterpart."""
    if not sides:
        return
    gives, takes = sides
    gives.save()
    takes.counterpart = gives
    takes.save()
    # By `update`, which publishes nothing: each side has published itself.
    gives.counterpart = takes
    Transaction.objects.filter(pk=gives.pk).update(counterpart=takes)
    for side in sides:
        record(side, "", by, reason)
