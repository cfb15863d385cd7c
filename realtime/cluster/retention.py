"""What the log and the devices' cursors keep, applied by every node now and then."""

from __future__ import annotations

from datetime import datetime, timedelta

from realtime import clock, jobs, log
from realtime.access import tickets
from realtime.models import EndedSession, IssuedToken
from realtime.options import options

EVERY_SECONDS = 600.0
_TOKENS_AT_ONCE = 1000


def apply() -> None:
    """Trim the log, and forget idle devices and logins that are over, as the settings say.

    Each step stands alone: one that fails is logged and ends no other. All of them go by the
    database's time: by its own, a node whose clock is ahead would destroy what is still needed.
    """
    kept, now = options(), clock.now()
    jobs.run_each(
        "retention",
        {
            "events": lambda: log.trim(
                before=now - timedelta(days=kept.retention_days), keep=kept.retention_events
            ),
            "devices": lambda: log.forget_cursors(before=now - timedelta(days=kept.device_days)),
            "tickets": tickets.forget_expired,
            "logins": EndedSession.objects.filter(expires_at__lt=now).delete,
            "tokens": lambda: _forget_tokens(now),
        },
    )


def _forget_tokens(now: datetime) -> None:
    """Delete the refresh tokens that have expired, of which each renewal writes one."""
    expired = IssuedToken.objects.filter(expires_at__lt=now).order_by("pk")
    while some := list(expired.values_list("pk", flat=True)[:_TOKENS_AT_ONCE]):
        IssuedToken.objects.filter(pk__in=some).delete()
