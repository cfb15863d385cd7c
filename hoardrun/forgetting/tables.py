"""Every table: which rows of it are a user's, what becomes of them, and which columns stay.

`docs/privacy.md` says why, and names the columns that are cleared and every text that is kept.
A test fails for a table, or a column of a row that stays, that is not in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet

from hoardrun.broadcasts.kinds import KINDS
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from hoardrun.market.models import Instrument, Quote
from notifications.models import Announcement, Mailing, Notification
from realtime import models as engine
from realtime.streams import user_stream

_User: Any = get_user_model()
_TO_A_USER = [name for name, kind in KINDS.items() if kind.target == "user_id"]


class Fate(StrEnum):
    """What `forget_user` does with a user's rows of a table."""

    REMOVED = "removed"
    ANONYMISED = "anonymised"  # what identifies is taken out of the row
    KEPT = "kept"  # says nothing about the user but a number
    NOBODYS = "nobody's"  # no row of it is about a user


class Table(NamedTuple):
    """One table. Of rows that stay, a column is kept, or it tells about the person and goes."""

    model: type[Model]
    fate: Fate
    whose: Callable[[int], Q]
    kept: frozenset[str]
    cleared: frozenset[str]

    def rows(self, user_id: int) -> QuerySet[Any]:
        """Select a user's rows."""
        return self.model._default_manager.filter(self.whose(user_id))


def about(model: type[Model], pks: list[Any]) -> Q:
    """Select the entries of the admin's log that are about some rows."""
    return Q(
        content_type=ContentType.objects.get_for_model(model), object_id__in=list(map(str, pks))
    )


def log_about(user_id: int) -> Q:
    """Select the entries of the admin's log that are about a user or an account of theirs."""
    accounts = list(Account.objects.filter(user_id=user_id).values_list("pk", flat=True))
    return about(_User, [user_id]) | about(Account, accounts)


def _sessions(user_id: int) -> Iterator[str]:
    """Return the keys of a user's sessions, which only their content tells."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user_id):
            yield session.session_key


def _removed(model: type[Model], whose: str | Callable[[int], Q] = "user_id") -> Table:
    return Table(model, Fate.REMOVED, _selecting(whose), frozenset(), frozenset())


def _stays(
    model: type[Model], whose: str | Callable[[int], Q], kept: str, cleared: str = ""
) -> Table:
    fate = Fate.ANONYMISED if cleared else Fate.KEPT
    return Table(
        model, fate, _selecting(whose), frozenset(kept.split()), frozenset(cleared.split())
    )


def _nobodys(model: type[Model], kept: str) -> Table:
    """Describe a table of nobody's: one more column may make it somebody's."""
    return _stays(model, lambda pk: Q(pk__in=()), kept)._replace(fate=Fate.NOBODYS)


def _given(name: str) -> Table:
    """Describe the table between users and what is given to them, one of Django's own."""
    field: Any = _User._meta.get_field(name)
    return _removed(field.remote_field.through, field.m2m_field_name())


def _selecting(whose: str | Callable[[int], Q]) -> Callable[[int], Q]:
    return (lambda pk: Q(**{whose: pk})) if isinstance(whose, str) else whose


_ALL = (
    _stays(
        _User,
        "pk",
        "id date_joined",
        "password last_login is_superuser username first_name last_name email is_staff is_active",
    ),
    _given("groups"),
    _given("user_permissions"),
    _removed(Session, lambda pk: Q(pk__in=list(_sessions(pk)))),
    _stays(
        LogEntry,
        lambda pk: Q(user_id=pk) | log_about(pk),
        "id action_time user content_type object_id action_flag change_message",
        "object_repr",
    ),
    _removed(Notification),
    _removed(engine.Event, lambda pk: Q(stream__name=user_stream(pk))),
    _removed(engine.Cursor),
    _removed(engine.Connection),
    _removed(engine.Ticket),
    _removed(engine.IssuedToken),
    _removed(engine.EndedSession),
    _stays(
        Account,
        "user_id",
        "id user type currency available_balance current_balance status created_at updated_at",
        "name",
    ),
    _stays(
        Transaction,
        "account__user_id",
        "id account type status direction amount currency payment_method provider merchant_name "
        "merchant_category reference idempotency_key key_owner counterpart balance_after "
        "created_at updated_at completed_at",
        "description failure_reason",
    ),
    _stays(
        TransactionMove,
        lambda pk: Q(user_id=pk) | Q(txn__account__user_id=pk),
        "id txn from_status to_status actor_kind user actor_name request_id evidence created_at",
        "reason",
    ),
    _stays(
        Broadcast,
        lambda pk: Q(author_id=pk) | Q(kind__in=_TO_A_USER, target=str(pk)),
        "id author kind target payload fingerprint idempotency_key audience needs_approval result "
        "created_at",
        "address",
    ),
    _stays(
        BroadcastDecision,
        "decided_by_id",
        "id broadcast decided_by approved result decided_at",
        "address",
    ),
    _stays(
        Announcement,
        "author_id",
        "id title message severity starts_at ends_at published_at event_offset author created_at "
        "updated_at",
    ),
    _stays(
        engine.Stream,
        lambda pk: Q(name=user_stream(pk)),
        "id name epoch head floor created_at",
    ),
    _nobodys(
        Mailing,
        "id key fingerprint title message type priority metadata total done last_user_id "
        "done_user_id created_at finished_at",
    ),
    _nobodys(Group, "id name"),
    _nobodys(Group.permissions.through, "id group permission"),
    _nobodys(Permission, "id name content_type codename"),
    _nobodys(ContentType, "id app_label model"),
    _nobodys(
        engine.Node,
        "id host pid version started_at seen_at connections users rooms messages_in messages_out "
        "in_per_second out_per_second dropped slow_closed foreign layer_rebuilt lag_ms rss_mb",
    ),
    _nobodys(Instrument, "id symbol name type currency decimals status is_active"),
    _nobodys(
        Quote,
        "instrument price open high low previous_close change change_percent volume market_cap "
        "quoted_at",
    ),
)
TABLES = {table.model._meta.db_table: table for table in _ALL}
PERSONAL = {name: table for name, table in TABLES.items() if table.fate is not Fate.NOBODYS}
