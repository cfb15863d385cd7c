"""Callers at one time share a query, and each gets its own answer or error."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from realtime.core.pace import Rest
from realtime.db import batch as batch_module
from realtime.db import threads
from realtime.db.batch import MAX_KEYS, BatchedLoader
from tests.services.ports import until
from tests.simulation.loop import Loop

pytestmark = pytest.mark.django_db(transaction=True)


class Loads:
    """Stands for the database: notes what each call was asked for."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.error: Exception | None = None

    def __call__(self, keys: Sequence[int]) -> dict[int, int]:
        self.calls.append(list(keys))
        assert self.may_answer.wait(10)
        if self.error is not None:
            raise self.error
        return {key: key * 10 for key in keys}


@pytest.fixture
def load() -> Loads:
    return Loads()


Batch = BatchedLoader[int, int]


@pytest.fixture
def batch(load: Loads) -> Batch:
    return BatchedLoader(load)


async def hold_first(load: Loads, batch: Batch) -> asyncio.Task[int]:
    """Ask for key 1, which gets no answer until `may_answer`."""
    load.may_answer.clear()
    first = asyncio.create_task(batch.load(1))
    await until(lambda: load.calls)
    return first


async def test_callers_at_the_same_time_share_one_call(load: Loads, batch: Batch) -> None:
    assert await asyncio.gather(*(batch.load(key) for key in (1, 2, 3, 2))) == [10, 20, 30, 20]
    assert load.calls == [[1, 2, 3]]


async def test_a_caller_during_a_call_gets_the_answer_of_the_next(
    load: Loads, batch: Batch
) -> None:
    first = await hold_first(load, batch)
    second = asyncio.create_task(batch.load(1))  # the value may have changed meanwhile
    await asyncio.sleep(0)
    load.may_answer.set()
    assert (await first, await second) == (10, 10)
    assert load.calls == [[1], [1]]


async def test_a_call_takes_a_bounded_number_of_keys(load: Loads, batch: Batch) -> None:
    answers = await asyncio.gather(*(batch.load(key) for key in range(MAX_KEYS + 50)))
    assert answers == [key * 10 for key in range(MAX_KEYS + 50)]
    assert [len(keys) for keys in load.calls] == [MAX_KEYS, 50]


async def test_a_failure_reaches_all_callers_of_its_call_and_no_later_one(
    load: Loads, batch: Batch
) -> None:
    load.error = OSError("away")
    found = await asyncio.gather(batch.load(1), batch.load(2), return_exceptions=True)
    assert [type(error) for error in found] == [OSError, OSError]
    load.error = None
    assert await batch.load(1) == 10


async def test_a_cancelled_caller_takes_no_answer_from_others(load: Loads, batch: Batch) -> None:
    load.may_answer.clear()
    leaving = asyncio.create_task(batch.load(1))
    staying = asyncio.create_task(batch.load(1))
    await until(lambda: load.calls)
    leaving.cancel()
    load.may_answer.set()
    assert await staying == 10
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_key_without_a_waiting_caller_is_not_loaded(load: Loads, batch: Batch) -> None:
    """A database that hung finds no queue of logins that were given up meanwhile."""
    first = await hold_first(load, batch)
    given_up = [asyncio.create_task(batch.load(key)) for key in range(2, 500)]
    shared = [asyncio.create_task(batch.load(500)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in (*given_up, shared[0]):
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    load.may_answer.set()
    assert (await first, await shared[1]) == (10, 5000)
    assert load.calls == [[1], [500]]


async def test_a_queue_without_callers_ends_without_a_call(load: Loads, batch: Batch) -> None:
    alone = asyncio.create_task(batch.load(1))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.gather(alone, return_exceptions=True)
    assert await batch.load(2) == 20
    load.may_answer.clear()
    first = asyncio.create_task(batch.load(3))
    await until(lambda: len(load.calls) == 2)
    late = asyncio.create_task(batch.load(4))
    await asyncio.sleep(0)
    late.cancel()
    load.may_answer.set()
    assert await first == 30
    assert await batch.load(5) == 50
    assert load.calls == [[2], [3], [5]]


async def test_a_key_that_the_loader_leaves_out_fails_alone() -> None:
    batch: Batch = BatchedLoader(lambda keys: {key: key for key in keys if key != 2})
    async with asyncio.timeout(10):
        found = await asyncio.gather(*map(batch.load, (1, 2, 3)), return_exceptions=True)
    assert [found[0], found[2]] == [1, 3]
    assert isinstance(found[1], KeyError)
    assert await batch.load(4) == 4  # the next call starts anew


async def test_a_cancelled_load_fails_all_that_wait(load: Loads, batch: Batch) -> None:
    first = await hold_first(load, batch)
    second = asyncio.create_task(batch.load(2))
    await asyncio.sleep(0)
    assert batch._task is not None
    batch._task.cancel()
    load.may_answer.set()
    async with asyncio.timeout(10):
        found = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(error) for error in found] == [asyncio.CancelledError] * 2
    assert await batch.load(3) == 30


async def test_what_nobody_waits_for_once_a_thread_is_free_is_not_loaded(
    load: Loads, batch: Batch
) -> None:
    release = threading.Event()
    blocked = [asyncio.create_task(threads.run(release.wait, 10)) for _ in range(threads.THREADS)]
    leaving, staying = (asyncio.create_task(batch.load(key)) for key in (1, 2))
    await until(lambda: batch.is_wanted(1))
    leaving.cancel()
    await asyncio.sleep(0)
    release.set()
    assert await staying == 20
    await asyncio.gather(*blocked)
    assert load.calls == [[2]]


async def test_answers_come_a_few_in_each_turn(load: Loads) -> None:
    batch: Batch = BatchedLoader(load, per_turn=2)
    turns: list[int] = []
    now = 0

    async def ask(key: int) -> None:
        await batch.load(key)
        turns.append(now)

    asking = [asyncio.create_task(ask(key)) for key in range(8)]
    while len(turns) < len(asking):
        await asyncio.sleep(0)
        now += 1
    assert max(turns.count(turn) for turn in turns) <= 2
    assert len(set(turns)) >= 4


def test_many_that_need_one_answer_after_the_other_wait_little_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hundred sockets that are a hundred pages behind, on a clock that moves only by waiting."""
    loop, sizes = Loop(random.Random(1), shuffled=False, hasty=True), list[int]()

    def answer(function: Callable[[], Any]) -> asyncio.Future[Any]:
        future = loop.create_future()
        future.set_result(function())
        return future

    def read(keys: Sequence[int]) -> dict[int, int]:
        sizes.append(len(keys))
        return dict.fromkeys(keys, 0)

    async def replay(number: int) -> None:
        for page in range(100):
            await pages.load(number * 1000 + page)

    loop.database = answer
    monkeypatch.setattr(batch_module, "time", SimpleNamespace(monotonic=loop.time))
    monkeypatch.setattr(threads, "close_old_connections", lambda: None)
    pages = BatchedLoader(read, pace=Rest)
    replays = [loop.create_task(replay(number)) for number in range(100)]
    loop.run_until(loop.time() + 3)
    assert all(task.done() for task in replays)
    assert len(sizes) < 150  # and yet they share their queries
    loop.end()
