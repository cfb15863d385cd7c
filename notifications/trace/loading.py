"""Read what is stored about one notification, in a fixed number of queries, each by an index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import F, Q

from notifications.choices import DeliveryState
from notifications.delivery import deployment, facts, people
from notifications.delivery.facts import Case
from notifications.delivery.states import NEVER_SENT
from notifications.models import (
    Attempt,
    Delivery,
    DigestItem,
    Escalation,
    Notification,
    PreferenceChange,
    Receipt,
    Suppression,
)
from notifications.policy.facts import Policy
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import NotFound
from realtime.models import Connection, Cursor, Departure
from realtime.registry import ALIVE_WITHIN
from realtime.streams import user_stream

MOST_SOCKETS = 50  # that have closed since the commit
MOST_CHANGES = 50  # of the user's preferences, the newest
# What ended so may have a suppression behind it.
ENDED = frozenset({DeliveryState.FAILED, DeliveryState.BOUNCED, *NEVER_SENT})
# Columns that `facts` needs of the user of a ladder, and as what they are read with it.
_OF_USER = {"user__is_active": "is_active", "user__notification_preference__version": "preference"}


@dataclass(slots=True)
class Loaded:
    """All rows that say what became of a notification. Without its own, it has been erased."""

    notification_id: int
    user_id: int
    now: datetime
    policy: Policy
    row: Notification | None = None
    ladder: Escalation | None = None
    case: Case | None = None  # of a ladder whose kind is known
    deliveries: Sequence[Delivery] = ()
    items: Sequence[DigestItem] = ()
    of_digests: Mapping[int, list[Delivery]] = field(default_factory=dict)
    calls: Mapping[int, list[Attempt]] = field(default_factory=dict)
    receipts: Mapping[int, list[Receipt]] = field(default_factory=dict)
    open_sockets: Sequence[Connection] = ()
    closed_sockets: Sequence[Departure] = ()
    cursors: Sequence[Cursor] = ()
    changes: Sequence[PreferenceChange] = ()
    suppressions: Sequence[Suppression] = ()


def load(notification_id: int | str) -> Loaded:
    """Return what is stored about a notification. Raises NotFound.

    What few traces show is read for those alone: caps and channels where a rung is not decided,
    changes of preferences where one was switched off, suppressions where something has ended.
    """
    key = row_id(notification_id)
    ladder = _ladder(key)
    row = Notification.objects.filter(pk=key).first() if ladder is None else ladder.notification
    deliveries = list(
        Delivery.objects.filter(notification=key).select_related("address").order_by("rung", "pk")
    )
    if row is None and not deliveries:
        raise NotFound(f"There is no notification {notification_id!s:.64}.")
    user_id = deliveries[0].user_id if row is None else row.user_id
    found = Loaded(key, user_id, clock.now(), deployment.policy(), row, deliveries=deliveries)
    if row is not None:
        found.ladder = ladder
        _add_digests(found)
        _add_person(found)
        _add_sockets(found)
    _add_news(found)
    return found


def load_deliveries(user_id: int, rows: Sequence[Delivery]) -> Loaded:
    """Return what is stored about deliveries to a user that are not of a notification."""
    found = Loaded(0, user_id, clock.now(), deployment.policy(), deliveries=rows)
    _add_news(found)
    return found


def _ladder(key: int) -> Escalation | None:
    """Read a ladder with its notification, and with what else `facts` needs of its user."""
    return (
        Escalation.objects.filter(pk=key)
        .select_related("notification")
        .annotate(**{alias: F(column) for column, alias in _OF_USER.items()})
        .first()
    )


def _add_person(found: Loaded) -> None:
    """Add the user as the rules see them, with caps and channels where they are asked."""
    if found.ladder is None:
        return
    in_order = sorted(found.deliveries, key=lambda row: row.pk)
    for case in facts.cases([_columns(found.ladder)], in_order, found.items):
        if _is_undecided(case, found):
            facts.add_people([case], found.now)
        else:
            users, has_ended = [case.user_id], any(row.state in ENDED for row in found.deliveries)
            known = people.known(users, found.now, with_addresses=has_ended)
            case.person = known[case.user_id]
        found.case = case
    if any(row.decided_by == "switched_off" for row in found.deliveries):
        changes = PreferenceChange.objects.filter(user=found.user_id).order_by("-pk")
        found.changes = list(changes[:MOST_CHANGES])


def _columns(ladder: Escalation) -> list[Any]:
    """Return what `_ladder` has read, in the order of `facts.COLUMNS`."""
    names = (_OF_USER.get(name, name).replace("__", ".") for name in facts.COLUMNS)
    return [attrgetter(name)(ladder) for name in names]


def _is_undecided(case: Case, found: Loaded) -> bool:
    """Say whether the trace asks the rules about a rung, of which nothing has come."""
    assert found.ladder is not None
    if found.ladder.closed_at is not None and found.ladder.reason == "reached":
        return False
    sent = {(row.rung, row.channel) for row in found.deliveries}
    joined = {item.rung for item in found.items}
    return any(
        (number, rung.channel) not in sent and number not in joined
        for number, rung in enumerate(case.kind.ladder)
    )


def _add_digests(found: Loaded) -> None:
    items = DigestItem.objects.filter(notification=found.notification_id)
    found.items = list(items.select_related("digest").order_by("pk"))
    of_digests: dict[int, list[Delivery]] = defaultdict(list)
    if found.items:
        for one in (
            Delivery.objects.filter(digest__in=[item.digest_id for item in found.items])
            .select_related("address")
            .order_by("pk")
        ):
            of_digests[one.digest_id or 0].append(one)
    found.of_digests = of_digests


def _add_sockets(found: Loaded) -> None:
    """Add the sockets that are open, and those that have closed since the commit."""
    assert found.row is not None
    since = found.row.published_at if found.ladder is None else found.ladder.committed_at
    if since is None:
        return
    alive = Connection.objects.filter(
        user=found.user_id, node__seen_at__gte=found.now - ALIVE_WITHIN
    )
    found.open_sockets = list(alive.select_related("node").order_by("opened_at"))
    closed = Departure.objects.filter(user=found.user_id, closed_at__gte=since)
    # The oldest first: those that were open then come before those that came later.
    found.closed_sockets = list(closed.order_by("closed_at")[:MOST_SOCKETS])
    cursors = Cursor.objects.filter(user=found.user_id, stream__name=user_stream(found.user_id))
    found.cursors = list(cursors.order_by("device"))


def _add_news(found: Loaded) -> None:
    """Add calls, receipts and suppressions of all deliveries, also of digests."""
    own = [*found.deliveries, *(one for rows in found.of_digests.values() for one in rows)]
    found.calls = _by_delivery(Attempt.objects.filter(delivery__in=own).order_by("lease"))
    found.receipts = _by_delivery(Receipt.objects.filter(delivery__in=own).order_by("pk"))
    known = {(one.channel, one.address_hash) for one in own if one.address_hash}
    if found.case is not None:
        for channel, addresses in found.case.person.addresses.items():
            known |= {(channel, address.hash) for address in addresses}
    if known and any(row.state in ENDED for row in own):
        named = Q(*(Q(channel=one, hash=digest) for one, digest in sorted(known)), _connector=Q.OR)
        valid = Q(until__isnull=True) | Q(until__gt=found.now)
        found.suppressions = list(Suppression.objects.filter(named, valid).order_by("pk"))


def _by_delivery(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.delivery_id].append(row)
    return found
