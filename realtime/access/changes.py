"""Change what a user may do, and tell every node by an event.

Called by the API, the admin, commands and `access.signals`. Each function writes `access_changed`
to the user's stream in the transaction of the change. A node with sockets of the user receives it
like any event, or reads it from the log, and rechecks their logins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from django.contrib.admin.models import CHANGE, DELETION
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max
from rest_framework_simplejwt.settings import api_settings

from realtime import audit, clock, registry
from realtime.models import Connection, EndedSession, IssuedToken
from realtime.protocol.codes import CloseCode
from realtime.protocol.published import AccessChanged
from realtime.publish import publish, publish_many
from realtime.retry import one_transaction, retried
from realtime.streams import user_stream

Change = Literal["password", "account", "rights"]


def changed(user_ids: Iterable[int], change: Change) -> None:
    """Report that the password, account or rights of users have changed.

    Apps that keep memberships of rooms in their own tables call it with `rights`, last in the
    transaction that removes a membership.
    """
    publish_many([(user_stream(pk), AccessChanged(change=change)) for pk in user_ids])


def lock_user(user_id: int) -> None:
    """Lock a user, as a refresh does: what ends logins comes before or after one."""
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    users.filter(pk=user_id).first()


@one_transaction
def end_all_sessions(user_id: int) -> int:
    """End all logins of a user that have a refresh token of ours; return how many."""
    lock_user(user_id)
    now = clock.now()
    issued = IssuedToken.objects.filter(user_id=user_id, expires_at__gt=now)
    lasting = dict(issued.values_list("session").annotate(Max("expires_at")))
    # Tokens of earlier versions do not name their login: delete all of them.
    issued.delete()
    return _end_each(user_id, lasting, now)


@one_transaction
def end_other_sessions(user_id: int, session: str) -> int:
    """End all logins of a user but one, also those that only have a socket; return how many."""
    lock_user(user_id)
    now = clock.now()
    issued = IssuedToken.objects.filter(user_id=user_id, expires_at__gt=now)
    lasting: dict[str, datetime | None] = dict.fromkeys(
        Connection.objects.filter(user_id=user_id).values_list("session", flat=True)
    )
    lasting |= dict(issued.values_list("session").annotate(Max("expires_at")))
    issued.filter(session="").exclude(pk=session).delete()  # of earlier versions, as above
    lasting.pop(session, None)
    lasting.pop("", None)
    return _end_each(user_id, lasting, now)


def _end_each(user_id: int, lasting: Mapping[str, datetime | None], now: datetime) -> int:
    ended = EndedSession.objects.filter(user_id=user_id).values_list("pk", flat=True)
    sessions = lasting.keys() - set(ended)
    for session in sorted(sessions):
        _end(user_id, session, now, lasting[session])
    return len(sessions)


@one_transaction
def end_session(*, user_id: int, session: str) -> None:
    """End a login: its tokens become invalid, its sockets close with 4401.

    The end is stored until the last of its tokens has expired.
    """
    issued = IssuedToken.objects.filter(user_id=user_id, session=session)
    _end(user_id, session, clock.now(), issued.aggregate(last=Max("expires_at"))["last"])


def _end(user_id: int, session: str, now: datetime, last: datetime | None) -> None:
    """End a login whose last refresh token of ours, if any, expires at `last`.

    Tokens of another issuer are taken to last as long as ours. Lifetimes may have been lowered
    since, so the stored expiry counts as well.
    """
    lasts = max(api_settings.REFRESH_TOKEN_LIFETIME, api_settings.ACCESS_TOKEN_LIFETIME)
    until = now + lasts if last is None else max(last, now + lasts)
    _, created = EndedSession.objects.get_or_create(
        pk=session, defaults={"user_id": user_id, "expires_at": until}
    )
    if created:
        publish(user_stream(user_id), AccessChanged(change="logout", session=session))


@retried
def close_connections(
    connections: Sequence[Connection], *, by: int | None = None, reconnect: bool = False
) -> None:
    """Close sockets on any node: with 4403, or with 1012 to let them reconnect.

    `by` is the id of the staff member who does it, for the admin's log.
    """
    with transaction.atomic():
        _record(by, connections, reconnect)
        publish_many(
            [
                (
                    user_stream(connection.user_id),
                    AccessChanged(
                        change="closed", connection_id=connection.pk, reconnect=reconnect
                    ),
                )
                for connection in connections
            ]
        )


@retried
def close_user(user_id: int, *, by: int | None = None, reconnect: bool = False) -> list[Connection]:
    """Close all sockets of a user, including those not yet reported.

    Returns the reported ones. `by` as in `close_connections`.
    """
    known = list(registry.connections().filter(user_id=user_id))
    with transaction.atomic():
        _record(by, known, reconnect)
        if by is not None:  # log the user too: a socket may not be reported yet
            users = get_user_model()._default_manager.filter(pk=user_id)
            text = f"All connections closed with {_code(reconnect).value}."
            audit.log(by, users, CHANGE, text)
        publish(user_stream(user_id), AccessChanged(change="closed", reconnect=reconnect))
    return known


def _record(by: int | None, connections: Sequence[Connection], reconnect: bool) -> None:
    if by is not None and connections:
        text = f"Closed with {_code(reconnect).value}."
        audit.log(by, connections, DELETION, text)


def _code(reconnect: bool) -> CloseCode:
    return CloseCode.RESTART if reconnect else CloseCode.REVOKED
