"""A worker's loops go on whatever happens in them, and end once their calls have."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError

from realtime.outgoing import worker
from realtime.outgoing.worker import Loop


class Hears:
    """A listener that notes whether it listens."""

    is_on = False

    def start(self) -> None:
        self.is_on = True

    def stop(self) -> None:
        self.is_on = False


class Lane:
    """Has some calls under way, of which each step finds one that has ended."""

    def __init__(self, calls: int = 0) -> None:
        self.under_way = calls
        self.stopped = self.closed = False
        self.began = threading.Event()
        self._woken = threading.Event()

    @property
    def is_idle(self) -> bool:
        return self.under_way == 0

    def step(self) -> int:
        self.began.set()
        if self.is_idle or not self.stopped:
            return 0
        self.under_way -= 1
        return 1

    def wait(self, seconds: float) -> None:
        self._woken.wait(seconds)

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self.stopped = True
        self.wake()

    def close(self) -> None:
        self.closed = True


class Worker(worker.Worker[Lane]):
    """Repeats what a test gives it."""

    def __init__(self, *loops: Loop, lanes: tuple[Lane, ...] = ()) -> None:
        super().__init__(lanes)
        self.given = list(loops)
        self.hears = Hears()
        self.listener = self.hears
        self.to_do = [2, 1]

    def loops(self) -> list[Loop]:
        of_lanes = [
            Loop(role="lane", step=lane.step, wait=lane.wait, lane=lane, beats=False)
            for lane in self._lanes
        ]
        return self.given + of_lanes

    def step_once(self) -> int:
        return self.to_do.pop() if self.to_do else 0


@contextmanager
def running(made: Worker) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield thread
    finally:
        made.stop()
        thread.join(20)
        assert not thread.is_alive()


def test_neither_an_error_nor_a_database_that_is_away_ends_a_loop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "TROUBLE_SECONDS", 0.01)
    went_on, left = threading.Event(), [OperationalError("away"), ValueError("broken")]

    def step() -> int:
        if left:
            raise left.pop(0)
        went_on.set()
        return 0

    made = Worker(Loop(role="work", step=step, wait=went_on.wait, beats=False))
    with running(made):
        assert went_on.wait(20)
        assert made.hears.is_on
    assert not made.hears.is_on
    assert caplog.messages[0].startswith("work: the database cannot be used")
    assert caplog.messages[1] == "work fails"


def test_calls_that_are_under_way_at_the_end_are_finished() -> None:
    lane = Lane(calls=3)
    made = Worker(lanes=(lane,))
    with running(made):
        assert lane.began.wait(20)
    assert (lane.under_way, lane.closed) == (0, True)


def test_all_that_is_due_is_done_once() -> None:
    lane = Lane(calls=4)
    lane.stopped = True  # its steps find what has ended
    made = Worker(lanes=(lane,))
    assert made.run_once() == 3 + 4
    assert (lane.under_way, lane.closed) == (0, True)
