"""A client's idempotency keys: a request that is repeated with one is done once.

Called by `services` and `transfers`, inside their transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError
from django.db.models import Q

from hoardrun.ledger.errors import IdempotencyConflict
from hoardrun.ledger.models import Account, Transaction
from realtime.core.text import row_id


@contextmanager
def key_is_once(account_id: int | str, key: str | None) -> Iterator[None]:
    """Raise IdempotencyConflict if two calls at once use a key on two accounts of one user.

    Each holds the lock of its own account: only the unique constraint stops the second.
    """
    try:
        yield
    except IntegrityError:
        owner = Account.objects.filter(pk=row_id(account_id)).values("user_id")
        used = Transaction.objects.filter(key_owner__in=owner, idempotency_key=key)
        if key and used.exclude(account_id=row_id(account_id)).exists():
            raise IdempotencyConflict(["account_id"]) from None
        raise


def first_of(account: Account, key: str, wanted: dict[str, Any]) -> Transaction | None:
    """Return what the account's user created with this key, preferably on this account."""
    mine = Q(account=account) | Q(key_owner=account.user_id)
    found = list(Transaction.objects.filter(mine, idempotency_key=key))
    if not found:
        return None
    first = next((txn for txn in found if txn.account_id == account.pk), found[0])
    wanted = {"account_id": account.pk, **wanted}
    if differing := [name for name, value in wanted.items() if getattr(first, name) != value]:
        raise IdempotencyConflict(differing)
    first.account = account
    return first
