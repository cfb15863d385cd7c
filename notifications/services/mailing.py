"""Send one notification to many users, each exactly once, even after a crash.

A mailing goes through the users in the order of their ids, one chunk in each transaction: rows,
events and progress commit together. A repeated call with the same key goes on where the first
stopped; two calls at once take turns. Users of committed chunks have the notification while
others still wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Max
from msgspec.structs import replace

from notifications import validation
from notifications.copies import insert_copies
from notifications.ladders import Begun, begin, ladder_kind
from notifications.models import Mailing, Notification
from notifications.payloads import notification_payload
from notifications.services import triggering
from notifications.validation import KEY_LENGTH
from realtime import clock
from realtime.core.text import MAX_ID
from realtime.errors import Conflict, InvalidInput
from realtime.publish import publish_many
from realtime.retry import one_transaction
from realtime.streams import user_stream

CHUNK = 500  # users in one transaction; other publishers to them wait for it


def notifications_send(
    *,
    key: str,
    title: str,
    message: str,
    user_ids: Sequence[int] | None = None,
    type: str | None = None,
    priority: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    kind: str = "",
    context: Mapping[str, Any] | msgspec.Struct | None = None,
    progress: Callable[[Mailing], None] | None = None,
) -> Mailing:
    """Notify each of these users once, or every active one, and return the finished mailing.

    `key` names the mailing: after a crash, call again with the same arguments. Users that are
    created after the first call get nothing. `kind` and `context` are as `notification_create`
    takes them. Do not call it inside a transaction: all chunks would become one. Raises
    InvalidInput, and Conflict if the key was used for something else.
    """
    chosen = {"type": type, "priority": priority, "kind": kind, "context": context}
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value}
    if not kind:
        given = {"type": "system", "priority": "medium", **given}
    given |= {"title": title, "message": message, "metadata": metadata}
    content = triggering.fields_of(given)
    wanted = None if user_ids is None else sorted(set(user_ids))
    if wanted and not 0 < wanted[0] <= wanted[-1] <= _largest_id():
        some = wanted[0] if wanted[0] <= 0 else wanted[-1]
        raise InvalidInput("user_ids", f"{str(some)[:30]} is no user's id")
    mailing = _begin(validation.text("key", key, KEY_LENGTH), content, wanted)
    while mailing.finished_at is None:
        mailing = _advance(mailing.pk, content, wanted)
        if progress is not None:
            progress(mailing)
    return mailing


def _largest_id() -> int:
    """Return the largest id of the users' table: a query for a larger one fails."""
    kind = get_user_model()._meta.pk.get_internal_type()
    return connection.ops.integer_field_range(kind)[1] or MAX_ID


@one_transaction
def _begin(key: str, content: Mapping[str, Any], wanted: Sequence[int] | None) -> Mailing:
    told = msgspec.json.encode([content, wanted], order="sorted")
    fingerprint = hashlib.sha256(told).hexdigest()
    # A mailing that has begun goes on without users that were deleted since.
    mailing = Mailing.objects.filter(key=key).first()
    if mailing is None:
        mailing = _create(key, fingerprint, content, wanted)
    if mailing.fingerprint != fingerprint:
        raise Conflict(
            f"The key {key!r} was used for another text or other users; "
            "repeat that call exactly, or choose a new key."
        )
    return mailing


def _create(
    key: str, fingerprint: str, content: Mapping[str, Any], wanted: Sequence[int] | None
) -> Mailing:
    users = get_user_model().objects.all()
    if wanted is None:
        users = users.filter(is_active=True)
        last = users.aggregate(last=Max("pk"))["last"] or 0
        total = users.count()
    else:
        known = set(users.in_bulk(wanted))
        if missing := [pk for pk in wanted if pk not in known]:
            some = ", ".join(map(str, missing[:10]))
            raise InvalidInput("user_ids", f"{len(missing)} of them do not exist, such as {some}")
        last, total = (wanted[-1] if wanted else 0), len(wanted)
    mailing, _ = Mailing.objects.get_or_create(
        key=key,
        defaults={**content, "fingerprint": fingerprint, "total": total, "last_user_id": last},
    )
    return mailing


@one_transaction
def _advance(pk: int, content: Mapping[str, Any], wanted: Sequence[int] | None) -> Mailing:
    """Notify the next chunk of users. Locks the mailing first, the streams last."""
    mailing = Mailing.objects.select_for_update(no_key=True).get(pk=pk)
    if mailing.finished_at is not None:
        return mailing
    users = get_user_model().objects.filter(pk__gt=mailing.done_user_id)
    if wanted is None:
        users = users.filter(is_active=True, pk__lte=mailing.last_user_id)
    else:
        ahead = [pk for pk in wanted if pk > mailing.done_user_id]
        users = users.filter(pk__in=ahead[:CHUNK])
    ids = list(users.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    now = clock.now()
    if ids:
        mailing.done_user_id, mailing.done = ids[-1], mailing.done + len(ids)
    elif wanted is not None and len(ahead) > CHUNK:
        mailing.done_user_id = ahead[CHUNK - 1]  # all of these users were deleted
    else:
        mailing.finished_at = now
    mailing.save(update_fields=["done", "done_user_id", "finished_at"])
    if ids:
        by = f"mailing:{mailing.pk}"
        rows = [Notification(user_id=ids[0], published_at=now, actor=by, **content)]
        [first] = Notification.objects.bulk_create(rows)  # which publishes nothing
        created = {first.user_id: first.pk, **insert_copies(first, ids[1:])}
        payload = notification_payload(first)
        events = publish_many(
            [
                (user_stream(user_id), replace(payload, id=str(pk)))
                for user_id, pk in created.items()
            ]
        )
        if (kind := ladder_kind(first)) is not None:
            copies = zip(created.items(), events, strict=True)
            begin([Begun(pk, user_id, kind, event) for (user_id, pk), event in copies])
    return mailing
