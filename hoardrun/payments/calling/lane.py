"""Claim, call and apply the payments of one provider.

Only the lane's own thread uses the database; the others make calls. Pace and breaker are those of
the provider, which all workers share.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
from django.db import DatabaseError, InterfaceError, close_old_connections

from hoardrun.payments.calling import calls, claims
from hoardrun.payments.calling.calls import Called
from hoardrun.payments.calling.claims import Claimed
from hoardrun.payments.calling.hosts import host
from hoardrun.payments.codes import evidence_of
from hoardrun.payments.evidence import Source
from hoardrun.payments.health import health_publish
from hoardrun.payments.options import options
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.settings import given
from hoardrun.payments.services import evidence_apply, refused_store
from realtime import clock
from realtime.errors import Refused
from realtime.outgoing import pacing
from realtime.outgoing.breaker import Tally

logger = logging.getLogger(__name__)

WRITE_FOR_SECONDS = 30.0  # that an answer is kept for a database that is away
WRITE_PAUSE_SECONDS = 0.5
COUNT_SECONDS = 1.0  # that counts of successful calls may wait


class Ended(msgspec.Struct, frozen=True):
    """The end of a claim."""

    claimed: Claimed
    called: Called | None  # None: the call broke, and its payment is asked about later


class Lane:
    """Sends the payments of one provider, and asks about them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._capacity = options().in_flight
        self._pool = ThreadPoolExecutor(self._capacity, thread_name_prefix=f"hoardrun-{name}")
        self._ended: queue.SimpleQueue[Ended | None] = queue.SimpleQueue()  # None: look again
        self._under_way = 0
        self._tally = Tally()
        self._counted_at = 0.0
        self._is_slow = False  # as the room of health was told last
        self._stopping = threading.Event()

    def step(self) -> int:
        """Apply what was answered, and begin what is due; return how much that was."""
        done = self._apply_ended()
        free = self._capacity - self._under_way
        if free <= 0 or self._stopping.is_set():
            return done
        return done + self._begin(free)

    def wait(self, seconds: float) -> None:
        """Wait until a call has ended, or until `wake`; at most so long."""
        try:
            self._ended.put(self._ended.get(timeout=seconds))
        except queue.Empty:
            return

    def wake(self) -> None:
        """End the wait: something may be due."""
        self._ended.put(None)

    @property
    def is_idle(self) -> bool:
        """Say whether no call is under way."""
        return self._under_way == 0

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping.set()
        self.wake()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, free: int) -> int:
        pace = float(given(self.name).pace)
        wanted = len(claims.due(self.name).values_list("pk")[: min(free, max(1, int(pace)))])
        if not wanted:
            return 0
        if ended := self._give_up():
            return ended
        slot = pacing.take(host(self.name), pace, wanted)
        self._tell_health(is_slow=slot.why in {"open", "stopped"})
        if not slot.is_taken:
            return 0
        begins = time.monotonic() + slot.wait_seconds
        claimed = claims.claim(self.name, wanted)
        for place, one in enumerate(claimed):
            self._under_way += 1
            self._pool.submit(self._call, one, begins + place / pace)
        return len(claimed)

    def _give_up(self) -> int:
        """End payments that could not be sent in time: nothing was asked for."""
        unsent = claims.give_up(self.name)
        for payment_id in unsent:
            evidence = evidence_of(replies.NOT_SENT, Source.ACK, raw_code="too_late")
            apply(payment_id, Called(evidence=evidence))
        return len(unsent)

    def _call(self, one: Claimed, begins: float) -> None:
        """Make one call, on a thread of the pool, which uses no database."""
        called: Called | None = None
        try:
            time.sleep(max(0.0, begins - time.monotonic()))
            make = calls.begin if one.is_first else calls.look
            called = make(self.name, one.order, one.base_url)
        except Exception:  # the lease ends by itself, and the payment is asked about
            logger.exception("%s: a call about payment %s fails", self.name, one.order.id)
        self._ended.put(Ended(one, called))

    def _apply_ended(self) -> int:
        done, has_failed = 0, False
        while True:
            try:
                ended = self._ended.get_nowait()
            except queue.Empty:
                break
            if ended is None:
                continue
            self._under_way -= 1
            done += 1
            if (called := ended.called) is None:
                continue
            apply(ended.claimed.order.id, called)
            self._tally.add(
                host(self.name), failed=called.has_failed, mistake=called.is_our_mistake
            )
            has_failed |= called.has_failed or called.is_our_mistake
            if called.retry_after_seconds is not None:
                pacing.hold(host(self.name), called.retry_after_seconds)
        now = time.monotonic()
        if done and (has_failed or self.is_idle or now - self._counted_at >= COUNT_SECONDS):
            if self._tally.flush():
                self._tell_health(is_slow=True)
            self._counted_at = now
        return done

    def _tell_health(self, *, is_slow: bool) -> None:
        """Tell customers once that the provider is slow now, or that it works again."""
        if is_slow != self._is_slow:
            health_publish(self.name, is_slow=is_slow)
        self._is_slow = is_slow


def apply(payment_id: str, called: Called) -> None:
    """Apply what was told of a payment; a database that is away is waited for.

    After WRITE_FOR_SECONDS it is left to the lease, after which the provider is asked again.
    """
    if called.evidence.alarm:
        logger.error("payment %s: %s", payment_id, called.evidence.raw_code)
    give_up_at = time.monotonic() + WRITE_FOR_SECONDS
    while True:
        try:
            evidence_apply(payment_id, called.evidence)
        except Refused as error:
            logger.error("payment %s: the ledger refuses what was told: %s", payment_id, error)
            refused_store(payment_id, clock.now())
            return
        except (DatabaseError, InterfaceError) as error:
            logger.warning("what was told of payment %s is not written: %r", payment_id, error)
            close_old_connections()
            if time.monotonic() >= give_up_at:
                return
            time.sleep(WRITE_PAUSE_SECONDS)
        else:
            return
