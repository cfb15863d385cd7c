"""Let what providers say have its effect: one transaction for one webhook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from notifications.addresses.values import address_hash
from notifications.delivery.receipts import receipts_take
from notifications.delivery.suppressing import suppress
from notifications.hooks import words
from notifications.hooks.answering import answer_to
from notifications.hooks.incoming import Answer, Left, Said, Texted
from notifications.models import Receipt, Suppression
from notifications.policy.facts import EVERYTHING, OPTIONAL
from realtime import clock
from realtime.retry import one_transaction

KEPT = timedelta(days=550)  # what is older is news of what may have been forgotten


@one_transaction
def said_take(said: Said, *, provider: str) -> list[Answer]:
    """Keep what a webhook says and do what follows. A repetition changes nothing.

    What is older than KEPT is dropped. Returns what to answer to SMS that have changed something.
    """
    now = clock.now()
    heard = [one for one in said.heard if one.happened_at is None or one.happened_at > now - KEPT]
    receipts_take(heard)
    for left in said.left:
        _leave(left, provider, now)
    answers = []
    for text in _new(said.texted, provider, now):
        wants = words.wants(text.text)
        if wants is None:
            continue
        if _leave(Left(channel="sms", address=text.address, wants=wants), provider, now):
            answers.append(answer_to(text.address, text.text, wants=wants))
    return answers


def _leave(left: Left, source: str, now: datetime) -> bool:
    """End what is optional at an address; or let all come again that its owner has ended.

    Returns whether that changes anything.
    """
    digest = address_hash(left.channel, left.address)
    of_owner = Suppression.objects.filter(
        channel=left.channel, hash=digest, scope__in=(OPTIONAL, EVERYTHING), reason="opted_out"
    )
    if left.wants:
        return of_owner.delete()[0] > 0
    return suppress(
        left.channel, digest, scope=OPTIONAL, reason="opted_out", source=source, now=now
    )


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
