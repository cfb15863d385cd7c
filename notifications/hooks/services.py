"""Let what providers say have its effect: one transaction for one webhook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from notifications.addresses.values import address_hash
from notifications.delivery.receipts import Heard, receipts_take
from notifications.hooks import words
from notifications.hooks.incoming import Left, Said, Texted
from notifications.kinds import Channel
from notifications.models import Delivery, Receipt, Suppression
from notifications.policy.facts import EVERYTHING, OPTIONAL
from realtime import clock
from realtime.retry import one_transaction

# A mailbox that bounces so often in a week is left alone for a month, though none said for ever.
SOFT_BOUNCES, SOFT_WINDOW, SOFT_PAUSE = 5, timedelta(days=7), timedelta(days=30)
KEPT = timedelta(days=550)  # what is older is news of what may have been forgotten


@one_transaction
def said_take(said: Said, *, provider: str) -> None:
    """Keep what a webhook says and do what follows. A repetition changes nothing.

    What is older than KEPT is dropped.
    """
    now = clock.now()
    heard = [one for one in said.heard if one.happened_at is None or one.happened_at > now - KEPT]
    receipts_take(heard)
    _rest_where_bouncing(heard, now)
    for left in said.left:
        _leave(left, provider, now)
    for text in _new(said.texted, provider, now):
        if (wants := words.wants(text.text)) is not None:
            _leave(Left(channel="sms", address=text.address, wants=wants), provider, now)


def _leave(left: Left, source: str, now: datetime) -> None:
    """End what is optional at an address; or let all come again that its owner has ended."""
    digest = address_hash(left.channel, left.address)
    of_owner = Suppression.objects.filter(
        channel=left.channel, hash=digest, scope__in=(OPTIONAL, EVERYTHING), reason="opted_out"
    )
    if left.wants:
        of_owner.delete()
    else:
        _suppress(left.channel, digest, OPTIONAL, "opted_out", source, None, now)


def _rest_where_bouncing(heard: Iterable[Heard], now: datetime) -> None:
    """Suppress e-mail addresses that have bounced too often, for a while."""
    bounced = {one.address_hash for one in heard if one.fact == "bounced" and not one.verdict}
    for digest in sorted(bounced - {""}):
        recent = Delivery.objects.filter(
            address_hash=digest, channel="email", bounced_at__gt=now - SOFT_WINDOW
        )
        if recent.count() >= SOFT_BOUNCES:
            _suppress("email", digest, EVERYTHING, "bouncing", "email", now + SOFT_PAUSE, now)


def _suppress(
    channel: Channel,
    digest: str,
    scope: str,
    reason: str,
    source: str,
    until: datetime | None,
    now: datetime,
) -> None:
    """Suppress an address, unless it is suppressed for longer already."""
    row, is_new = Suppression.objects.get_or_create(
        channel=channel,
        hash=digest,
        scope=scope,
        defaults={"reason": reason, "source": source, "until": until, "created_at": now},
    )
    if not is_new and row.until is not None and (until is None or until > row.until):
        row.reason, row.source, row.until, row.created_at = reason, source, until, now
        row.save(update_fields=["reason", "source", "until", "created_at"])


def _new(texts: Iterable[Texted], provider: str, now: datetime) -> list[Texted]:
    """Return the texts that were not read before: an old STOP must not undo a newer START."""
    found = []
    for text in texts:
        _, is_new = Receipt.objects.get_or_create(
            provider=provider,
            event_key=f"text:{text.event_key}"[:200],
            defaults={"fact": "texted", "created_at": now},
        )
        found += [text] if is_new else []
    return found
