from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import F

from hoardrun.market import lease
from hoardrun.market.lease import Held, Overtaken, acquire, fenced, release, renew
from hoardrun.market.models import Lease
from realtime import clock
from tests.hoardrun.market.tools import instrument

NODES = 6
WAIT = 20
pytestmark = pytest.mark.django_db(transaction=True)


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """Return work that closes the connection of its thread."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    return run


def led(name: str = "kraken", holder: str = "one") -> Held:
    held = acquire(name, holder)
    assert held is not None
    return held


def expire() -> None:
    Lease.objects.update(expires_at=F("acquired_at"))


def test_one_of_many_that_ask_at_once_leads() -> None:
    with ThreadPoolExecutor(NODES) as pool:
        nodes = [partial(acquire, "kraken", f"node-{number}") for number in range(NODES)]
        asked = [pool.submit(in_thread(node)) for node in nodes]
        [held] = [found for each in asked if (found := each.result()) is not None]
    row = Lease.objects.get()
    assert (row.holder, row.epoch) == (held.holder, held.epoch) == (held.holder, 1)


def test_a_lease_ends_after_its_time_by_the_clock_of_the_database() -> None:
    held = led()
    left = (Lease.objects.get().expires_at - clock.now()).total_seconds()
    assert 0 < left <= lease.terms().ttl
    Lease.objects.update(expires_at=clock.now() + timedelta(seconds=1))
    before = clock.now()
    assert renew(held)
    assert Lease.objects.get().expires_at >= before + timedelta(seconds=lease.terms().ttl)


def test_leases_of_other_names_are_free() -> None:
    assert led("kraken").epoch == led("coinbase", "two").epoch == 1


def test_who_is_overtaken_neither_renews_nor_stores_nor_ends_the_next_lease() -> None:
    first = led()
    assert acquire("kraken", "two") is None
    expire()
    second = led(holder="two")
    assert second.epoch == first.epoch + 1
    assert not renew(first)
    release(first)
    with pytest.raises(Overtaken), fenced(first):
        instrument(symbol="KLMO")
    assert renew(second)
    with fenced(second):
        instrument(symbol="KLMO")


def test_one_that_comes_back_under_the_same_name_is_another_leader() -> None:
    first = led(holder="one")
    expire()
    assert led(holder="one").epoch == 2
    with pytest.raises(Overtaken), fenced(first):
        pass


def test_a_release_lets_another_lead_at_once() -> None:
    release(led())
    assert led(holder="two").epoch == 2


def test_a_renewal_that_comes_after_the_release_has_no_effect() -> None:
    first = led()
    release(first)
    assert not renew(first)
    with pytest.raises(Overtaken), fenced(first):
        pass
    assert led(holder="two").epoch == 2


def test_a_lease_that_has_run_out_still_stores_until_another_leads() -> None:
    held = led()
    expire()
    with fenced(held):
        instrument(symbol="KLMO")
    assert renew(held)
    assert acquire("kraken", "two") is None


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let who waits for a leader's transaction wait for as long as a slow machine takes."""
    monkeypatch.setattr(lease, "STATEMENT_SECONDS", WAIT)


@pytest.mark.usefixtures("patient")
def test_nobody_begins_to_lead_in_the_middle_of_what_a_leader_stores() -> None:
    """The next leader sees all that the one before has stored, and nothing comes after it."""
    first = led()
    expire()
    asking = threading.Event()

    def take_over() -> tuple[Held | None, int]:
        asking.set()
        return acquire("kraken", "two"), Lease.objects.filter(name__startswith="mark-").count()

    with ThreadPoolExecutor(1) as pool:
        with fenced(first):
            Lease.objects.create(name="mark-1")
            taken = pool.submit(in_thread(take_over))
            assert asking.wait(WAIT)
            with pytest.raises(TimeoutError):
                taken.result(0.2)
            Lease.objects.create(name="mark-2")
        second, marks = taken.result(WAIT)
    assert second is not None and second.epoch == 2
    assert marks == 2


@contextmanager
def renewing(held: Held) -> Iterator[None]:
    """Let a leader be in the midst of renewing its lease, which has expired since."""
    with lease._limited():
        Lease.objects.filter(name=held.name).update(expires_at=F("acquired_at"))
        yield


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("doing", [fenced, renewing])
def test_one_that_is_frozen_while_it_stores_keeps_nobody_from_leading(
    doing: Callable[[Held], AbstractContextManager[None]], settings: Any
) -> None:
    if connection.vendor == "sqlite":  # whose files are locked by whoever writes, frozen or not
        return
    settings.MARKET = {"MARKET_TIME_SCALE": 2.0}  # no pause of this thread is taken for a freeze
    first = led()
    expire()
    is_in, thaws = threading.Event(), threading.Event()

    def freeze() -> None:
        with doing(first):
            Lease.objects.create(name="mark")
            is_in.set()
            assert thaws.wait(WAIT)

    with ThreadPoolExecutor(1) as pool:
        frozen = pool.submit(in_thread(freeze))
        assert is_in.wait(WAIT)
        try:
            second = acquire("kraken", "two")
        finally:
            thaws.set()
        assert second is not None and second.epoch == 2
        with pytest.raises(DatabaseError):
            frozen.result(WAIT)
    assert not Lease.objects.filter(name="mark").exists()


def test_a_leader_renews_while_it_stores() -> None:
    held = led()
    if connection.vendor == "sqlite":  # one writer at a time: it renews after that
        with fenced(held):
            pass
        assert renew(held)
        return
    with ThreadPoolExecutor(1) as pool, fenced(held):
        assert pool.submit(in_thread(lambda: renew(held))).result(WAIT)


def test_the_times_are_divided(settings: Any) -> None:
    settings.MARKET = {"MARKET_TIME_SCALE": 10.0}
    assert lease.terms() == (1.0, 0.3, 0.2)
