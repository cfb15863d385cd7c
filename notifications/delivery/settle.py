"""Settle deliveries whose outcome is unknown, by the rules of their channel.

Push and e-mail are sent again: the same tag or Message-ID hides a repetition. Of an SMS the
provider is asked; where it cannot be asked, a report for the number is waited for. What stays
unknown becomes `unresolved`, and the kind says what follows: nothing, the next rung, or one more
message that is marked as a possible duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from msgspec.structs import replace

from notifications import kinds
from notifications.channels import registry
from notifications.channels.message import Answer
from notifications.choices import DeliveryState
from notifications.delivery import hints, ids, late, people, receipts, times
from notifications.delivery.closing import ladders_go_on
from notifications.delivery.compose import compose, target_of
from notifications.delivery.doubt import HELD
from notifications.delivery.look import RESENT
from notifications.delivery.rows import update
from notifications.kinds import Channel
from notifications.models import Delivery, Receipt
from realtime import clock
from realtime.outgoing import Outcome
from realtime.retry import one_transaction

BATCH = 100
MOST_ATTEMPTS = 6  # of a message whose outcome is never known
# How long after a call the report of an SMS may still come.
PATIENCE = timedelta(minutes=5)
ASK_AGAIN = timedelta(seconds=30)
LOOK_UP_UNTIL = timedelta(minutes=15)
# One report of an unknown id is taken for this message if no other SMS to the number is unknown.
ALONE = timedelta(minutes=10)


def settle_due(channel: Channel, limit: int = BATCH) -> int:
    """Settle the deliveries of a channel that have waited long enough; return how many."""
    if not due(channel).exists():  # without a transaction, as in `judge`
        return 0
    if channel != "sms":
        return _again(channel, limit)
    rows = _take(limit)
    for row in rows:
        answer = _look_up(row)  # outside any transaction
        _settle_sms(row.pk, row.lease, answer)
    return len(rows)


def due(channel: Channel) -> Any:
    """Select what of a channel has waited long enough for news."""
    unknown = Delivery.objects.filter(
        channel=channel, state=DeliveryState.UNKNOWN, not_before__lte=Now()
    )
    return unknown.exclude(channel="sms", reason=HELD)


def _locked(rows: Any, limit: int) -> list[Delivery]:
    return list(
        rows.order_by("not_before").select_for_update(skip_locked=True, no_key=True)[:limit]
    )


@one_transaction
def _again(channel: Channel, limit: int) -> int:
    """Queue unknown messages again; give up those that were tried often, or are too old."""
    rows, now = _locked(due(channel), limit), clock.now()
    given_up = []
    for row in rows:
        if row.expires_at <= now or row.attempts >= MOST_ATTEMPTS:
            given_up.append(row)
        else:
            row.state, row.updated_at = DeliveryState.QUEUED, now
    _give_up(given_up, now)
    update(rows, ["state", "reason", "updated_at"])
    return len(rows)


@one_transaction
def _take(limit: int) -> list[Delivery]:
    """Take SMS to ask about. If this worker dies, they are due again after ASK_AGAIN."""
    rows = _locked(due("sms"), limit)
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        not_before=clock.now() + times.scaled(ASK_AGAIN)
    )
    return rows


def _look_up(row: Delivery) -> Answer | None:
    """Ask the provider what became of a message; None where nobody can say."""
    provider = registry.find(row.provider)
    if provider is None or row.address is None or not row.address.value:
        return None
    person = people.load([row.user_id], clock.now())[row.user_id]
    called_at = times.claimed_at(row)
    composed = compose(row, target_of(row), person, attempted_at=called_at)
    return provider.look_up(replace(composed.message, known_ids=ids.known_to(row, called_at)))


@one_transaction
def _settle_sms(delivery_id: int, lease: int, answer: Answer | None) -> None:
    """Write what a look-up has said, if nothing else was heard meanwhile."""
    row = (
        Delivery.objects.select_for_update(no_key=True)
        .filter(pk=delivery_id, lease=lease, state=DeliveryState.UNKNOWN)
        .first()
    )
    if row is None:
        return
    now = clock.now()
    age = now - times.claimed_at(row)
    if answer is not None and answer.provider_id in ids.known_to(row, times.claimed_at(row)):
        answer = replace(answer, outcome=Outcome.UNKNOWN)  # it was another message after all
    if answer is not None and answer.outcome is Outcome.ACCEPTED:
        row.provider_id = answer.provider_id
        receipts.learn(row, ["accepted"], now, now)
        receipts.join([row], now)
        late.mark([row], {row.pk: times.claimed_at(row)}, now)
    elif answer is not None and answer.outcome is Outcome.NOT_SENT and row.expires_at > now:
        row.state, row.not_before, row.provider = DeliveryState.QUEUED, now, ""
    elif answer is not None and age < times.scaled(LOOK_UP_UNTIL):
        row.not_before = now + times.scaled(ASK_AGAIN)
    elif answer is None and age < times.scaled(PATIENCE):
        row.not_before = times.claimed_at(row) + times.scaled(PATIENCE)
    elif answer is not None or not _find_report(row, now):
        _give_up([row], now)
    row.updated_at = now
    row.save(update_fields=[*receipts.WRITTEN, "not_before", "provider"])


def _find_report(row: Delivery, now: datetime) -> bool:
    """Take the report of an id that we do not know for this message, if it can be no other's."""
    since = times.claimed_at(row)
    others = Delivery.objects.filter(
        channel="sms",
        provider=row.provider,
        address_hash=row.address_hash,
        attempts__gt=0,
        provider_id__isnull=True,
        created_at__gt=since - times.scaled(ALONE),
    ).exclude(pk=row.pk)
    found = Receipt.objects.filter(
        provider=row.provider,
        address_hash=row.address_hash,
        delivery__isnull=True,
        created_at__gte=since,
    ).exclude(provider_id="")
    unknown = set(found.values_list("provider_id", flat=True)) - ids.known_to(row, since)
    if len(unknown) != 1 or others.exists():
        return False
    row.provider_id = unknown.pop()
    receipts.learn(row, ["accepted"], now, now)
    receipts.join([row], now)
    late.mark([row], {row.pk: since}, now)
    return True


def _give_up(rows: Sequence[Delivery], now: datetime) -> None:
    """Mark locked deliveries as unresolved, and do what their kinds say; the caller saves them."""
    resent, going_on = [], []
    for row in rows:
        row.state, row.reason, row.updated_at = DeliveryState.UNRESOLVED, "", now
        kind = kinds.find(row.kind)
        rule = "next" if kind is None else kind.on_unknown
        if rule == "hold":
            continue
        going_on.append(row)
        must = rule == "resend_once" or (row.required and row.channel == "sms")
        if must and row.resend == 0 and row.expires_at > now:
            resent.append(_resend(row, now))
    Delivery.objects.bulk_create(resent, ignore_conflicts=True)
    hints.queued(resent)
    ladders_go_on(going_on)


def _resend(row: Delivery, now: datetime) -> Delivery:
    """Return a repetition of a delivery whose outcome stays unknown."""
    copied = (
        "notification_id", "digest_id", "announcement_id", "user_id", "kind", "category",
        "channel", "address_id", "address_hash", "rung", "required", "policy_version",
        "preference_version", "context", "priority", "expires_at",
    )  # fmt: skip
    return Delivery(
        **{name: getattr(row, name) for name in copied},
        resend=row.resend + 1,
        state=DeliveryState.QUEUED,
        decided_by=RESENT,
        possible_duplicate=True,
        not_before=now,
        created_at=now,
        updated_at=now,
    )


def after_restore() -> int:
    """Treat what was to be sent before a restore as not known; return how many deliveries.

    A backup does not know what was sent after it. Push and e-mail are sent again, SMS wait for a
    person. Receipts that come after all settle them too.
    """
    before = Delivery.objects.filter(Q(state=DeliveryState.QUEUED) | Q(state=DeliveryState.SENDING))
    return before.update(
        state=DeliveryState.UNKNOWN, reason=HELD, not_before=Now(), updated_at=Now()
    )
