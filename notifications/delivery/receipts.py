"""Keep what providers and devices say of deliveries later: once, as facts with their times.

Webhooks and the receipts of devices call `receipts_take` in their transaction. Order and repetition
do not matter: the state of a delivery is derived from all its facts. A receipt whose delivery is
not known yet is kept, and joined when the provider's id commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from django.db.models import Q

from notifications.channels.message import Verdict
from notifications.choices import DeliveryState
from notifications.delivery import ids, late, verdicts
from notifications.delivery.closing import ladders_go_on
from notifications.delivery.rows import update
from notifications.delivery.states import (
    COLUMN_OF,
    MISSED,
    NEVER_SENT,
    channel_of,
    facts_of,
    state_of,
)
from notifications.models import Delivery, Receipt
from realtime import clock
from realtime.retry import one_transaction

Fact = Literal[
    "accepted", "delivered", "failed", "bounced", "complained",
    "displayed", "clicked", "dismissed", "opened", "unsubscribed",
]  # fmt: skip
DEVICE = "device"  # the provider of receipts that our own apps send
# What a row takes; `update` writes no other column.
WRITTEN = [*Delivery.FACTS, "state", "reason", "provider_id", "late", "updated_at"]


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said of one delivery.

    The delivery is named by `delivery_id` (which our own signed token gave), or by the provider's
    id; with an `address_hash`, it must have gone to that address too.
    """

    provider: str  # as in `Provider.name`; DEVICE for our own receipts
    event_key: str  # says which of a provider's events it is: a repeated one changes nothing
    fact: Fact
    delivery_id: int | None = None
    provider_id: str = ""
    address_hash: str = ""
    code: str = ""
    verdict: Verdict = ""  # about the address
    happened_at: datetime | None = None


@one_transaction
def receipts_take(heard: Sequence[Heard]) -> int:
    """Keep what was heard, and let it change its deliveries and ladders; return how many are new.

    In the caller's transaction, or in one of its own.
    """
    fresh = _fresh(heard)
    if not fresh:
        return 0
    now = clock.now()
    rows = {
        row.pk: row
        for row in Delivery.objects.select_for_update(no_key=True)
        .filter(_named(fresh))
        .order_by("pk")
    }
    silent = [row for row in rows.values() if not late.has_left(row)]
    by_provider = {(row.provider, row.provider_id): row for row in rows.values()}
    receipts, judged = [], []
    for one in fresh:
        row = (
            by_provider.get((one.provider, one.provider_id))
            if one.delivery_id is None
            else rows.get(one.delivery_id)
        )
        if row is not None and one.address_hash not in ("", row.address_hash):
            row = None  # nothing is signed there: number and id must both be right
        receipts.append(_receipt(one, row, now))
        if row is not None:
            learn(row, [one.fact], one.happened_at or now, now)
            if one.provider_id and one.provider != DEVICE and row.provider == one.provider:
                row.provider_id = row.provider_id or one.provider_id
            if one.verdict:
                judged.append(_judged(one, row))
    ids.leave_taken(list(rows.values()))
    if told := [row for row in silent if late.has_left(row)]:
        late.mark(told, late.newest_calls(told), now)
    Receipt.objects.bulk_create(receipts, ignore_conflicts=True)
    update([*rows.values()], WRITTEN)
    verdicts.carry_out(judged)
    ladders_go_on([row for row in rows.values() if row.state in MISSED])
    return len(fresh)


def _fresh(heard: Sequence[Heard]) -> list[Heard]:
    """Return what was not heard before, each once."""
    first = {(one.provider, one.event_key): one for one in reversed(heard)}
    # A condition for each pair is more than SQLite takes: the few pairs too many do no harm.
    named = Receipt.objects.filter(
        provider__in={provider for provider, _ in first}, event_key__in={key for _, key in first}
    )
    known = set(named.values_list("provider", "event_key")) if first else ()
    return [one for place, one in reversed(first.items()) if place not in known]


def _named(heard: Iterable[Heard]) -> Q:
    by_id = {one.delivery_id for one in heard if one.delivery_id is not None}
    others = {(one.provider, one.provider_id) for one in heard if one.delivery_id is None}
    named = Q(
        provider__in={provider for provider, _ in others},
        provider_id__in={provider_id for _, provider_id in others},
    )
    return Q(pk__in=by_id) | named if by_id and others else named if others else Q(pk__in=by_id)


def learn(row: Delivery, facts: Iterable[str], happened_at: datetime, now: datetime) -> None:
    """Add facts to a locked delivery, and derive its state. The first time of a fact stays."""
    for fact in facts:
        column = COLUMN_OF.get(fact)
        if column is not None and getattr(row, column) is None:
            setattr(row, column, happened_at)
    may_have_left = row.attempts or row.state == DeliveryState.UNKNOWN
    if row.state not in NEVER_SENT and may_have_left:
        row.state = state_of(channel_of(row), facts_of(row), DeliveryState(row.state))
    row.updated_at = now


def join(rows: Sequence[Delivery], now: datetime) -> None:
    """Give locked deliveries the receipts that came before their provider's id was known.

    The caller saves the rows: all columns of WRITTEN may change.
    """
    by_id = {(row.provider, row.provider_id): row for row in rows if row.provider_id}
    if not by_id:
        return
    for receipt in Receipt.objects.filter(
        provider__in={provider for provider, _ in by_id},
        provider_id__in={provider_id for _, provider_id in by_id},
        delivery__isnull=True,
    ):
        row = by_id.get((receipt.provider, receipt.provider_id))
        if row is None or receipt.address_hash not in ("", row.address_hash):
            continue
        Receipt.objects.filter(pk=receipt.pk).update(delivery=row)
        learn(row, [receipt.fact], receipt.happened_at or receipt.created_at, now)


def _receipt(one: Heard, row: Delivery | None, now: datetime) -> Receipt:
    return Receipt(
        provider=one.provider,
        event_key=one.event_key,
        delivery=row,
        provider_id=one.provider_id,
        address_hash=one.address_hash,
        fact=one.fact,
        code=one.code[:100],
        happened_at=one.happened_at,
        created_at=now,
    )


def _judged(one: Heard, row: Delivery) -> verdicts.Judged:
    return verdicts.Judged(
        verdict=one.verdict,
        channel=channel_of(row),
        address_id=row.address_id,
        address_hash=row.address_hash,
        since=one.happened_at or row.created_at,
        source=one.provider,
    )
