"""The breaker of a provider or host: after failures in a row, nothing is called for a while.

Calls are counted in the worker and written together. `judged` decides; it is pure.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from realtime import clock
from realtime.models import Host

FAILURES = 5  # in a row, until the breaker opens
MISTAKE = 2  # failures that a mistake of our own counts for: the next call would be one, too
FIRST_PAUSE = timedelta(seconds=10)  # doubled each time that it opens again
LONGEST_PAUSE = timedelta(minutes=10)
WINDOW = timedelta(hours=1)
GONE_SHARE = 0.02  # of an hour's calls may find an address gone, and these few in any case
GONE_AT_LEAST = 5

logger = logging.getLogger(__name__)


class Counts(msgspec.Struct):
    """The calls to one host since the last write."""

    calls: int = 0
    failures: int = 0  # since the last success
    has_succeeded: bool = False

    def add(self, failures: int) -> None:
        self.calls += 1
        if failures:
            self.failures += failures
        else:
            self.failures, self.has_succeeded = 0, True


class State(msgspec.Struct, frozen=True):
    """The state of a breaker, as the row of its host has it."""

    failures: int
    opened_until: datetime | None


def judged(state: State, counts: Counts, now: datetime) -> State:
    """Return the state of a breaker after these calls.

    It opens at FAILURES in a row. When its pause is over calls go through again: the next failure
    opens it for twice as long, a success closes it. Calls that were under way when it opened do not
    open it for longer.
    """
    if not counts.failures:
        return State(0, None)
    before = 0 if counts.has_succeeded else state.failures
    if before and state.opened_until is not None and state.opened_until > now:
        return state
    if before + counts.failures < FAILURES:
        return State(before + counts.failures, None)
    failures = max(before + 1, FAILURES)
    doublings = min(failures - FAILURES, 10)
    return State(failures, now + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE))


class Tally:
    """The calls that a worker has made since the last `flush`. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counts] = {}

    def add(self, name: str, *, failed: bool = False, mistake: bool = False) -> None:
        """Count one call. `failed`: no answer, or one that tells of trouble there.

        `mistake`: of ours, such as a wrong key or an empty balance.
        """
        with self._lock:
            self._counts.setdefault(name, Counts()).add(MISTAKE if mistake else int(failed))

    def flush(self) -> list[str]:
        """Write what was counted; return the names whose breaker has opened now."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return write(counts) if counts else []


def write(counts: Mapping[str, Counts]) -> list[str]:
    """Write the calls to some hosts in one transaction; return those whose breaker opens now."""
    opened = []
    with transaction.atomic():
        now = clock.now()
        for name in sorted(counts):  # one order of locks
            host = _locked(name, now)
            before = State(host.failures, host.opened_until)
            after = judged(before, counts[name], now)
            if after.opened_until not in {None, before.opened_until}:
                opened.append(name)
            host.failures, host.opened_until = after.failures, after.opened_until
            host.calls += counts[name].calls
            host.save(update_fields=["failures", "opened_until", "calls", *_COUNTED])
    for name in opened:
        logger.error("%s: calls fail, none is made for a while", name)
    return opened


def gone(name: str) -> bool:
    """Count an address that its host calls gone; return whether it may be deleted.

    A host that says so of too many in an hour is believed no longer: the trouble may be its own,
    and a deleted subscription does not come back. A transaction may call it for one host.
    """
    with transaction.atomic():
        host = _locked(name, clock.now())
        host.gone += 1
        host.save(update_fields=["gone", *_COUNTED])
    may_delete = host.gone <= max(GONE_AT_LEAST, host.calls * GONE_SHARE)
    if not may_delete:
        logger.error("%s: says of too many addresses that they are gone, none is deleted", name)
    return may_delete


_COUNTED = ("gone", "calls", "counted_from", "updated_at")


def _locked(name: str, now: datetime) -> Host:
    """Lock the row of a host, with its counts of this hour begun anew if that is over."""
    host, _ = Host.objects.select_for_update(no_key=True).get_or_create(
        name=name, defaults={"updated_at": now}
    )
    is_this_hour = host.counted_from is not None and now - WINDOW < host.counted_from <= now
    if not is_this_hour:
        host.gone, host.calls, host.counted_from = 0, 0, now
    host.updated_at = now
    return host
