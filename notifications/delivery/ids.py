"""The ids that providers give to messages: each belongs to one delivery."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from notifications.models import Delivery

logger = logging.getLogger(__name__)

_EARLIER = timedelta(days=2)  # how long before a call a message can have been listed beside it


def leave_taken(rows: Sequence[Delivery]) -> None:
    """Drop the ids of rows that another delivery has already; the caller saves the rows."""
    given = [row for row in rows if row.provider_id]
    if not given:
        return
    # A condition for each pair costs more than all else: the few pairs too many do no harm.
    named = Delivery.objects.filter(
        provider__in={row.provider for row in given},
        provider_id__in={row.provider_id for row in given},
    )
    taken = {
        (provider, provider_id): pk
        for pk, provider, provider_id in named.values_list("pk", "provider", "provider_id")
    }
    for row in given:
        if taken.setdefault((row.provider, row.provider_id), row.pk) != row.pk:
            logger.error("%s has given an id twice: delivery %s has none", row.provider, row.pk)
            row.provider_id = None


def known_to(row: Delivery, called_at: datetime) -> frozenset[str]:
    """Return the ids of other messages that went to the same address about the time of a call."""
    others = Delivery.objects.filter(
        address_hash=row.address_hash,
        created_at__gt=called_at - _EARLIER,
        provider=row.provider,
        provider_id__isnull=False,
    ).exclude(pk=row.pk)
    return frozenset(found for found in others.values_list("provider_id", flat=True) if found)
