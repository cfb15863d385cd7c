"""A worker of payments: a lane for each provider, the callbacks that nobody has read, balances.

Any number may run, on any number of machines. It polls, and a hint through the layer shortens the
wait for a new payment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from hoardrun.payments.calling import balances
from hoardrun.payments.calling.hints import TOPIC
from hoardrun.payments.calling.lane import Lane
from hoardrun.payments.inbox.processing import Sweeper
from hoardrun.payments.providers.settings import configured
from hoardrun.payments.readings import WORKER
from notifications.delivery import heartbeat
from realtime import garbage
from realtime.nudge import Listener

logger = logging.getLogger(__name__)

BALANCES = "balances"
POLL_SECONDS, BALANCES_SECONDS = 0.5, 5.0
TROUBLE_SECONDS = 0.5
LAST_CALLS_SECONDS = 30.0  # that calls under way may take after SIGTERM
_ANSWERED_SECONDS = 0.05


class Worker:
    """Moves payments until it is stopped."""

    def __init__(self) -> None:
        self._lanes = [Lane(name) for name in configured()]
        self._stopping = threading.Event()
        self.listener = Listener({TOPIC: self.wake})

    def run(self) -> None:
        """Work until `stop`. Calls that are under way then are finished."""
        garbage.collect_seldom()
        threads = [self._thread(lane.name, lane.step, lane.wait, lane) for lane in self._lanes]
        sweeper = Sweeper()
        threads.append(self._thread(WORKER, sweeper.step, self._stopping.wait, None))
        threads.append(self._thread(BALANCES, balances.ask, self._wait_for_balances, None))
        self.listener.start()
        for thread in threads:
            thread.start()
        self._stopping.wait()
        self.listener.stop()
        deadline = time.monotonic() + LAST_CALLS_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        self._close()

    def run_once(self) -> int:
        """Do all that is due now, and what follows from it at once; return how much that was."""
        total, sweeper = 0, Sweeper(at_once=True)
        while True:
            done = sweeper.step()
            for lane in self._lanes:
                done += lane.step()
                while not lane.is_idle:
                    lane.wait(_ANSWERED_SECONDS)
                    done += lane.step()
            if not done:
                break
            total += done
        self._close()
        return total

    def wake(self) -> None:
        """Have all lanes look at once."""
        for lane in self._lanes:
            lane.wake()

    def stop(self) -> None:
        """Claim nothing more, and let `run` return once the calls have ended."""
        self._stopping.set()
        for lane in self._lanes:
            lane.stop()

    def _wait_for_balances(self, seconds: float) -> None:
        """Wait longer than others do: they are asked for once a minute."""
        self._stopping.wait(max(seconds, BALANCES_SECONDS))

    def _close(self) -> None:
        for lane in self._lanes:
            lane.close()

    def _thread(
        self,
        role: str,
        step: Callable[[], int],
        wait: Callable[[float], object],
        lane: Lane | None,
    ) -> threading.Thread:
        return threading.Thread(
            target=self._repeat,
            args=(role, step, wait, lane),
            name=f"hoardrun-{role}",
            daemon=True,
        )

    def _repeat(
        self,
        role: str,
        step: Callable[[], int],
        wait: Callable[[float], object],
        lane: Lane | None,
    ) -> None:
        """Repeat a step until the end; a database that is away is waited for."""
        beaten = -heartbeat.EVERY_SECONDS
        while not self._stopping.is_set() or (lane is not None and not lane.is_idle):
            try:
                if role == WORKER and time.monotonic() - beaten >= heartbeat.EVERY_SECONDS:
                    heartbeat.beat(WORKER)
                    beaten = time.monotonic()
                if not step():
                    wait(POLL_SECONDS)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("%s: the database cannot be used: %r", role, error)
                close_old_connections()
                self._stopping.wait(TROUBLE_SECONDS)
            except Exception:  # a row that breaks it must not end the worker
                logger.exception("payments by %s fail", role)
                self._stopping.wait(TROUBLE_SECONDS)
        connections.close_all()
