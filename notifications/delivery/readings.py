"""Gauges of delivery for the whole deployment, and the doubts of `stats --check`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min
from django.db.models.functions import Now

from notifications.channels import registry
from notifications.choices import DeliveryState
from notifications.delivery import answered
from notifications.kinds import CHANNELS
from notifications.models import Delivery, Escalation
from realtime import clock
from realtime.meters.fleet import Reading, counter, gauge
from realtime.outgoing import heartbeat, pacing

JUDGE = "judge"
ROLES = (JUDGE, *CHANNELS)
BLOCKED = ("open", "stopped")


def _read() -> dict[str, Any]:
    now = clock.now()
    ladders = Escalation.objects.filter(closed_at__isnull=True, due_at__lte=Now())
    oldest = ladders.aggregate(due=Min("due_at"))["due"]
    queued, counts = dict.fromkeys(CHANNELS, 0.0), dict.fromkeys(CHANNELS, 0)
    waiting = Delivery.objects.filter(state=DeliveryState.QUEUED, not_before__lte=Now())
    by_channel = waiting.values_list("channel").annotate(Min("not_before"), Count("pk"))
    for channel, since, count in by_channel:
        queued[channel], counts[channel] = (now - since).total_seconds(), count
    unknown = dict.fromkeys(CHANNELS, 0)
    open_ones = Delivery.objects.filter(state=DeliveryState.UNKNOWN)
    unknown |= dict(open_ones.values_list("channel").annotate(Count("pk")))
    silent = heartbeat.silent(_wanted(), now)
    return {
        "ladders_overdue_seconds": 0.0 if oldest is None else (now - oldest).total_seconds(),
        "deliveries_waiting": counts,
        "deliveries_waiting_seconds": queued,
        "deliveries_unknown": unknown,
        "delivery_silent": {role: int(role in silent) for role in ROLES},
        "calls_blocked": dict.fromkeys(BLOCKED, 0) | pacing.count_blocked(),
        "provider_answers": answered.read(),
    }


DELIVERING = Reading(
    (
        gauge("ladders_overdue_seconds", "Age of the oldest ladder that is due and not judged."),
        gauge(
            "deliveries_waiting", "Messages that could be sent and are not.", channel=CHANNELS
        ),
        gauge(
            "deliveries_waiting_seconds",
            "Age of the oldest message that could be sent and is not.",
            channel=CHANNELS,
        ),
        gauge(
            "deliveries_unknown", "Messages of which nobody knows whether they left.",
            channel=CHANNELS,
        ),
        gauge(
            "delivery_silent",
            "1 where no `manage.py deliver` does this, although a channel is set up.",
            role=ROLES,
        ),
        gauge(
            "calls_blocked",
            "Channels, providers and hosts that let no call through: `open` since they fail, or "
            "`stopped` by staff.",
            why=BLOCKED,
        ),
        counter(
            "provider_answers",
            "Calls of providers, by how they ended: `code` is the provider's own, else the status, "
            "else why no answer came.",
            provider=answered.PROVIDERS,
            outcome=answered.OUTCOMES,
            code=answered.codes,
        ),
    ),
    _read,
)  # fmt: skip


def no_worker() -> Iterator[str]:
    """Say which part of delivering nobody does."""
    if silent := heartbeat.silent(_wanted(), clock.now()):
        yield (
            f"no worker does {', '.join(silent)} of notifications: run `manage.py deliver` or "
            "`serve --with-delivery`"
        )


def _wanted() -> tuple[str, ...]:
    """Return what workers have to do: nothing where no channel is set up."""
    channels = registry.configured()
    return tuple(role for role in ROLES if channels and role in {JUDGE, *channels})
