"""Carry out what providers say about addresses: remove, mark as invalid, or suppress them.

Called in the transaction that writes the outcome or the receipt. An address that its owner has
registered again since the attempt began is left alone: the word was about the older registration.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.db.models.functions import Now

from notifications.channels.message import Verdict
from notifications.choices import AddressState
from notifications.delivery.suppressing import rest_if_bouncing
from notifications.kinds import Channel
from notifications.models import Address, Suppression
from realtime import clock

# Verdicts that hold for everybody who owns the address, for ever.
_SUPPRESSING: frozenset[Verdict] = frozenset({"opted_out", "bounced", "complained"})


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict about one address."""

    verdict: Verdict
    channel: Channel
    address_id: int | None
    address_hash: str
    since: datetime  # when the attempt began
    source: str  # the provider


def carry_out(verdicts: Iterable[Judged]) -> None:
    """Let verdicts change addresses and suppressions."""
    for one in verdicts:
        if one.verdict in _SUPPRESSING:
            _suppress(one)
        elif one.verdict == "rejected":
            rest_if_bouncing(one.address_hash, one.source, clock.now())
        elif one.verdict:
            _end(one)


def _suppress(one: Judged) -> None:
    Suppression.objects.bulk_create(
        [
            Suppression(
                channel=one.channel,
                hash=one.address_hash,
                reason=one.verdict,
                source=one.source,
                created_at=Now(),
            )
        ],
        update_conflicts=True,  # an older one may have ended
        unique_fields=["channel", "hash", "scope"],
        update_fields=["reason", "source", "until", "created_at"],
    )


def _end(one: Judged) -> None:
    """Remove an address that is gone, or mark one as invalid."""
    if one.address_id is None:
        return
    untouched = Address.objects.filter(pk=one.address_id, touched_at__lte=one.since)
    if one.verdict == "gone":
        # It keeps no text for a last notice, which would go to nobody. What waits to be sent there
        # is skipped by its last look.
        untouched.exclude(state=AddressState.REMOVED).update(
            state=AddressState.REMOVED, value="", keys=None
        )
    else:
        untouched.filter(state=AddressState.VERIFIED).update(state=AddressState.INVALID)
