"""Read what is committed about notifications and their users, for the judge and the last look.

A few queries for up to some hundred notifications, whatever their number. They see what their
transaction sees at that moment: the judge asks when a rung is due, the claim once more just before
the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec.structs import replace

from notifications import kinds
from notifications.channels import registry
from notifications.delivery import people
from notifications.delivery.people import Person
from notifications.kinds import CHANNELS, Channel, Kind
from notifications.models import Delivery, DigestItem, Escalation
from notifications.policy.facts import ChannelState, Chosen, Device, Facts, Ladder, Sent
from realtime import reach
from realtime.reach import UserReach
from realtime.sql.any_of import AnyOf

SUPERSEDED = "superseded"  # the reason of a ladder that a newer notification has closed
CANCELLED = "cancelled"  # the reason of a ladder that staff have stopped
COLUMNS = (
    "pk", "user_id", "kind", "event_offset", "epoch", "committed_at", "reason",
    "notification__context", "notification__title", "notification__message",
    "notification__seen_at", "notification__read_at", "notification__archived_at",
    "notification__snoozed_until", "notification__cancelled_at", "notification__expires_at",
    "notification__updated_at", "user__is_active", "user__notification_preference__version",
)  # fmt: skip

_SENT = Sent.__struct_fields__


@dataclass(slots=True)
class Case:
    """One ladder with what is known of it: a row of Escalation by COLUMNS, and what belongs to it.

    `facts` has no channels before `add_people`: what the user has applied and seen may decide
    alone.
    """

    notification_id: int
    user_id: int
    kind: Kind
    ladder: Ladder
    facts: Facts
    context: Any
    expires_at: datetime
    waited_for: str  # the rule that it waited for
    has_chosen: bool  # its user has changed a preference
    person: Person
    last_seen_at: datetime | None

    @property
    def chosen(self) -> Chosen:
        return self.person.chosen

    def hash_of(self, address_id: int) -> str:
        """Return by what an address is looked up."""
        known = (one for found in self.person.addresses.values() for one in found)
        return next(one.hash for one in known if one.id == address_id)


def cases(
    rows: Sequence[Any],
    deliveries: Iterable[Delivery] | None = None,
    items: Iterable[DigestItem] | None = None,
) -> list[Case]:
    """Return the ladders of rows by COLUMNS. Rows of kinds that no app declares are left out.

    Who has read their `deliveries` in the order of their numbers, and their `items` of digests,
    gives them.
    """
    known = [(row, kind) for row in rows if (kind := kinds.find(row[2])) is not None]
    if not known:
        return []
    since: dict[int, datetime] = {}
    for row, _ in known:
        since[row[1]] = min(row[5], since.get(row[1], row[5]))
    reached = reach.devices(since)
    of_them = AnyOf("notification", [row[0] for row, _ in known])
    if deliveries is None:
        deliveries = Delivery.objects.filter(of_them).only("notification", *_SENT).order_by("pk")
    if items is None:
        items = DigestItem.objects.filter(of_them).only("notification", "rung")
    sent, done = _sent(deliveries, items)
    return [_case(row, kind, reached[row[1]], sent, done) for row, kind in known]


def of_notifications(notification_ids: Iterable[int]) -> dict[int, Case]:
    """Return the ladders of notifications as they are now, closed ones too."""
    if not (wanted := set(notification_ids)):
        return {}
    rows = Escalation.objects.filter(AnyOf("pk", wanted)).values_list(*COLUMNS)
    return {case.notification_id: case for case in cases(list(rows))}


def add_people(
    found: Sequence[Case],
    now: datetime,
    before: Mapping[int, int] | None = None,
    stopped: Collection[Channel] | None = None,
) -> None:
    """Add what the users have chosen, their addresses, and the channels.

    `before` maps a notification to the delivery that is about to be sent: caps then count only
    what is older than that. `stopped` has the channels that staff have stopped, where the caller
    knows them.
    """
    if not found:
        return
    persons = people.load({case.user_id for case in found}, now)
    configured = registry.configured()
    stopped = registry.stopped() if stopped is None else stopped
    for case in found:
        case.person = persons[case.user_id]
        oldest = None if before is None else before.get(case.notification_id)
        case.facts = replace(
            case.facts,
            country=case.person.country,
            channels={
                channel: ChannelState(
                    configured=channel in configured,
                    stopped=channel in stopped,
                    addresses=tuple(
                        address.state(case.kind.category)
                        for address in case.person.addresses.get(channel, ())
                    ),
                    sent=case.person.sent(channel, case.kind.category, oldest),
                )
                for channel in CHANNELS
            },
        )


def _case(
    row: Any,
    kind: Kind,
    user: UserReach,
    sent: Mapping[int, list[Sent]],
    done: Mapping[int, set[int]],
) -> Case:
    (
        number, user_id, _, offset, epoch, committed_at, waited_for, context, title, message,
        seen_at, read_at, archived_at, snoozed_until, cancelled_at, expires_at, updated_at,
        is_active, preference,
    ) = row  # fmt: skip
    amount, currency = amount_of(context)
    lives_until = committed_at + kind.lives_for
    return Case(
        notification_id=number,
        user_id=user_id,
        kind=kind,
        ladder=Ladder(
            kind=kind,
            committed_at=committed_at,
            event_offset=offset,
            epoch=epoch,
            done=frozenset(done.get(number, ())),
        ),
        facts=Facts(
            devices=_devices(user, epoch),
            sent=tuple(sent.get(number, ())),
            seen_at=seen_at,
            read_at=read_at,
            archived_at=archived_at,
            snoozed_at=None if snoozed_until is None else updated_at,
            # What was queued while its ladder was stopped is cancelled by its last look.
            cancelled_at=cancelled_at or (committed_at if waited_for == CANCELLED else None),
            superseded=waited_for == SUPERSEDED,
            expires_at=expires_at,
            user_is_active=is_active,
            last_socket_at=user.last_seen_at,
            amount=amount,
            currency=currency,
        ),
        # The general kinds have no values of their own: the sender wrote the text.
        context={"title": title, "message": message} if context is None else context,
        expires_at=lives_until if expires_at is None else min(lives_until, expires_at),
        waited_for=waited_for,
        has_chosen=preference is not None,
        person=Person(),
        last_seen_at=user.last_seen_at,
    )


def _devices(user: UserReach, epoch: str) -> tuple[Device, ...]:
    """Return the devices that a person holds. An offset of another epoch says nothing."""
    return tuple(
        Device(
            name=device.name,
            device_class=device.device_class,
            acked=device.acked if device.epoch == epoch and device.acked >= 0 else None,
            acked_at=device.acked_at,
            is_open=device.is_open,
            is_active=device.is_active,
            active_at=device.active_at,
        )
        for device in user.devices
        if device.has_person
    )


def _sent(
    deliveries: Iterable[Delivery], items: Iterable[DigestItem]
) -> tuple[dict[int, list[Sent]], dict[int, set[int]]]:
    """Return the deliveries of notifications, and the rungs that are decided for good."""
    sent: dict[int, list[Sent]] = defaultdict(list)
    done: dict[int, set[int]] = defaultdict(set)
    for row in deliveries:
        channel: Channel = row.channel  # type: ignore[assignment]
        assert row.notification_id is not None
        done[row.notification_id].add(row.rung)
        sent[row.notification_id].append(
            Sent(
                rung=row.rung,
                channel=channel,
                state=row.state,
                reason=row.reason,
                accepted_at=row.accepted_at,
                delivered_at=row.delivered_at,
                displayed_at=row.displayed_at,
                clicked_at=row.clicked_at,
                dismissed_at=row.dismissed_at,
            )
        )
    for item in items:
        done[item.notification_id].add(item.rung)
    return sent, done


def amount_of(context: Any) -> tuple[Decimal | None, str]:
    """Return the amount that a notification is about, by the values of its texts."""
    found = context.get("amount") if isinstance(context, dict) else None
    if not isinstance(found, dict):
        return None, ""
    try:
        return Decimal(str(found.get("amount"))), str(found.get("currency", ""))
    except InvalidOperation:
        return None, ""
