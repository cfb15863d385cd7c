"""Each user is checked in time, whenever the user came, and soon again where a check failed."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from realtime.hub import recheck
from realtime.hub.hub import Hub
from realtime.hub.recheck import LONGEST_RETRY_SECONDS, PART, TURNS, AccessRecheck
from realtime.options import Options

SECONDS = 180.0


class Checking(AccessRecheck):
    """Notes at which time users are checked, by a clock that stands while nothing sleeps.

    Users come at `arrivals`; a check before `away_until` fails, and each of `failing`.
    """

    def __init__(
        self,
        arrivals: dict[float, Iterable[int]],
        away_until: float = 0.0,
        failing: frozenset[int] = frozenset(),
    ) -> None:
        hub = Hub(Options())
        super().__init__(hub.sockets, hub.streams, hub.rooms, hub.spawn, SECONDS)
        self.now = 0.0
        self.times: dict[int, list[float]] = defaultdict(list)
        self.failures: dict[int, list[float]] = defaultdict(list)
        self._arrivals = arrivals
        self._away_until = away_until
        self._failing = failing

    def time(self) -> float:
        return self.now

    def get_running_loop(self) -> Any:
        return self

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)
        for moment in [moment for moment in self._arrivals if moment <= self.now]:
            for user_id in self._arrivals.pop(moment):
                self.times[user_id].append(self.now)
                self._sockets.users[user_id] = {}
        await asyncio.sleep(0)

    async def recheck(self, user_ids: Iterable[int]) -> None:
        if self.now < self._away_until:
            raise OSError("the database is away")
        if failing := self._failing & set(user_ids):
            for user_id in failing:
                self.failures[user_id].append(self.now)
            raise OSError("a table of theirs is broken")
        for user_id in user_ids:
            self.times[user_id].append(self.now)

    async def run_until(self, end: float) -> None:
        task = asyncio.ensure_future(self.run())
        while self.now < end:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_has_just_come_waits_no_longer_than_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd = range(10_000, 10_000 + TURNS * (PART + 1))  # two parts a turn
    checking = Checking({0.0: range(TURNS), 50.0: range(100, 100 + TURNS), 121.7: crowd})
    monkeypatch.setattr(recheck, "asyncio", checking)
    await checking.run_until(4 * SECONDS)
    assert len(checking.times) == 2 * TURNS + len(crowd)
    for times in checking.times.values():
        assert max(b - a for a, b in zip(times, times[1:] + [4 * SECONDS], strict=True)) <= SECONDS


async def test_users_whose_check_failed_are_checked_once_the_database_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checking = Checking({0.0: range(TURNS)}, away_until=100.0)
    monkeypatch.setattr(recheck, "asyncio", checking)
    await checking.run_until(110.0 + LONGEST_RETRY_SECONDS)
    assert {user_id for user_id, times in checking.times.items() if len(times) > 1} >= {1, 2, 3}


async def test_users_whose_check_always_fails_delay_others_by_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = range(1, 9)
    checking = Checking({0.0: users}, failing=frozenset({1, 2}))
    monkeypatch.setattr(recheck, "asyncio", checking)
    checking.recheck_soon(users)
    while not set(checking.times) >= set(users) - {1, 2}:
        await checking.sleep(0.01)
    began = checking.now
    checking.recheck_soon([7])
    while checking.times[7][-1] < began:
        await checking.sleep(0.01)
    assert checking.now - began < 60


async def test_a_user_whose_check_always_fails_is_tried_ever_less_and_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    checking = Checking({0.0: [1]}, failing=frozenset({1}))
    monkeypatch.setattr(recheck, "asyncio", checking)
    with caplog.at_level(logging.WARNING):
        await checking.run_until(4 * SECONDS)
    times = checking.failures[1]
    assert SECONDS / LONGEST_RETRY_SECONDS < len(times) < 2 * 4 * SECONDS / LONGEST_RETRY_SECONDS
    assert times[-1] > 3 * SECONDS
    assert len(caplog.records) == 1
    checking._failing = frozenset()
    await checking.run_until(5 * SECONDS)
    assert len(checking.failures[1]) == len(times)
    assert checking._failed == {}
