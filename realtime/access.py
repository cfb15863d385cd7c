"""Changes of what a user may do, and the event that tells every node of them.

Each writes an `access_changed` event to the user's stream, in the transaction of the
change itself: a node that has sockets of this user hears it as it hears every event, or
finds it in the log, and looks at their standing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from realtime import names, registry
from realtime.models import Connection, EndedSession, IssuedToken
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import AccessChanged
from realtime.publish import publish, publish_many

Change = Literal["password", "account", "rights"]


def changed(user_ids: Iterable[int], change: Change) -> None:
    """Tell that these users' password, account or rights are not what they were.

    For room kinds whose membership an application keeps in tables of its own: call it with
    `rights`, last in the transaction that takes the membership away.
    """
    publish_many([(names.user_stream(pk), AccessChanged(change=change)) for pk in user_ids])


@transaction.atomic
def end_all_sessions(user_id: int) -> int:
    """Log every login of a user out that has a refresh token of ours; return how many."""
    # First, as a refresh does: a renewal comes before or after, and neither waits for the other.
    users = get_user_model()._default_manager.select_for_update()
    users.filter(pk=user_id).first()
    lasts = max(api_settings.REFRESH_TOKEN_LIFETIME, api_settings.ACCESS_TOKEN_LIFETIME)
    until = (timezone.now() + lasts).timestamp()
    issued = IssuedToken.objects.filter(user_id=user_id, expires_at__gt=timezone.now())
    sessions = set(issued.values_list("session", flat=True))
    # Those of an earlier version do not say which login is theirs: none of them counts any more.
    issued.delete()
    sessions -= set(EndedSession.objects.filter(user_id=user_id).values_list("pk", flat=True))
    for session in sorted(sessions):
        end_session(user_id=user_id, session=session, expires_at=until)
    return len(sessions)


@transaction.atomic
def end_session(*, user_id: int, session: str, expires_at: float) -> None:
    """Log a login out: none of its tokens counts any more, its sockets close with 4401.

    `expires_at` is when the last of its tokens would have ended, in seconds since 1970.
    """
    _, created = EndedSession.objects.get_or_create(
        pk=session,
        defaults={"user_id": user_id, "expires_at": datetime.fromtimestamp(expires_at, UTC)},
    )
    if created:
        publish(names.user_stream(user_id), AccessChanged(change="logout", session=session))


def close_connections(
    connections: Sequence[Connection], *, by: int | None = None, reconnect: bool = False
) -> None:
    """Close sockets, wherever they are: with 4403, or with 1012 to have them come back.

    `by` is the id of the member of staff who does it; the admin's log then says so.
    """
    with transaction.atomic():
        _record(by, connections, reconnect)
        publish_many(
            [
                (
                    names.user_stream(connection.user_id),
                    AccessChanged(
                        change="closed", connection_id=connection.pk, reconnect=reconnect
                    ),
                )
                for connection in connections
            ]
        )


def close_user(user_id: int, *, by: int | None = None, reconnect: bool = False) -> list[Connection]:
    """Close all sockets of a user, also those that no node has reported yet.

    Returns those that were reported.
    """
    known = list(registry.connections().filter(user_id=user_id))
    with transaction.atomic():
        _record(by, known, reconnect)
        publish(names.user_stream(user_id), AccessChanged(change="closed", reconnect=reconnect))
    return known


def _record(by: int | None, connections: Sequence[Connection], reconnect: bool) -> None:
    if by is not None and connections:
        code = CloseCode.RESTART if reconnect else CloseCode.REVOKED
        LogEntry.objects.log_actions(by, connections, DELETION, f"Closed with {code.value}.")
