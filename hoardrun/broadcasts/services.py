"""Broadcast on behalf of a member of staff, and record author, content and target.

The record and the event are written in one transaction, and the record only once: there
is one if and only if there is the other. With an idempotency key, the record's unique
constraint undoes all but one of several equal requests; the others return what that one
returned. A broadcast to many is only recorded, and waits for a second person: see `approval`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, assert_never

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from hoardrun.broadcasts.errors import IdempotencyConflict, NotApproved
from hoardrun.broadcasts.kinds import KINDS, audience
from hoardrun.broadcasts.models import Broadcast
from hoardrun.broadcasts.rules import Staff
from hoardrun.broadcasts.state import State, expires_at, state_of
from realtime.protocol.codec import timestamp
from realtime.retry import retried


class Outcome(NamedTuple):
    """An answer; `replayed` is True if the same request had it before."""

    result: dict[str, Any]
    replayed: bool
    waiting: bool = False


@retried
def broadcast_create(
    *, author: Staff, kind: str, target: str, data: Mapping[str, Any], key: str | None = None
) -> Outcome:
    """Send something to a target, or keep it until a second person approves.

    A broadcast that could not be sent is refused either way. Raises Refused.
    """
    payload = msgspec.to_builtins(data, builtin_types=())
    fingerprint = _fingerprint(kind, target, payload)
    if before := _repeated(author, key, fingerprint):
        return before
    send = partial(KINDS[kind].send, author.user_id, target, data)
    record = Broadcast(
        author_id=author.user_id,
        kind=kind,
        target=target,
        payload=payload,
        fingerprint=fingerprint,
        idempotency_key=key,
        audience=audience(kind, target),
        address=author.address,
    )
    record.needs_approval = _needs_approval(record.audience)
    try:
        with transaction.atomic():
            if record.needs_approval:
                _rehearse(send)
            else:
                record.result = sent(kind, target, send)
            record.save()
    except IntegrityError:
        # An equal request was faster, and what this one wrote is undone.
        if before := _repeated(author, key, fingerprint):
            return before
        raise
    return _outcome(record, replayed=False)


def sent(kind: str, target: str, send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Send a broadcast, and describe it to its author."""
    return {
        "success": True,
        "message": f"{kind.capitalize()} broadcast.",
        "target": target,
        **send(),
    }


def _needs_approval(count: int) -> bool:
    limit: int = settings.BROADCAST_APPROVAL_AUDIENCE
    return limit == 0 or count > limit


def _rehearse(send: Callable[[], dict[str, Any]]) -> None:
    """Refuse now what would be refused when it is approved: send it, and take it back."""
    with transaction.atomic():
        send()
        transaction.set_rollback(True)


def _repeated(author: Staff, key: str | None, fingerprint: str) -> Outcome | None:
    """Return what an earlier request with this key was answered, or would be now."""
    if key is None:
        return None
    record = (
        Broadcast.objects.select_related("decision")
        .filter(author_id=author.user_id, idempotency_key=key)
        .first()
    )
    if record is None:
        return None
    if record.fingerprint != fingerprint:
        raise IdempotencyConflict
    return _outcome(record, replayed=True)


def _outcome(record: Broadcast, *, replayed: bool) -> Outcome:
    match state_of(record):
        case State.SENT:
            return Outcome(record.result, replayed)
        case State.APPROVED:
            return Outcome(record.decision.result, replayed)
        case State.WAITING:
            return Outcome(_waiting(record), replayed, waiting=True)
        case State.REJECTED | State.EXPIRED as state:
            raise NotApproved(state)
        case unknown:
            assert_never(unknown)


def _waiting(record: Broadcast) -> dict[str, Any]:
    return {
        "success": True,
        "message": f"{record.kind.capitalize()} broadcast waits for another person's approval.",
        "status": "waiting_for_approval",
        "id": str(record.pk),
        "target": record.target,
        "audience": record.audience,
        "expires_at": timestamp(expires_at(record)),
    }


def _fingerprint(kind: str, target: str, payload: Any) -> str:
    text = msgspec.json.encode([kind, target, payload], order="deterministic")
    return hashlib.sha256(text).hexdigest()
