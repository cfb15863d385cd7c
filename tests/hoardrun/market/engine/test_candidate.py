from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from hoardrun.market import lease
from hoardrun.market.engine import threads
from hoardrun.market.engine.candidate import Candidate
from hoardrun.market.lease import Held
from hoardrun.market.models import Lease

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 20
SCALE = 10.0


@pytest.fixture(autouse=True)
def _fast(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MARKET = {"MARKET_TIME_SCALE": SCALE}
    # Ten real seconds all the same: no pause of this machine costs a lease.
    monkeypatch.setattr(lease, "TTL_SECONDS", lease.TTL_SECONDS * SCALE)


class Work:
    """Leads until it is cancelled, and remembers when."""

    def __init__(self) -> None:
        self.terms: list[Held] = []
        self.ended_at: list[float] = []
        self.slow_end = 0.0
        self.fault: Exception | None = None

    async def __call__(self, held: Held) -> None:
        self.terms.append(held)
        try:
            if self.fault:
                raise self.fault
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(self.slow_end)
            self.ended_at.append(time.monotonic())

    @property
    def leads(self) -> bool:
        return len(self.terms) > len(self.ended_at)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def candidate(work: Work, holder: str) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.ensure_future(Candidate("engine", holder, work).run())
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def renewed() -> None:
    """Wait until the lease was renewed."""
    before = (await Lease.objects.aget()).expires_at
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await Lease.objects.aget()).expires_at <= before:
            await asyncio.sleep(0.01)


@contextmanager
def _without_leases() -> Iterator[None]:
    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("market_lease", "market_lease_away")
    try:
        yield
    finally:
        rename("market_lease_away", "market_lease")


async def test_one_leads_and_the_other_follows_once_it_has_ended():
    one, other = Work(), Work()
    one.slow_end = 0.3
    async with candidate(one, "one") as first:
        await until(lambda: one.leads)
        async with candidate(other, "other"):
            for _ in range(3):
                await renewed()
            assert one.leads and not other.terms
            first.cancel()
            await until(lambda: other.leads)
            assert one.ended_at, "the lease was given away while its work went on"
    [before], [after] = one.terms, other.terms
    assert after.epoch == before.epoch + 1


async def test_it_stops_once_another_has_overtaken_it():
    work = Work()
    async with candidate(work, "one"):
        await until(lambda: work.leads)
        await threads.run(
            lambda: Lease.objects.update(epoch=work.terms[0].epoch + 1, holder="other")
        )
        await until(lambda: not work.leads)
        row = await Lease.objects.aget()
        assert row.holder == "other"


def test_it_stops_before_others_may_lead_if_the_database_is_away(monkeypatch: pytest.MonkeyPatch):
    work = Work()
    # It stops two seconds after the last renewal: far from the end of its lease.
    monkeypatch.setattr(lease, "MARGIN_SECONDS", lease.TTL_SECONDS - 2 * SCALE)

    async def lead() -> None:
        async with candidate(work, "one"):
            await until(lambda: work.leads)
            began = time.monotonic()
            await threads.run(_away.__enter__)
            try:
                await until(lambda: not work.leads)
            finally:
                await threads.run(_away.__exit__, None, None, None)
            terms = lease.terms()
            assert work.ended_at[0] - began < terms.ttl
            await threads.run(lambda: Lease.objects.update(expires_at=F("acquired_at")))
            await until(lambda: len(work.terms) > 1)

    _away = _without_leases()
    asyncio.run(lead())


async def test_work_that_fails_leaves_the_lease_to_others(caplog: Any):
    one, other = Work(), Work()
    one.fault = RuntimeError("broken")
    async with candidate(one, "one"):
        await until(lambda: one.ended_at)
        async with candidate(other, "other"):
            await until(lambda: other.leads)
    assert "leading engine failed" in caplog.text


async def test_a_candidate_that_ends_while_it_gives_the_lease_back_has_given_it_back(
    monkeypatch: pytest.MonkeyPatch,
):
    work, may, gives, may_give = Work(), asyncio.Event(), threading.Event(), threading.Event()
    release = lease.release

    def slow(held: Held) -> None:
        gives.set()
        may_give.wait(PATIENCE_SECONDS)
        release(held)

    monkeypatch.setattr(lease, "STATEMENT_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(lease, "release", slow)
    may.set()
    running = asyncio.ensure_future(Candidate("engine", "one", work, may=may.is_set).run())
    await until(lambda: work.leads)
    may.clear()
    await until(gives.is_set)
    running.cancel()
    asyncio.get_running_loop().call_later(0.2, may_give.set)
    await asyncio.gather(running, return_exceptions=True)
    assert may_give.is_set()
    assert (await Lease.objects.aget()).holder == ""


async def test_it_leads_only_while_it_may():
    work, may = Work(), asyncio.Event()
    running = asyncio.ensure_future(Candidate("engine", "one", work, may=may.is_set).run())
    await asyncio.sleep(0.3)
    assert not work.terms
    may.set()
    await until(lambda: work.leads)
    may.clear()
    await until(lambda: not work.leads)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await Lease.objects.aget()).holder == ""


async def test_what_it_gets_while_it_is_ended_it_gives_back(settings: Any):
    settings.MARKET = {}  # else PostgreSQL ends what is stored after half a second
    before = await threads.run(lease.acquire, "engine", "before")
    assert before is not None
    stores, may_end = threading.Event(), threading.Event()

    def store() -> None:
        with lease.fenced(before):
            Lease.objects.create(name="stored")
            stores.set()
            may_end.wait(PATIENCE_SECONDS)

    await Lease.objects.aupdate(expires_at=F("acquired_at"))
    storing = asyncio.ensure_future(threads.run(store))
    await until(stores.is_set)
    running = asyncio.ensure_future(Candidate("engine", "one", Work()).run())
    await until(_asks)
    running.cancel()
    may_end.set()
    await asyncio.gather(running, storing, return_exceptions=True)
    after = await threads.run(lease.acquire, "engine", "after")
    assert after is not None, "the lease is held by a candidate that has ended"


def _asks() -> bool:
    """Say whether a thread asks for a lease that was free."""
    for frame in sys._current_frames().values():
        names = [each.name for each in traceback.extract_stack(frame)]
        if "acquire" in names and {"_limited", "update"} & set(names):
            return True
    return False
