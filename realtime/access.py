"""Changes of what a user may do, and the event that tells every node of them.

Each writes an `access_changed` event to the user's stream, in the transaction of the
change itself: a node that has sockets of this user hears it as it hears every event, or
finds it in the log, and looks at their standing again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from django.db import transaction

from realtime import names
from realtime.models import Connection, EndedSession
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


def close_connection(connection: Connection, *, reconnect: bool = False) -> None:
    """Close one socket, wherever it is: with 4403, or with 1012 to have it come back."""
    publish(
        names.user_stream(connection.user_id),
        AccessChanged(change="closed", connection_id=connection.pk, reconnect=reconnect),
    )


def close_user(user_id: int, *, reconnect: bool = False) -> None:
    """Close all sockets of a user: with 4403, or with 1012 to have them come back."""
    publish(names.user_stream(user_id), AccessChanged(change="closed", reconnect=reconnect))
