"""Create a notification of a kind, in the language of its user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from notifications.models import Notification
from notifications.services.creation import notification_create
from realtime.retry import one_transaction


@one_transaction
def notification_compose(
    *,
    user_id: int,
    kind: str,
    values: msgspec.Struct,
    metadata: Mapping[str, Any] | None = None,
    key: str | None = None,
    supersedes_key: str | None = None,
) -> Notification:
    """Put a notification into a user's inbox, whose texts are made of its kind and `values`.

    The inbox keeps the text in the language that the user has now; what leaves the app is
    rendered anew. It makes the one void that `supersedes_key` names, if there is one. Raises
    what `notification_create` raises.
    """
    older = None
    if supersedes_key is not None:
        named = Notification.objects.filter(user_id=user_id, key=supersedes_key)
        older = next(iter(named.values_list("pk", flat=True)), None)
    return notification_create(
        user_id=user_id,
        kind=kind,
        context=values,
        metadata=metadata,
        key=key,
        supersedes=older,
    )
