"""Apply retention: the periodic job that deletes what the settings no longer keep.

Every node has it, and one at a time does it for all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from realtime import clock, jobs, log
from realtime.access import tickets
from realtime.cluster import listing, minutes
from realtime.log.measuring import RETENTION
from realtime.models import Delay, Departure, EndedSession, IssuedToken, JobRun
from realtime.options import options
from realtime.outgoing import inbox, pacing

EVERY_SECONDS = 600.0
HOST_DAYS = 30
_TOKENS_AT_ONCE = 1000


def apply_if_due() -> None:
    """Apply retention, unless a node has begun to within EVERY_SECONDS.

    Where it fails, the next node that asks tries it: one that cannot holds it up for no other.
    """
    if jobs.claim(RETENTION, EVERY_SECONDS) and not apply():
        jobs.give_back(RETENTION)


def apply() -> bool:
    """Trim the log, and delete idle devices and ended logins, as the settings say.

    Bodies of webhooks are emptied, and hosts that nobody calls are forgotten, after 30 days.

    A step that fails is logged; the others still run. Returns whether none did. Times are the
    database's: a node whose clock is ahead must not delete too early.
    """
    kept, now = options(), clock.now()
    steps: dict[str, Callable[[], object]] = {
        "events": lambda: log.trim(
            before=now - timedelta(days=kept.retention_days), keep=kept.retention_events
        ),
        "devices": lambda: log.forget_cursors(before=now - timedelta(days=kept.device_days)),
        "departures": lambda: listing.forget(
            Departure.objects.filter(closed_at__lt=now - listing.DEPARTED_KEPT)
        ),
        "delays": lambda: listing.forget(
            Delay.objects.filter(ended_at__lt=now - listing.DEPARTED_KEPT)
        ),
        "minutes": lambda: minutes.forget(before=now - minutes.KEPT),
        "tickets": tickets.forget_expired,
        "logins": EndedSession.objects.filter(expires_at__lt=now).delete,
        "tokens": lambda: _forget_tokens(now),
        "webhooks": lambda: inbox.scrub(now),
        "hosts": lambda: pacing.forget(before=now - timedelta(days=HOST_DAYS)),
    }
    if jobs.run_each(RETENTION, steps).keys() != steps.keys():
        return False
    JobRun.objects.update_or_create(name=RETENTION, defaults={"succeeded_at": clock.now()})
    return True


def _forget_tokens(now: datetime) -> None:
    """Delete expired refresh tokens; each renewal writes one."""
    expired = IssuedToken.objects.filter(expires_at__lt=now).order_by("pk")
    while some := list(expired.values_list("pk", flat=True)[:_TOKENS_AT_ONCE]):
        IssuedToken.objects.filter(pk__in=some).delete()
