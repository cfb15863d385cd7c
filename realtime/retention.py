"""What the log and the devices' cursors keep, applied by every node now and then."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from realtime import log, tickets
from realtime.models import EndedSession
from realtime.options import options

EVERY_SECONDS = 600.0


def apply() -> None:
    """Trim the log, and forget idle devices and logins that are over, as the settings say."""
    kept, now = options(), timezone.now()
    log.trim(before=now - timedelta(days=kept.retention_days), keep=kept.retention_events)
    log.forget_cursors(before=now - timedelta(days=kept.device_days))
    tickets.forget_expired()
    EndedSession.objects.filter(expires_at__lt=now).delete()
