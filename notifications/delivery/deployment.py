"""What this deployment sets for all decisions."""

from __future__ import annotations

from django.conf import settings

from notifications.brand import brand
from notifications.policy.facts import Policy


def policy() -> Policy:
    """Return what the rules need to know of the deployment."""
    return Policy(zone=brand().zone, time_scale=settings.ESCALATION_TIME_SCALE)
