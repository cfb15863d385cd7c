"""Create one notification, once for each key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Unpack

from django.contrib.auth import get_user_model
from django.db import IntegrityError

from notifications import selectors, validation
from notifications.models import Notification
from notifications.services import triggering
from notifications.texts.render import render
from notifications.validation import ACTOR_LENGTH, KEY_LENGTH, NotificationTrigger
from realtime.core.text import row_id
from realtime.errors import InvalidInput, Refused
from realtime.retry import one_transaction

_TEXTS = {"title", "message"}


class Created(NamedTuple):
    """A notification, and whether this call created it."""

    notification: Notification
    is_new: bool


class IdempotencyConflict(Refused):
    """The key names another notification of this user."""

    status = 422  # as everywhere: 409 is for changes by another person
    title = "Idempotency key used before"
    text = "The key {!r} was used for another notification; repeat that call, or choose a new key."


def notification_create(*, user_id: int, **content: Unpack[NotificationTrigger]) -> Notification:
    """Put a notification into a user's inbox, now or at `scheduled_at`.

    Without title or message, they are those of the kind, in the user's language. It reaches the
    user's devices when the caller's transaction commits, and its ladder begins
    with it if its kind has one. With a `key`, a repeated call changes nothing and returns the
    first one. Decimal, UUID and datetime values in `metadata` and `context` become strings.
    Raises InvalidInput, and IdempotencyConflict for a key that was used for something else.
    """
    return notification_create_once(user_id=user_id, **content).notification


def notification_create_once(*, user_id: int, **content: Unpack[NotificationTrigger]) -> Created:
    """Do as `notification_create`, and say whether the notification is new."""
    given: dict[str, Any] = dict(content)
    key, supersedes = given.pop("key", None), given.pop("supersedes", None)
    if actor := given.pop("actor", ""):
        actor = validation.text("actor", actor, ACTOR_LENGTH)
    fields = triggering.fields_of(given)
    if key is None:
        return Created(_create(user_id, supersedes, fields | {"actor": actor}), True)
    key = validation.text("key", key, KEY_LENGTH)
    fingerprint = triggering.fingerprint(fields, supersedes)
    if before := _repeated(user_id, key, fingerprint):
        return Created(before, False)
    fields |= {"actor": actor, "key": key, "fingerprint": fingerprint}
    try:
        return Created(_create(user_id, supersedes, fields), True)
    except IntegrityError:
        # An equal call was faster, and what this one wrote is undone.
        if before := _repeated(user_id, key, fingerprint):
            return Created(before, False)
        raise


def _repeated(user_id: int, key: str, fingerprint: str) -> Notification | None:
    """Return the notification that a key names already.

    Raises IdempotencyConflict for another content.
    """
    found = Notification.objects.filter(user_id=user_id, key=key).first()
    if found is not None and found.fingerprint != fingerprint:
        raise IdempotencyConflict(key)
    return found


@one_transaction
def _create(user_id: int, supersedes: int | str | None, fields: Mapping[str, Any]) -> Notification:
    validation.check_periods(fields)
    if not get_user_model().objects.filter(pk=user_id).exists():
        raise InvalidInput("user_id", f"there is no user {user_id}; give an existing one")
    older = None if supersedes is None else _older(user_id, supersedes)
    written = dict(fields) if fields.keys() >= _TEXTS else {**_texts(user_id, fields), **fields}
    notification = Notification(user_id=user_id, supersedes_id=older, **written)
    notification.save()  # which publishes
    return notification


def _texts(user_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write title and message of a kind in the user's language and zone."""
    locale, zone = selectors.locale_and_zone(user_id)
    shown = render(fields["kind"], "in_app", fields["context"], locale=locale, zone=zone)
    return {"title": shown.title, "message": shown.body}


def _older(user_id: int, supersedes: int | str) -> int:
    """Return the id of the notification of this user that is made void."""
    number = row_id(supersedes)
    if not Notification.objects.filter(pk=number, user_id=user_id).exists():
        raise InvalidInput("supersedes", f"this user has no notification {supersedes!s:.30}")
    return number
