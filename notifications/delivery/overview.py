"""How each channel and provider stands now, and what waits for it: for staff.

A fixed number of queries, each by an index. No number is counted beyond MOST.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from notifications.channels import registry
from notifications.choices import DeliveryState
from notifications.delivery.judge import PRIORITIES
from notifications.delivery.readings import JUDGE, ROLES
from notifications.kinds import CHANNELS, Channel
from notifications.models import Delivery, Escalation
from realtime import clock
from realtime.models import Host
from realtime.outgoing import heartbeat

MOST = 10_000
LATE_WITHIN = timedelta(hours=24)
MOST_HOSTS = 50  # of web push, those that fail or are stopped in front
PUSH_HOST = "push:"  # begins the names of its hosts


@dataclass(frozen=True, slots=True)
class Gate:
    """What lets calls of one name through, or not: a channel, a provider or a host of it."""

    name: str
    host: Host | None
    now: datetime

    @property
    def is_stopped(self) -> bool:
        return self.host is not None and self.host.stopped_at is not None

    @property
    def is_open(self) -> bool:
        """Say whether its breaker lets nothing through."""
        until = None if self.host is None else self.host.opened_until
        return until is not None and until > self.now

    @property
    def is_held(self) -> bool:
        """Say whether it asked for a pause."""
        until = None if self.host is None else self.host.next_at
        return until is not None and until > self.now + timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ProviderNow:
    """A provider, with the gates of its hosts. `place` is its turn among those of its channel."""

    known: registry.Known
    place: int | None  # None: it is not set up
    gate: Gate
    hosts: Sequence[Gate] = ()

    @property
    def is_set_up(self) -> bool:
        return self.place is not None


@dataclass(frozen=True, slots=True)
class Work:
    """Part of the work, and when a worker last said that it does it."""

    role: str
    heard_at: datetime | None
    now: datetime

    @property
    def is_alive(self) -> bool:
        return heartbeat.is_alive(self.heard_at, self.now)

    @property
    def heard(self) -> str:
        """Say how long ago that was; empty for never."""
        return span(self.heard_at, self.now)


@dataclass(frozen=True, slots=True)
class ChannelNow:
    channel: Channel
    gate: Gate
    work: Work
    providers: Sequence[ProviderNow]
    waiting: int
    waits_since: datetime | None
    unknown: int
    late: int

    @property
    def waits(self) -> str:
        """Say for how long the oldest has waited; empty if none does."""
        return span(self.waits_since, self.gate.now)

    @property
    def is_set_up(self) -> bool:
        return any(one.is_set_up for one in self.providers)


@dataclass(frozen=True, slots=True)
class Overview:
    now: datetime
    judge: Work
    ladders: int  # that are due
    ladders_since: datetime | None
    channels: Sequence[ChannelNow]

    @property
    def ladders_wait(self) -> str:
        """Say for how long the oldest ladder has been due; empty if none is."""
        return span(self.ladders_since, self.now)

    @property
    def needs_workers(self) -> bool:
        return any(one.is_set_up for one in self.channels)

    @property
    def silent(self) -> list[str]:
        """Return the parts of the work that nobody does, although there is some to do."""
        needed = [self.judge] if self.needs_workers else []
        needed += [one.work for one in self.channels if one.is_set_up]
        return [work.role for work in needed if not work.is_alive]


def overview() -> Overview:
    """Return how everything stands."""
    now = clock.now()
    hosts = {host.name: host for host in Host.objects.filter(name__in=gate_names())}
    pushed = _push_hosts(now)
    heard = heartbeat.heard(ROLES)
    work = {role: Work(role, heard.get(role), now)
            for role in ROLES}  # fmt: skip
    places = {one.name: place for place, one in enumerate(registry.every())}
    due = Escalation.objects.filter(closed_at__isnull=True, due_at__lte=Now()).order_by("due_at")

    def provider(known: registry.Known) -> ProviderNow:
        gate = Gate(known.name, hosts.get(known.name), now)
        own = [Gate(host.name, host, now) for host in pushed] if known.by_host else []
        return ProviderNow(known, places.get(known.name), gate, own)

    return Overview(
        now=now,
        judge=work[JUDGE],
        ladders=_count(due),
        ladders_since=due.values_list("due_at", flat=True).first(),
        channels=[
            ChannelNow(
                channel=channel,
                gate=Gate(registry.gate(channel), hosts.get(registry.gate(channel)), now),
                work=work[channel],
                providers=[provider(one) for one in registry.KNOWN if one.channel == channel],
                **_counts(channel, now),
            )
            for channel in CHANNELS
        ],
    )


def span(since: datetime | None, now: datetime) -> str:
    """Say how long ago something was, in its largest unit: 8 s, 3 min, 2 h, 5 days."""
    if since is None:
        return ""
    seconds = max(int((now - since).total_seconds()), 0)
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def gate_names() -> list[str]:
    """Return the names of all channels and providers; hosts of web push come beside them."""
    return [*map(registry.gate, CHANNELS), *(known.name for known in registry.KNOWN)]


def is_gate(name: str) -> bool:
    """Say whether something is called by that name."""
    is_host = name.startswith(PUSH_HOST) and Host.objects.filter(name=name).exists()
    return is_host or name in gate_names()


def _push_hosts(now: datetime) -> list[Host]:
    """Return the hosts of web push, those in front that let nothing through."""
    found = list(Host.objects.filter(name__startswith=PUSH_HOST).order_by("name")[:1000])

    def is_well(host: Host) -> tuple[bool, str]:
        gate = Gate(host.name, host, now)
        return not (gate.is_stopped or gate.is_open), host.name

    return sorted(found, key=is_well)[:MOST_HOSTS]


def _counts(channel: Channel, now: datetime) -> dict[str, Any]:
    own = Delivery.objects.filter(channel=channel)
    waiting = own.filter(state=DeliveryState.QUEUED, not_before__lte=Now())
    oldest = (_oldest(waiting.filter(priority=each)) for each in set(PRIORITIES.values()))
    return {
        "waiting": _count(waiting),
        "waits_since": min(filter(None, oldest), default=None),
        "unknown": _count(own.filter(state=DeliveryState.UNKNOWN)),
        "late": _count(own.filter(late=True, created_at__gt=now - LATE_WITHIN)),
    }


def _oldest(waiting: Any) -> datetime | None:
    """Return since when a delivery of one priority waits: an index has them in that order."""
    found: datetime | None = (
        waiting.order_by("not_before").values_list("not_before", flat=True).first()
    )
    return found


def _count(rows: Any) -> int:
    return int(rows.order_by().values("pk")[: MOST + 1].count())
