"""What the engine's leader stores about alerts: armed, fired, armed again, expired.

Each function writes inside the engine's lease: if another process leads by now, it changes no row
and raises Overtaken. An alert, its notification and the message to all devices are one transaction.
Synchronous.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from hoardrun.market.alerts import notices
from hoardrun.market.alerts.board import Arms, Rearms
from hoardrun.market.alerts.choices import AlertState
from hoardrun.market.alerts.judge import Seen, Verdict, state_after, verdict
from hoardrun.market.alerts.models import ACTIVE, PriceAlert
from hoardrun.market.alerts.payloads import alert_changed
from hoardrun.market.alerts.times import moment_of
from hoardrun.market.lease import Held, fenced
from notifications.services import notification_compose
from realtime import clock
from realtime.publish import publish, publish_many
from realtime.retry import retried
from realtime.streams import user_stream

PAGE = 500  # alerts that are taken up, armed or expired at a time


class Judged(NamedTuple):
    """The result for alerts whose threshold a number seems to have reached."""

    fired: Sequence[PriceAlert] = ()
    kept: Sequence[PriceAlert] = ()  # armed: to be watched as before


def alerts_fire(held: Held, seen: Seen) -> Judged:
    """Fire the alerts that a number has reached, oldest first: one transaction for each user."""
    fired: list[PriceAlert] = []
    kept: list[PriceAlert] = []
    found = PriceAlert.objects.filter(pk__in=seen.fires.ids, state=AlertState.ARMED)
    users: dict[int, list[int]] = defaultdict(list)
    for user_id, alert_id in found.order_by("pk").values_list("user_id", "pk"):
        users[user_id].append(alert_id)
    for ids in users.values():
        judged = _fire_of_user(held, ids, seen)
        fired += judged.fired
        kept += judged.kept
    return Judged(fired, kept)


@retried
def _fire_of_user(held: Held, ids: Collection[int], seen: Seen) -> Judged:
    with fenced(held):
        fired: list[PriceAlert] = []
        kept: list[PriceAlert] = []
        now = clock.now()
        for row in _locked(Q(pk__in=ids)):
            match verdict(row, seen.fires, now):
                case Verdict.FIRE:
                    fire(row, seen, now)
                    fired.append(row)
                case Verdict.KEEP:
                    kept.append(row)
                case Verdict.EXPIRE:
                    _expire(row)
                case Verdict.DROP:
                    pass
        return Judged(fired, kept)


def fire(row: PriceAlert, seen: Seen, now: datetime, *, is_suspended: bool = False) -> None:
    """Store that a locked alert has fired, with its notification. Within a transaction."""
    row.state = state_after(row)
    row.fire_count += 1
    row.version += 1
    row.last_fired_at, row.last_fired_as_of = now, moment_of(seen.fires.at)
    row.save()
    notification_compose(
        user_id=row.user_id,
        kind=notices.kind_of(row),
        values=notices.values_of(row, seen),
        metadata=notices.metadata_of(row, seen),
        key=notices.key_of(row),
    )
    publish(user_stream(row.user_id), alert_changed(row, is_suspended=is_suspended))


@retried
def alerts_arm(held: Held, arms: Arms, *, is_suspended: bool = False) -> list[PriceAlert]:
    """Arm alerts that wait for it and have not been changed meanwhile; return those.

    `is_suspended` says that the price cannot be trusted now.
    """
    wanted = dict(zip(arms.ids, arms.versions, strict=True))
    armed: list[PriceAlert] = []
    with fenced(held):
        for row in _locked(Q(pk__in=wanted, state=AlertState.PENDING)):
            if row.version != wanted[row.pk]:
                continue
            row.state = AlertState.ARMED
            row.armed_price, row.armed_as_of = arms.price, moment_of(arms.at)
            armed.append(row)
        _store(armed, is_suspended=is_suspended)
    return armed


@retried
def alerts_rearm(held: Held, rearms: Rearms) -> None:
    """Arm repeated alerts again whose number has come back, as far as they still wait for it."""
    armed: list[PriceAlert] = []
    with fenced(held):
        for row in _locked(Q(pk__in=rearms.ids, state=AlertState.WAITING_REARM)):
            row.state = AlertState.ARMED
            row.armed_price, row.armed_as_of = rearms.price, moment_of(rearms.at)
            armed.append(row)
        _store(armed)


@retried
def alerts_expire(held: Held) -> int:
    """Expire alerts whose time is over, at most PAGE of them; return how many."""
    with fenced(held):
        now = clock.now()
        rows = list(_locked(Q(state__in=ACTIVE, expires_at__lte=now))[:PAGE])
        for row in rows:
            _expired(row)
        _store(rows)
    return len(rows)


def _expired(row: PriceAlert) -> None:
    row.state = AlertState.EXPIRED
    row.version += 1


def _expire(row: PriceAlert) -> None:
    _expired(row)
    _store([row])


def _locked(chosen: Q) -> QuerySet[PriceAlert]:
    rows = PriceAlert.objects.select_related("instrument").filter(chosen).order_by("pk")
    return rows.select_for_update(of=("self",), no_key=True)


def _store(rows: Sequence[PriceAlert], *, is_suspended: bool = False) -> None:
    """Store rows that have changed their state, and tell their users."""
    if not rows:
        return
    PriceAlert.objects.bulk_update(rows, ["state", "armed_price", "armed_as_of", "version"])
    publish_many(
        [(user_stream(row.user_id), alert_changed(row, is_suspended=is_suspended)) for row in rows]
    )
