from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError, connection

from hoardrun.market import scaled, services
from hoardrun.market.errors import FeedNotFound, InstrumentNotFound
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.runner import _Desk, run_feed, simulate_in_process
from hoardrun.market.services import instruments_ensure
from hoardrun.market.simulator import quote_at
from realtime.publish import Ephemeral

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 10


class Published:
    """Keeps what a feed published, and sets `enough` when `until` says so."""

    def __init__(self, until: Callable[[list[LiveQuote]], bool]) -> None:
        self.quotes: list[LiveQuote] = []
        self.enough = asyncio.Event()
        self._until = until

    def __call__(self, quotes: Any) -> None:
        self.quotes += quotes
        if self._until(self.quotes):
            self.enough.set()

    async def run(self, **more: Any) -> None:
        """Publish a tick of the simulator every tenth of a second until it is enough."""
        stop = self.enough
        await _within(run_feed("simulator", publish=self, stop=stop, interval=0.1, **more))

    @property
    def symbols(self) -> set[str]:
        return {quote.listing.symbol for quote in self.quotes}


async def _within(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, PATIENCE_SECONDS)


def _steps(quote: LiveQuote) -> int:
    return scaled.scale(quote.price, quote.listing.decimals)


_ensure = database_sync_to_async(instruments_ensure)


async def test_it_publishes_until_told_to_stop_and_stores_the_newest():
    await _ensure()
    published = Published(lambda quotes: len(quotes) > 25)
    await published.run()
    assert len(published.symbols) == 20
    newest = {quote.listing.id: _steps(quote) for quote in published.quotes}
    stored = {row.pk: row.price async for row in Quote.objects.all()}
    assert stored == newest


async def test_it_streams_only_the_symbols_asked_for():
    await _ensure()
    published = Published(lambda quotes: len(quotes) > 3)
    await published.run(symbols=["btc-usd", "EUR-USD"])
    assert published.symbols == {"BTC-USD", "EUR-USD"}


async def test_it_refuses_what_it_does_not_know():
    await _ensure()
    with pytest.raises(FeedNotFound):
        await run_feed("bloomberg", publish=print)
    with pytest.raises(InstrumentNotFound, match="NOPE"):
        await run_feed("simulator", publish=print, symbols=["NOPE"])


async def test_it_hears_of_a_new_instrument_while_it_runs():
    await _ensure()
    published = Published(lambda quotes: any(q.listing.symbol == "KLMO" for q in quotes))
    running = asyncio.ensure_future(published.run(record_every=0.1))
    await Instrument.objects.acreate(symbol="KLMO", name="Kilimo", type="crypto", currency="KES")
    await running
    assert "KLMO" in published.symbols


@contextmanager
def _without_quotes_table() -> Iterator[None]:
    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("market_last_quote", "market_quote_away")
    try:
        yield
    finally:
        rename("market_quote_away", "market_last_quote")


def test_it_goes_on_while_the_database_fails(caplog: Any):
    instruments_ensure()

    async def stream() -> Published:
        published = Published(lambda quotes: caplog.text.count("not recorded") >= 2)
        await published.run(record_every=0.1)
        return published

    with _without_quotes_table():
        published = asyncio.run(stream())
    assert len(published.quotes) > 20
    assert "Traceback" not in caplog.text


async def test_quotes_that_failed_to_be_stored_are_stored_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
):
    await _ensure()
    record = services.quotes_record

    def fail(*, quotes: Any) -> None:
        raise DatabaseError("away")

    desk = _Desk(["BTC-USD", "EUR-USD"])
    await desk.load()
    first, second = desk.listings()
    old, new = (quote_at(first, tick) for tick in (1, 2))
    desk.note([old, quote_at(second, 1)])
    monkeypatch.setattr(services, "quotes_record", fail)
    await desk.sync()
    desk.note([new])  # newer than what failed
    monkeypatch.setattr(services, "quotes_record", record)
    await desk.sync()
    stored = {row.pk: row.price async for row in Quote.objects.all()}
    assert stored == {first.id: _steps(new), second.id: _steps(quote_at(second, 1))}


async def test_it_tells_the_caller_when_publishing_fails():
    await _ensure()

    def fail(quotes: Any) -> None:
        raise RuntimeError("no audience")

    with pytest.raises(RuntimeError, match="no audience"):
        await _within(run_feed("simulator", publish=fail))


async def test_it_simulates_in_the_process_until_cancelled():
    delivered: list[tuple[str, list[Ephemeral]]] = []
    enough = asyncio.Event()

    def deliver(topic: str, messages: Any) -> None:
        delivered.append((topic, messages))
        if len(delivered) == 2:
            enough.set()

    simulating = asyncio.ensure_future(simulate_in_process(deliver))
    await _within(enough.wait())
    simulating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await _within(simulating)
    assert {topic for topic, _ in delivered} == {"market"}
    first, second = (messages for _, messages in delivered)
    assert len(first) == 20  # of a database that was empty
    assert 0 < len(second) < 20
    assert all("market_data" in message.rooms for message in first)
    assert not [task for task in asyncio.all_tasks() if "run_feed" in repr(task)]
