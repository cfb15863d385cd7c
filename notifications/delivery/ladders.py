"""The times of ladders as this deployment has them: ESCALATION_TIME_SCALE divides them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from notifications.kinds import Kind
from notifications.kinds import kind as kinds

# The hint, through the layer, that a ladder is due with the commit of something.
DUE = "ladders"


def first_due(kind: Kind) -> timedelta:
    """Return how long after the event the ladder of a kind is judged first."""
    return kinds.first_due(kind.ladder) / settings.ESCALATION_TIME_SCALE
