"""The base of workers that make calls: loops on threads of their own, until the end.

A loop repeats a step, and waits where the step has found nothing to do. A database that is away is
waited for, and an error ends no loop.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

import msgspec
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from realtime import garbage
from realtime.outgoing import heartbeat

logger = logging.getLogger(__name__)

ANSWERED_SECONDS = 0.05  # between two looks at calls whose end is waited for
# After an error of the database: what was due meanwhile is done soon after it is back.
TROUBLE_SECONDS = 0.5


class Lane(Protocol):
    """Makes the calls of one kind, some at a time."""

    def step(self) -> int:
        """Apply what was answered, and begin what is due; return how much that was."""

    def wait(self, seconds: float) -> None:
        """Wait until there is more to do, at most so long."""

    def wake(self) -> None:
        """End the wait."""

    def stop(self) -> None:
        """Begin nothing more."""

    def close(self) -> None:
        """Let its threads end."""

    @property
    def is_idle(self) -> bool:
        """Say whether no call is under way."""


L = TypeVar("L", bound=Lane)


class Listener(Protocol):
    """Hears hints of other processes, which end waits."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is repeated, and how its loop waits for more to do."""

    role: str
    step: Callable[[], int]
    wait: Callable[[float], object]
    lane: Lane | None = None  # whose calls are finished before the loop ends
    beats: bool = True  # its heartbeat says that the role is filled


class Worker(Generic[L]):
    """Works until it is stopped. A subclass says in which loops."""

    poll_seconds: ClassVar[float] = 1.0
    last_calls_seconds: ClassVar[float] = 15.0  # that calls under way may take after SIGTERM

    listener: Listener

    def __init__(self, lanes: Sequence[L]) -> None:
        self._lanes = list(lanes)
        self._stopping = threading.Event()

    def loops(self) -> list[Loop]:
        """Return what is repeated."""
        raise NotImplementedError

    def step_once(self) -> int:
        """Do once what `run_once` does beside the lanes; return how much that was."""
        raise NotImplementedError

    def run(self) -> None:
        """Work until `stop`. Calls that are under way then are finished."""
        garbage.reuse_among_threads()
        garbage.collect_seldom()
        threads = [self._thread(loop) for loop in self.loops()]
        self.listener.start()
        for thread in threads:
            thread.start()
        self._stopping.wait()
        self.listener.stop()
        deadline = time.monotonic() + self.last_calls_seconds
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        self._close()

    def run_once(self) -> int:
        """Do all that is due now, and what follows from it at once; return how much that was."""
        total = 0
        while done := self._all_once():
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

    def _all_once(self) -> int:
        done = self.step_once()
        for lane in self._lanes:
            done += lane.step()
            while not lane.is_idle:
                lane.wait(ANSWERED_SECONDS)
                done += lane.step()
        return done

    def _close(self) -> None:
        for lane in self._lanes:
            lane.close()

    def _thread(self, loop: Loop) -> threading.Thread:
        return threading.Thread(
            target=self._repeat, args=(loop,), name=f"hoardrun-{loop.role}", daemon=True
        )

    def _repeat(self, loop: Loop) -> None:
        """Repeat a step until the end."""
        beaten = -heartbeat.EVERY_SECONDS
        while not self._stopping.is_set() or (loop.lane is not None and not loop.lane.is_idle):
            try:
                if loop.beats and time.monotonic() - beaten >= heartbeat.EVERY_SECONDS:
                    heartbeat.beat(loop.role)
                    beaten = time.monotonic()
                if not loop.step():
                    loop.wait(self.poll_seconds)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("%s: the database cannot be used: %r", loop.role, error)
                close_old_connections()
                self._stopping.wait(TROUBLE_SECONDS)
            except Exception:  # a row that breaks it must not end the worker
                logger.exception("%s fails", loop.role)
                self._stopping.wait(TROUBLE_SECONDS)
        connections.close_all()
