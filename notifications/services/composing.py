"""Create notifications of a kind, in the language of their users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from notifications import selectors
from notifications.ladders import notifications_appear
from notifications.models import Notification
from notifications.services.creation import IdempotencyConflict, notification_create
from notifications.services.triggering import fields_of, fingerprint
from notifications.texts.render import render
from realtime import clock
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


class Notice(NamedTuple):
    """A notification that is to be composed; its user has none of this key yet."""

    user_id: int
    kind: str
    values: msgspec.Struct
    metadata: Mapping[str, Any]
    key: str


@one_transaction
def notifications_compose(notices: Sequence[Notice]) -> None:
    """Put many notifications into their users' inboxes at once, as `notification_compose` does.

    One whose key its user has already is left out. Raises InvalidInput, and IdempotencyConflict
    for a key that was used for something else: then none is created.
    """
    rows: dict[tuple[int, str | None], Notification]
    rows = {(each.user_id, each.key): _row(each) for each in notices}
    users = {user_id for user_id, _ in rows}
    found = Notification.objects.filter(user_id__in=users, key__in={key for _, key in rows})
    for user_id, key, told in found.values_list("user_id", "key", "fingerprint"):
        if told != rows.pop((user_id, key)).fingerprint:
            raise IdempotencyConflict(key)
    places, now = selectors.locales_and_zones(users), clock.now()
    for row in rows.values():
        locale, zone = places.get(row.user_id, ("", ""))
        shown = render(row.kind, "in_app", row.context or {}, locale=locale, zone=zone)
        row.title, row.message, row.published_at = shown.title, shown.body, now
    created = Notification.objects.bulk_create(rows.values())  # which publishes nothing
    notifications_appear(created)


def _row(notice: Notice) -> Notification:
    fields = fields_of({"kind": notice.kind, "context": notice.values, "metadata": notice.metadata})
    told = fingerprint(fields, None)
    return Notification(user_id=notice.user_id, key=notice.key, fingerprint=told, **fields)
