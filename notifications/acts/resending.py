"""Send a notification again by one channel, as support decides.

It is a delivery of its own with a number of repetition, who decided it, and why. Its last look asks
only whether the address may be used: no choice of the user is asked, so it takes a kind that
requires the channel, or the user's own wish.
"""

from __future__ import annotations

from collections.abc import Sequence

from notifications import selectors
from notifications.acts.errors import (
    ChannelIsOff,
    IdempotencyConflict,
    NoLadder,
    NotOffered,
    NoUsableAddress,
    OnlyOnRequest,
    StillToCome,
)
from notifications.choices import DeliveryState
from notifications.delivery import facts, hints
from notifications.delivery.facts import Case
from notifications.delivery.judge import queued
from notifications.delivery.look import RESENT
from notifications.kinds import Channel
from notifications.models import Delivery
from notifications.policy.case import is_above, is_required
from notifications.policy.channel import usable
from notifications.policy.facts import Go
from notifications.policy.resolve import rung_of
from notifications.validation import why_given
from realtime import clock
from realtime.retry import one_transaction

_UNDER_WAY = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN})
# The user may have the first one.
_MAY_HAVE_LEFT = frozenset(
    {DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNRESOLVED}
)


@one_transaction
def notification_resend(
    *,
    notification_id: int | str,
    channel: Channel,
    by: int,
    why: str,
    on_request: bool = False,
    key: str | None = None,
) -> list[Delivery]:
    """Queue a notification once more by a channel; return the new deliveries. Raises Refused.

    Push goes to all devices, the others to the address that the user prefers. `on_request` says
    that the user has asked for it. With a `key`, `deliveries_repeated` finds them.
    """
    why = why_given(why)
    row = selectors.notification_get(notification_id=notification_id, lock=True)
    case = facts.of_notifications([row.pk]).get(row.pk)
    if case is None:
        raise NoLadder
    facts.add_people([case], clock.now())
    rung = rung_of(case.kind, channel)
    if rung is None:
        raise NotOffered(channel)
    number = case.kind.ladder.index(rung)
    before = list(Delivery.objects.filter(notification=row, channel=channel).order_by("pk"))
    is_open = row.escalation.closed_at is None and number not in case.ladder.done
    if is_open or any(one.state in _UNDER_WAY for one in before):
        raise StillToCome(channel)
    required = is_required(rung, above=is_above(case.kind, case.facts, case.chosen))
    if not required and not on_request:
        raise OnlyOnRequest(channel)
    state = case.facts.channels[channel]
    if not state.configured or state.stopped:
        raise ChannelIsOff(channel)
    found = usable([one for one in state.addresses if not one.former], required=required)
    if not found:
        raise NoUsableAddress(channel)
    chosen = found if channel == "push" else found[:1]
    go = Go(
        rung=number,
        channel=channel,
        rule="due",
        addresses=tuple(one.id for one in chosen),
        required=required,
    )
    origin = _origin(by, why, on_request=on_request) | ({"key": key} if key else {})
    made = Delivery.objects.bulk_create(_again(case, go, before, origin))
    hints.queued(made)
    return made


def deliveries_repeated(
    *,
    notification_id: int | str,
    channel: Channel,
    by: int,
    why: str,
    on_request: bool = False,
    key: str,
) -> list[Delivery]:
    """Return what this person has queued before with this key; nothing if it is new.

    Locks the notification. Raises IdempotencyConflict if that was another request.
    """
    row = selectors.notification_get(notification_id=notification_id, lock=True)
    said = _origin(by, why_given(why), on_request=on_request) | {"key": key}
    of_key = [
        one
        for one in Delivery.objects.filter(notification=row, resend__gt=0).order_by("pk")
        if one.evidence and (one.evidence["by"], one.evidence.get("key")) == (said["by"], key)
    ]
    if any((one.channel, one.evidence) != (channel, said) for one in of_key):
        raise IdempotencyConflict
    return of_key


def _origin(by: int, why: str, *, on_request: bool) -> dict[str, str | bool]:
    return {"by": f"staff:{by}", "why": why, "on_request": on_request}


def _again(
    case: Case, go: Go, before: Sequence[Delivery], origin: dict[str, str | bool]
) -> list[Delivery]:
    now = clock.now()
    rows = list(queued(case, go, now))
    for row in rows:
        row.resend = max((one.resend for one in before), default=0) + 1
        row.decided_by, row.evidence = RESENT, origin
        row.expires_at = now + case.kind.lives_for
        row.possible_duplicate = any(one.state in _MAY_HAVE_LEFT for one in before)
    return rows
