"""Bugs of leases, of candles and of alerts."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as with_fields
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now

from hoardrun.market import lease
from hoardrun.market.alerts import consumer, firing, judge, loading, notices
from hoardrun.market.alerts.desk import Desk
from hoardrun.market.alerts.missed import Missed
from hoardrun.market.candles import holes, services, values
from tests.faults.bugs.patching import bug, changes, instead, nothing, replace

# -- leases


@bug("unfenced")
def unfenced() -> None:
    """Store what a leader has decided, whoever leads by now."""

    @contextmanager
    def atomic(held: Any) -> Iterator[None]:
        with transaction.atomic():
            yield

    for owner in (lease, firing, loading, services, holes):
        instead(owner, "fenced", atomic)


@bug("epoch-kept")
def epoch_kept() -> None:
    """Give each leader the number of the one before."""

    class Same(models.F):
        def __add__(self, more: Any) -> Any:
            return models.F(self.name)

    instead(lease, "F", lambda name: Same(name))


@bug("local-clock")
def local_clock() -> None:
    """Let leases end by the clock of a machine: here each process has another one."""
    ahead = timedelta(seconds=20 * (zlib.crc32(str(os.getpid()).encode()) % 4))

    def now() -> Any:
        return models.Value(datetime.now(UTC) + ahead, output_field=Now().output_field)

    instead(lease, "Now", now)


@changes("lease-long", "terms", lease)
def lease_long(original: Any) -> Any:
    """Let leases last for three times as long."""
    terms = original()
    return terms._replace(ttl=terms.ttl * 3)


# -- candles


@changes("unrevised", "revised", services, values)
def unrevised(original: Any, old: Any, new: Any) -> Any:
    """Change a closed candle, and count no revision."""
    found = original(old, new)
    return found and with_fields(found, revision=0)


# -- alerts


@changes("no-hysteresis", "way_back", judge)
def no_hysteresis(original: Any, is_above: bool, threshold: int, *given: Any) -> int:
    """Arm a repeated alert again one step before its threshold."""
    return threshold - 1 if is_above else threshold + 1


@changes("no-cooldown", "waiting", consumer, judge, loading)
def no_cooldown(original: Any, row: Any) -> Any:
    """Arm a repeated alert again as soon as its number has come back."""
    return with_fields(original(row), ready_at=0)


@changes("key-without-count", "notice_of", notices)
def key_without_count(original: Any, row: Any, seen: Any) -> Any:
    """Name the notification of each fire of an alert alike."""
    return original(row, seen)._replace(key=f"alert:{row.pk}")


@bug("gap-unscanned")
def gap_unscanned() -> None:
    """Go on with the next price after some were missed, whatever the venue repeats of them."""
    instead(Missed, "first", nothing)
    instead(Missed, "gap", nothing)

    def make(original: Any) -> Any:
        def price(self: Any, item: Any) -> None:
            if item.is_late or not item.is_history:
                original(self, item)

        return price

    replace(Desk, "_price", make)
