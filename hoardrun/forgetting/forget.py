"""Take away what is kept about a user, but for what the books and the records need."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import transaction

from hoardrun.forgetting.tables import PERSONAL, Fate, about
from hoardrun.ledger.choices import TransactionStatus
from hoardrun.ledger.models import Account, Transaction
from notifications.models import Notification
from realtime.publish import clear
from realtime.retry import one_transaction
from realtime.streams import user_stream

NAME = "forgotten-{}"
_CHUNK = 500
# Tables of which whole columns are emptied, in the order in which services lock their rows.
_DESCRIBED = ("ledger_transaction", "ledger_transactionmove")
_ON_THEIR_OWN = ("auth_user", "django_admin_log")
_CLEARED = tuple(
    name
    for name, table in PERSONAL.items()
    if table.fate is Fate.ANONYMISED and table.name not in _ON_THEIR_OWN
)
_UNDER_WAY = (TransactionStatus.PENDING, TransactionStatus.PROCESSING)


@dataclass
class Outcome:
    """Counts of deleted, changed and kept rows by table, and notes for the operator."""

    user_id: int
    name: str
    removed: dict[str, int] = field(default_factory=dict)
    anonymised: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    accounts_with_money: int = 0
    transactions_under_way: int = 0


@one_transaction
def shut_out(user_id: int) -> None:
    """Deactivate a user for good: no password counts, no token, and all sockets close."""
    user: Any = get_user_model()._default_manager.select_for_update(no_key=True).get(pk=user_id)
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


@one_transaction
def forget(user_id: int, *, dry_run: bool = False, keep_descriptions: bool = False) -> Outcome:
    """Anonymise a user's row, and remove, anonymise or keep the others as their tables say.

    `keep_descriptions` leaves the texts of transactions, where the law of keeping books wants
    them. All or nothing; `dry_run` undoes it. Once more, it does what there is to do.
    """
    user: Any = get_user_model()._default_manager.select_for_update(no_key=True).get(pk=user_id)
    outcome = Outcome(user_id, _free_name(user_id))
    accounts = Account.objects.filter(user_id=user_id)
    outcome.accounts_with_money = accounts.exclude(current_balance=0, available_balance=0).count()
    txns = Transaction.objects.filter(account__user_id=user_id)
    outcome.transactions_under_way = txns.filter(status__in=_UNDER_WAY).count()
    # First, as it needs the titles and names that go.
    outcome.anonymised["django_admin_log"] = _log_entries(user_id, outcome.name)
    for name in _CLEARED:
        is_left = keep_descriptions and name in _DESCRIBED
        outcome.anonymised[name] = 0 if is_left else PERSONAL[name].clear(user_id)
    for name, table in PERSONAL.items():
        if table.fate is Fate.KEPT:
            outcome.kept[name] = table.rows(user_id).count()
        elif table.fate is Fate.REMOVED and name != "realtime_event":
            outcome.removed[name] = _remove(table.rows(user_id))
    outcome.anonymised["auth_user"] = int(_anonymise(user, outcome.name))
    # Last, as it locks the stream.
    outcome.removed["realtime_event"] = clear(user_stream(user_id))
    transaction.set_rollback(dry_run)
    return outcome


def _anonymise(user: Any, name: str) -> bool:
    """Leave a number of the user: the books and the records refer to it."""
    values = {user.USERNAME_FIELD: name, "is_active": False, "last_login": None}
    values |= {"is_staff": False, "is_superuser": False}
    for text in ("first_name", "last_name", user.EMAIL_FIELD):
        if text != user.USERNAME_FIELD and hasattr(user, text):
            values[text] = ""
    is_done = all(getattr(user, column) == value for column, value in values.items())
    if is_done and not user.has_usable_password():
        return False
    for column, value in values.items():
        setattr(user, column, value)
    user.set_unusable_password()
    user.save()
    return True


def _free_name(user_id: int) -> str:
    """Choose the name that stays in the row; another user may have the usual one."""
    users: Any = get_user_model()
    others = users._default_manager.exclude(pk=user_id)
    usual = NAME.format(user_id)
    free = itertools.chain([usual], (f"{usual}-{count}" for count in itertools.count(2)))
    return next(one for one in free if not others.filter(**{users.USERNAME_FIELD: one}).exists())


def _remove(rows: Any) -> int:
    """Delete rows by SQL alone, without signals and events: the user has no clients left."""
    return int(rows._raw_delete(rows.db) or 0)  # none, where there can be no row


def _log_entries(user_id: int, name: str) -> int:
    """Remove names and titles from the admin's log; keep author, action and time."""
    entries = LogEntry.objects
    named_so = about(get_user_model()._default_manager.filter(pk=user_id))
    count = entries.filter(named_so).exclude(object_repr=name).update(object_repr=name)
    titled = about(Notification.objects.filter(user_id=user_id))
    count += entries.filter(titled).exclude(object_repr="").update(object_repr="")
    # An entry has the name that the account had then.
    accounts = Account.objects.filter(user_id=user_id)
    nameless: dict[str | None, str] = {}
    for account in accounts:
        account.name = ""
        nameless[str(account.pk)] = str(account)
    named = []
    for entry in entries.filter(about(accounts)):
        # Of an account that staff opened after the query above, nothing is kept.
        without = nameless.get(entry.object_id, "")
        if entry.object_repr != without:
            entry.object_repr = without
            named.append(entry)
    count += entries.bulk_update(named, ["object_repr"], batch_size=_CHUNK)
    return count
