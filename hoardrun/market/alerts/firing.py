"""What the engine's leader stores about alerts: armed, fired, armed again, expired.

Each function writes inside the engine's lease: if another process leads by now, it changes no row
and raises Overtaken. An alert, its notification and the message to all devices are one transaction.
Synchronous.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Q, QuerySet

from hoardrun.market.alerts import notices
from hoardrun.market.alerts.board import Arms, Fires, Number, Rearms
from hoardrun.market.alerts.choices import AlertState
from hoardrun.market.alerts.judge import Judged, Seen, Verdict, judged, may_rearm, state_after
from hoardrun.market.alerts.models import ACTIVE, WATCHED, PriceAlert
from hoardrun.market.alerts.payloads import alert_changed
from hoardrun.market.alerts.times import moment_of
from hoardrun.market.lease import Held, fenced
from notifications.services import notifications_compose
from realtime import clock
from realtime.publish import publish_many
from realtime.retry import retried
from realtime.streams import user_stream

PAGE = 500  # alerts that are taken up, armed or expired at a time
UNJUDGED = timedelta(minutes=15)  # that an alert outlives its end while prices are missing


class Fired(NamedTuple):
    """A locked alert that fires, at what, and its state after that."""

    row: PriceAlert
    seen: Seen
    state: AlertState


class Outcome(NamedTuple):
    """The alerts to watch on, of those that numbers seem to have reached."""

    waiting: Sequence[PriceAlert] = ()  # for their way back, also if they have fired before
    kept: Sequence[PriceAlert] = ()  # for their threshold, as before


@retried
def alerts_fire(held: Held, fires: Fires, source: str) -> Outcome:
    """Fire the alerts that a number has reached, all in one transaction.

    Repeated, it fires none again, and returns the same.
    """
    fired: list[Fired] = []
    waiting: list[PriceAlert] = []
    kept: list[PriceAlert] = []
    expired: list[PriceAlert] = []
    with fenced(held):
        for row in _locked(Q(pk__in=fires.ids, state__in=WATCHED)):
            match judged(row, fires):
                case Judged(Verdict.FIRE, Number() as number):
                    fired.append(Fired(row, Seen(number, source), state_after(row)))
                case Judged(Verdict.WAIT):
                    waiting.append(row)
                case Judged(Verdict.KEEP):
                    kept.append(row)
                case Judged(Verdict.EXPIRE):
                    _expired(row)
                    expired.append(row)
        fire(fired)
        _store(expired)
    waiting += [each.row for each in fired if each.row.is_repeated]
    return Outcome(waiting, kept)


def fire(fired: Sequence[Fired]) -> None:
    """Store that locked alerts have fired, with their notifications. Within a transaction."""
    if not fired:
        return
    now = clock.now()
    alike: dict[tuple[AlertState, datetime], list[int]] = defaultdict(list)
    for row, seen, state in fired:
        row.state, row.last_fired_at, row.last_fired_as_of = state, now, moment_of(seen.number.at)
        row.fire_count += 1
        row.version += 1
        alike[state, row.last_fired_as_of].append(row.pk)
    for (state, as_of), ids in alike.items():
        PriceAlert.objects.filter(pk__in=ids).update(
            state=state,
            last_fired_at=now,
            last_fired_as_of=as_of,
            fire_count=F("fire_count") + 1,
            version=F("version") + 1,
        )
    notifications_compose([notices.notice_of(each.row, each.seen) for each in fired])
    _tell([each.row for each in fired])


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
def alerts_rearm(held: Held, rearms: Rearms) -> list[PriceAlert]:
    """Arm repeated alerts again whose number has come back, as far as they still wait for it.

    Return those that wait on: they have fired once more meanwhile, and have not cooled down.
    """
    armed: list[PriceAlert] = []
    waiting: list[PriceAlert] = []
    with fenced(held):
        for row in _locked(Q(pk__in=rearms.ids, state=AlertState.WAITING_REARM)):
            if not may_rearm(row, rearms):
                waiting.append(row)
                continue
            row.state = AlertState.ARMED
            row.armed_price, row.armed_as_of = rearms.price, moment_of(rearms.at)
            armed.append(row)
        _store(armed)
    return waiting


@retried
def alerts_expire(held: Held, unjudged: Collection[int] = ()) -> int:
    """Expire alerts whose time is over, at most PAGE of them; return how many.

    Those of `unjudged` instruments stay for UNJUDGED: they may have been reached before their end.
    """
    with fenced(held):
        now = clock.now()
        is_over = Q(state__in=ACTIVE, expires_at__lte=now)
        if unjudged:
            is_over &= ~Q(instrument__in=unjudged) | Q(expires_at__lte=now - UNJUDGED)
        rows = list(_locked(is_over)[:PAGE])
        for row in rows:
            _expired(row)
        _store(rows)
    return len(rows)


@retried
def alerts_wait(held: Held, versions: Mapping[int, int]) -> list[PriceAlert]:
    """Let alerts wait for their way back that have fired and have not been changed meanwhile.

    `versions` has those of the rows by their ids. Return the alerts that wait.
    """
    with fenced(held):
        rows = [
            row
            for row in _locked(Q(pk__in=versions))
            if row.waits_for_way_back and row.version == versions[row.pk]
        ]
        for row in rows:
            row.state = AlertState.WAITING_REARM
        _store(rows)
    return rows


def _expired(row: PriceAlert) -> None:
    row.state = AlertState.EXPIRED
    row.version += 1


def _locked(chosen: Q) -> QuerySet[PriceAlert]:
    rows = PriceAlert.objects.select_related("instrument").filter(chosen).order_by("pk")
    return rows.select_for_update(of=("self",), no_key=True)


def _store(rows: Sequence[PriceAlert], *, is_suspended: bool = False) -> None:
    """Store rows that have changed their state, and tell their users."""
    if not rows:
        return
    PriceAlert.objects.bulk_update(rows, ["state", "armed_price", "armed_as_of", "version"])
    _tell(rows, is_suspended=is_suspended)


def _tell(rows: Sequence[PriceAlert], *, is_suspended: bool = False) -> None:
    """Tell the users of alerts how these are now. Last in a transaction."""
    publish_many(
        [(user_stream(row.user_id), alert_changed(row, is_suspended=is_suspended)) for row in rows]
    )
