from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from realtime.batch import MAX_KEYS, Batch

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


async def test_who_asks_at_the_same_time_shares_one_call() -> None:
    load = Loads()
    batch = Batch(load)
    assert await asyncio.gather(*(batch.ask(key) for key in (1, 2, 3, 2))) == [10, 20, 30, 20]
    assert load.calls == [[1, 2, 3]]


async def test_who_asks_during_a_call_gets_the_answer_of_the_next() -> None:
    load = Loads()
    batch = Batch(load)
    load.may_answer.clear()
    first = asyncio.create_task(batch.ask(1))
    while not load.calls:
        await asyncio.sleep(0.01)
    second = asyncio.create_task(batch.ask(1))  # what it asks for may have changed meanwhile
    await asyncio.sleep(0)
    load.may_answer.set()
    assert (await first, await second) == (10, 10)
    assert load.calls == [[1], [1]]


async def test_a_call_is_bounded() -> None:
    load = Loads()
    batch = Batch(load)
    answers = await asyncio.gather(*(batch.ask(key) for key in range(MAX_KEYS + 50)))
    assert answers == [key * 10 for key in range(MAX_KEYS + 50)]
    assert [len(keys) for keys in load.calls] == [MAX_KEYS, 50]


async def test_a_failure_reaches_all_who_asked_and_nobody_later() -> None:
    load = Loads()
    batch = Batch(load)
    load.error = OSError("away")
    found = await asyncio.gather(batch.ask(1), batch.ask(2), return_exceptions=True)
    assert [type(error) for error in found] == [OSError, OSError]
    load.error = None
    assert await batch.ask(1) == 10


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    load = Loads()
    batch = Batch(load)
    load.may_answer.clear()
    leaving = asyncio.create_task(batch.ask(1))
    staying = asyncio.create_task(batch.ask(1))
    while not load.calls:
        await asyncio.sleep(0.01)
    leaving.cancel()
    load.may_answer.set()
    assert await staying == 10
    with pytest.raises(asyncio.CancelledError):
        await leaving
