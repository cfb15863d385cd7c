"""A user's rows, table by table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet

from hoardrun.broadcasts.kinds import KINDS
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from notifications.models import Announcement, Notification
from realtime.models import Connection, Cursor, EndedSession, Event, IssuedToken, Stream, Ticket
from realtime.streams import user_stream

_TO_A_USER = [name for name, kind in KINDS.items() if kind.target == "user_id"]

Rows = Callable[[int], QuerySet[Any]]
ROWS: dict[str, Rows] = {
    "auth_user": lambda pk: get_user_model()._default_manager.filter(pk=pk),
    "auth_user_groups": lambda pk: _given("groups", pk),
    "auth_user_user_permissions": lambda pk: _given("user_permissions", pk),
    "django_session": lambda pk: Session.objects.filter(pk__in=list(_sessions(pk))),
    "django_admin_log": lambda pk: LogEntry.objects.filter(user_id=pk) | log_about(pk),
    "notifications_notification": lambda pk: Notification.objects.filter(user_id=pk),
    "notifications_announcement": lambda pk: Announcement.objects.filter(author_id=pk),
    "realtime_event": lambda pk: Event.objects.filter(stream__name=user_stream(pk)),
    "realtime_stream": lambda pk: Stream.objects.filter(name=user_stream(pk)),
    "realtime_cursor": lambda pk: Cursor.objects.filter(user_id=pk),
    "realtime_connection": lambda pk: Connection.objects.filter(user_id=pk),
    "realtime_ticket": lambda pk: Ticket.objects.filter(user_id=pk),
    "realtime_issuedtoken": lambda pk: IssuedToken.objects.filter(user_id=pk),
    "realtime_endedsession": lambda pk: EndedSession.objects.filter(user_id=pk),
    "broadcasts_broadcast": lambda pk: Broadcast.objects.filter(
        Q(author_id=pk) | Q(kind__in=_TO_A_USER, target=str(pk))
    ),
    "broadcasts_broadcastdecision": lambda pk: BroadcastDecision.objects.filter(decided_by_id=pk),
    "ledger_account": lambda pk: Account.objects.filter(user_id=pk),
    "ledger_transaction": lambda pk: Transaction.objects.filter(account__user_id=pk),
    "ledger_transactionmove": lambda pk: TransactionMove.objects.filter(
        Q(user_id=pk) | Q(txn__account__user_id=pk)
    ),
}


def log_about(user_id: int) -> QuerySet[LogEntry]:
    """Select the entries of the admin's log that are about a user or an account of theirs."""
    accounts = list(Account.objects.filter(user_id=user_id).values_list("pk", flat=True))
    return LogEntry.objects.filter(about(_user(), [user_id]) | about(Account, accounts))


def about(model: type[Model], pks: list[Any]) -> Q:
    """Select the entries of the admin's log that are about some rows."""
    return Q(
        content_type=ContentType.objects.get_for_model(model), object_id__in=list(map(str, pks))
    )


def _given(name: str, pk: int) -> QuerySet[Any]:
    """Select the rows between a user and what was given to it, in a table of Django's own."""
    field: Any = get_user_model()._meta.get_field(name)
    rows: QuerySet[Any] = field.remote_field.through._default_manager.filter(
        **{field.m2m_field_name(): pk}
    )
    return rows


def _user() -> Any:
    return get_user_model()


def _sessions(user_id: int) -> Iterator[str]:
    """Return the keys of a user's sessions, which only their content tells."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user_id):
            yield session.session_key
