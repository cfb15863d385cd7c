"""One channel of a worker: it claims, hands the calls to its threads, and writes how they ended.

A lane has threads of its own, so that a slow provider of SMS holds up no push. Only the lane's own
thread uses the database; the others make calls.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    close_old_connections,
)

from notifications.channels.message import Answer
from notifications.delivery import answered, due, outcomes, settle
from notifications.delivery.claim import Claimed, claim
from notifications.delivery.compose import Composed, compose
from notifications.delivery.outcomes import Result
from notifications.delivery.send import result_of, send
from notifications.kinds import Channel
from realtime.outgoing import Outcome, pacing
from realtime.outgoing.breaker import Tally
from realtime.outgoing.nudge import LEFT_SECONDS, Turn

logger = logging.getLogger(__name__)

THREADS: dict[Channel, int] = {"push": 16, "email": 4, "sms": 4}
# Claimed at a time: push services answer quickly, and a large claim costs little more than a small.
CAPACITY: dict[Channel, int] = {"push": 128, "email": 4, "sms": 4}
GATHER_SECONDS = 0.1  # that ended calls wait for others: one write costs as much as a call
WRITE_FOR_SECONDS = 30.0  # that an outcome is kept for a database that is away
WRITE_PAUSE_SECONDS = 0.5
LEFT, NOT_LEFT = timedelta(seconds=LEFT_SECONDS), timedelta()  # to other workers
COUNT_SECONDS = 1.0  # that counts of successful calls may wait while others are under way


class Lane:
    """Sends what is due by one channel."""

    def __init__(self, channel: Channel, worker: str) -> None:
        self.channel = channel
        self._worker = worker
        self._capacity = CAPACITY[channel]
        # A claim takes some fifteen statements, whatever it brings: while the threads have more
        # than they can do at once, it waits until it brings much.
        self._least = max(self._capacity - 2 * THREADS[channel], 1)
        self._at_once = self._capacity  # of which the next claim may take so many
        self._has_fitted = True  # so many, as far as the last claim shows
        self._pool = ThreadPoolExecutor(THREADS[channel], thread_name_prefix=f"hoardrun-{channel}")
        # Calls that have ended, and None to look again at once.
        self._ended: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
        self._is_whole = threading.Event()  # all calls have ended, or it is to look again
        self._under_way = 0
        self._tally = Tally()
        self._answered = answered.Tally()
        self._counted_at = 0.0
        self._stopping = threading.Event()
        self.turn = Turn()
        self._woken = 0  # how often: what is due then comes from this worker
        self._answered_to = 0  # of these

    def step(self) -> int:
        """Write what has ended, settle what is not known, and begin what is due.

        Returns how much it did; 0 means that there is nothing to do now.
        """
        done = self._write_ended()
        free = self._capacity - self._under_way
        # Without room it does not look: what it settles may have to be sent.
        if free < self._least or self._stopping.is_set():
            return done
        woken = self._woken
        leaves = self.turn.leaves and woken == self._answered_to
        self._answered_to = woken
        found, begun = due.of_lane(self.channel, LEFT if leaves else NOT_LEFT), 0
        if found.unknown:
            begun += settle.settle_due(self.channel)
        if found.queued:
            begun += self._begin(min(free, self._at_once))
        self.turn.looked(begun)
        return done + begun

    def wait(self, seconds: float) -> None:
        """Wait until a call has ended, or until `wake`, and a little for the calls that follow.

        At most so long.
        """
        try:
            first = self._ended.get(timeout=seconds)
        except queue.Empty:
            return
        if first is None:
            return
        self._ended.put(first)
        # Not by taking them one by one: each would wake this thread.
        self._is_whole.clear()
        if self._ended.qsize() < self._under_way:
            self._is_whole.wait(GATHER_SECONDS)

    def wake(self) -> None:
        """End the wait: this worker has queued something. Without room, it looks once there is."""
        self._woken += 1
        self.hint()

    def hint(self) -> None:
        """End the wait: somebody may have queued something."""
        if self._capacity - self._under_way >= self._least:
            self._end(None)

    @property
    def is_idle(self) -> bool:
        """Say whether no call is under way."""
        return self._under_way == 0

    def stop(self) -> None:
        """Claim nothing more; calls that have not begun are given back."""
        self._stopping.set()
        self._end(None)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- the way of a delivery

    def _begin(self, most: int) -> int:
        claimed = claim(self.channel, most, self._worker)
        self._has_fitted = True
        by_host: dict[str, list[tuple[Claimed, Composed]]] = defaultdict(list)
        for one in claimed:
            self._under_way += 1
            try:
                composed = compose(
                    one.row,
                    one.to,
                    one.person,
                    happened_at=one.case.ladder.committed_at if one.case else None,
                    unread=one.unread,
                )
                by_host[one.provider.host(one.to)].append((one, composed))
            except Exception:  # texts that cannot be made must not stop those behind them
                logger.exception("the texts of delivery %s cannot be made", one.row.pk)
                broken = Answer(outcome=Outcome.REFUSED, code="texts")
                self._end(result_of(one, broken, time.monotonic()))
        for host, some in by_host.items():
            self._hand_out(host, some)
        return len(claimed)

    def _hand_out(self, host: str, some: list[tuple[Claimed, Composed]]) -> None:
        """Give calls to the threads at the pace of their host; what must wait longer goes back."""
        rate = some[0][0].provider.rate
        count = min(len(some), max(1, int(rate)))
        slot = _slot(host, rate, count)
        begins, taken = time.monotonic() + slot.wait_seconds, count if slot.is_taken else 0
        for place, (one, composed) in enumerate(some):
            if place < taken:
                self._pool.submit(self._call, one, composed, host, begins + place / rate)
            else:
                pause = slot.wait_seconds if not taken else 1.0
                self._end(result_of(one, None, time.monotonic(), pause_seconds=pause))

    def _call(self, one: Claimed, composed: Composed, host: str, begins: float) -> None:
        """Make one call, on a thread of the pool, which uses no database."""
        wait = begins - time.monotonic()
        if self._stopping.wait(wait) if wait > 0 else self._stopping.is_set():
            result = result_of(one, None, time.monotonic())
        else:
            result = send(one, composed, host)
        self._end(result)

    def _end(self, result: Result | None) -> None:
        self._ended.put(result)
        if result is None or self._ended.qsize() >= self._under_way:
            self._is_whole.set()

    def _write_ended(self) -> int:
        results: list[Result] = []
        while True:
            try:
                ended = self._ended.get_nowait()
            except queue.Empty:
                break
            results += [] if ended is None else [ended]
        if not results:
            return 0
        self._under_way -= len(results)
        self._fit(results)
        write(results)
        self._count(results)
        return len(results)

    def _fit(self, results: list[Result]) -> None:
        """Let the next claim take as many as can begin in time.

        A claim that takes too many, on a machine or a database that is slow, outlasts the time in
        which its calls must begin: all go back, and the next one takes as many again.
        """
        if all(one.answer is not None or one.pause_seconds for one in results):
            self._at_once = min(self._at_once + len(results), self._capacity)
        elif self._has_fitted:  # once for each claim
            self._at_once, self._has_fitted = max(self._at_once // 2, 1), False

    def _count(self, results: list[Result]) -> None:
        """Let hosts rest that ask for it, and open the breakers of those that fail."""
        has_failed = False
        for one in results:
            answer = one.answer
            if answer is None or not one.host:
                continue
            failed = answer.outcome in {Outcome.UNKNOWN, Outcome.NOT_SENT}
            self._tally.add(one.host, failed=failed, mistake=answer.our_mistake)
            has_failed |= failed or answer.our_mistake
            if answer.retry_after_seconds is not None:
                pacing.hold(one.host, answer.retry_after_seconds)
        self._answered.add(results)
        # A failure may open a breaker, which is for all workers at once.
        now = time.monotonic()
        if has_failed or self.is_idle or now - self._counted_at >= COUNT_SECONDS:
            self._tally.flush()
            self._answered.flush()
            self._counted_at = now


def _slot(host: str, rate: float, count: int) -> pacing.Slot:
    """Take slots of a host; none while the database is away."""
    try:
        return pacing.take(host, rate, count)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("no pace of %s is known: %r", host, error)
        return pacing.Slot(False, 1.0, "unknown")


def write(results: list[Result]) -> None:
    """Write outcomes; a database that is away is waited for.

    After WRITE_FOR_SECONDS they are left to the reaper: their deliveries are not known then.
    """
    give_up_at = time.monotonic() + WRITE_FOR_SECONDS
    while True:
        try:
            outcomes.outcomes_write(results)
        except IntegrityError:
            if len(results) == 1:
                raise
            for one in results:  # so that one that cannot be written takes no other with it
                write([one])
            return
        except (DatabaseError, InterfaceError) as error:
            logger.warning("outcomes of %s calls are not written yet: %r", len(results), error)
            close_old_connections()
            if time.monotonic() >= give_up_at:
                logger.error("outcomes of %s calls are lost", len(results))
                return
            time.sleep(WRITE_PAUSE_SECONDS)
        else:
            return
