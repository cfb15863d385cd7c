"""A worker: it judges ladders, closes digests, advances fallbacks, and has a lane for each channel.

Any number of them may run, on any number of machines. A poll every POLL_SECONDS is what promises
that each rung fires in time. Hints through the layer, when a ladder is due with its commit or
another worker has queued for a channel, and the time of the next ladder shorten the wait.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from secrets import token_hex

from django.db import DatabaseError, InterfaceError, close_old_connections

from notifications.delivery import digests, due, fallback, heartbeat, hints, judge, reap
from notifications.delivery.ladders import DUE
from notifications.delivery.lane import Lane, leave_database
from notifications.kinds import CHANNELS, Channel
from realtime import garbage
from realtime.nudge import Listener

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
# After an error of the database: rungs that were due meanwhile fire soon after it is back.
TROUBLE_SECONDS = 0.5
LAST_CALLS_SECONDS = 15.0  # that calls under way may take after SIGTERM
JUDGE = "judge"
SHORTEST_WAIT_SECONDS = 0.05
_WRITTEN_SECONDS = 0.05


class Worker:
    """Delivers until it is stopped."""

    def __init__(self, channels: Sequence[Channel] = CHANNELS, *, judges: bool = True) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{token_hex(2)}"[:64]
        self._lanes = [Lane(channel, self.name) for channel in channels]
        self._judges = judges
        self._stopping = threading.Event()
        self._due = threading.Event()  # the judge is to look at once
        self._ladders_in = 0.0  # seconds, from its newest look
        calls = {hints.topic(lane.channel): lane.wake for lane in self._lanes}
        self.listener = Listener(calls | ({DUE: self._due.set} if judges else {}))

    def run(self) -> None:
        """Deliver until `stop`. Calls that are under way then are finished."""
        garbage.collect_seldom()
        threads = [self._thread(lane.channel, lane.step, lane.wait) for lane in self._lanes]
        if self._judges:
            threads.append(self._thread(JUDGE, self._judge, self._wait_for_ladders))
        self.listener.start()
        for thread in threads:
            thread.start()
        self._stopping.wait()
        self.listener.stop()
        deadline = time.monotonic() + LAST_CALLS_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        for lane in self._lanes:
            lane.close()

    def run_once(self) -> int:
        """Do all that is due now, and what follows from it at once; return how much that was."""
        total = 0
        while True:
            done = self._judge() if self._judges else 0
            for lane in self._lanes:
                done += lane.step()
                while not lane.is_idle:
                    lane.wait(_WRITTEN_SECONDS)
                    done += lane.step()
            if not done:
                break
            total += done
        for lane in self._lanes:
            lane.close()
        return total

    def stop(self) -> None:
        """Claim nothing more, and let `run` return once the calls have ended."""
        self._stopping.set()
        self._due.set()
        for lane in self._lanes:
            lane.stop()

    def _judge(self) -> int:
        """Judge ladders, close digests, go on with fallbacks, end the leases of dead workers.

        The lanes look at once at what they have got.
        """
        found = due.of_judge()
        self._ladders_in = found.ladders_in
        done = judge.judge_due() if found.ladders_in <= 0 else 0
        done += digests.close_due() if found.digests else 0
        done += fallback.advance_due() if found.fallbacks else 0
        done += reap.reap() if found.leases else 0
        if done:
            for lane in self._lanes:
                lane.wake()
        return done

    def _wait_for_ladders(self, seconds: float) -> None:
        """Wait until the next ladder is due or a hint comes, at most these seconds."""
        if self._due.wait(min(seconds, max(self._ladders_in, SHORTEST_WAIT_SECONDS))):
            self._due.clear()

    def _thread(
        self, role: str, step: Callable[[], int], wait: Callable[[float], object]
    ) -> threading.Thread:
        return threading.Thread(
            target=self._repeat, args=(role, step, wait), name=f"hoardrun-{role}", daemon=True
        )

    def _repeat(self, role: str, step: Callable[[], int], wait: Callable[[float], object]) -> None:
        """Repeat a step until the end; a database that is away is waited for."""
        beaten = -heartbeat.EVERY_SECONDS
        lane = next((lane for lane in self._lanes if lane.channel == role), None)
        while not self._stopping.is_set() or (lane is not None and not lane.is_idle):
            try:
                if time.monotonic() - beaten >= heartbeat.EVERY_SECONDS:
                    heartbeat.beat(role)
                    beaten = time.monotonic()
                if not step():
                    wait(POLL_SECONDS)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("%s: the database cannot be used: %r", role, error)
                close_old_connections()
                self._stopping.wait(TROUBLE_SECONDS)
            except Exception:  # a row that breaks it must not end the worker
                logger.exception("%s fails", role)
                self._stopping.wait(TROUBLE_SECONDS)
        leave_database()
