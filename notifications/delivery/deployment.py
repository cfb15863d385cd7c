"""The settings of this deployment for all decisions."""

from __future__ import annotations

from django.conf import settings

from notifications.brand import brand
from notifications.channels.options import options
from notifications.kinds import Channel
from notifications.policy.facts import Policy


def policy() -> Policy:
    """Return what the rules need to know of the deployment."""
    given = options()
    caps: dict[Channel, int] = {
        "push": given.push_per_category_per_day,
        "sms": given.sms_per_category_per_day,
        "email": given.email_per_category_per_day,
    }
    return Policy(
        zone=brand().zone,
        time_scale=settings.ESCALATION_TIME_SCALE,
        per_day={channel: cap for channel, cap in caps.items() if cap},
    )
