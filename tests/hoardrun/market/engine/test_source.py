"""A venue's leader, against a server that plays the venue as each test says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from hoardrun.market import feeds, lease
from hoardrun.market.engine import runtime as runtimes
from hoardrun.market.engine import threads
from hoardrun.market.engine.prices import Feed, FeedChange, Gap
from hoardrun.market.engine.pricing import moment_of
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.engine.times import now
from hoardrun.market.models import Instrument, Lease, Quote, Source, SourceSymbol, TradingSession
from hoardrun.market.services import instruments_ensure, quotes_record
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Kept, Taken, running, until
from tests.hoardrun.market.feeds.scripted import Server, playing
from tests.hoardrun.market.tools import quote_of

pytestmark = pytest.mark.django_db(transaction=True)

CONSUMER = "tests.hoardrun.market.engine.tools.Taken"
VENUE = "tests.hoardrun.market.feeds.scripted.ScriptedVenue"
SYMBOLS = {"BTC-USD": "B", "ETH-USD": "E", "SOL-USD": "S"}
SCALE = 4.0


@pytest.fixture(autouse=True)
def _fast(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MARKET = {"MARKET_TIME_SCALE": SCALE}
    # Ten real seconds all the same: no pause of this machine costs a lease.
    monkeypatch.setattr(lease, "TTL_SECONDS", lease.TTL_SECONDS * SCALE)
    settings.REDIS_URL = ""
    monkeypatch.setattr(runtimes, "CONSUMERS", (CONSUMER,))
    monkeypatch.setitem(feeds.VENUES, "scripted", VENUE)


@database_sync_to_async
def _listed(*symbols: str, source: str = "scripted", **more: Any) -> None:
    instruments_ensure()
    for symbol in symbols:
        SourceSymbol.objects.create(
            instrument=Instrument.objects.get(symbol=symbol),
            source=source,
            venue_symbol=SYMBOLS[symbol],
            **more,
        )


def say(server: Server, symbol: str, price: object, *, late_seconds: int = 0) -> int:
    """Send a price of a symbol; return its time."""
    at = now() - late_seconds * 1_000_000
    server.say({"tick": SYMBOLS[symbol], "price": str(price), "at": at})
    return at


@asynccontextmanager
async def moving(
    server: Server, *symbols: str, price: float = 100.0
) -> AsyncIterator[Sequence[float]]:
    """Send prices of symbols all the time, each a little higher; give the last one."""
    last = [price]

    async def move() -> None:
        while True:
            last[0] = round(last[0] + 0.01, 2)
            for symbol in symbols:
                if SYMBOLS[symbol] not in server.mute:
                    say(server, symbol, last[0])
            await asyncio.sleep(0.05)

    work = asyncio.ensure_future(move())
    try:
        yield last
    finally:
        work.cancel()


@asynccontextmanager
async def leading(server: Server) -> AsyncIterator[tuple[Kept, Runtime]]:
    async with running(["scripted"], urls={"scripted": server.url}) as found:
        yield found


async def test_its_prices_are_live_at_once_and_stored():
    await _listed("BTC-USD", "ETH-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD", "ETH-USD"):
            await until(lambda: kept.of("BTC-USD") and kept.of("ETH-USD"))
            await until(lambda: kept.quotes[-1].feed is Feed.LIVE)
        at = say(server, "BTC-USD", "105.5")
        await until(lambda: str(kept.of("BTC-USD")[-1].price) == "105.50")
        assert kept.of("BTC-USD")[-1].source == "scripted"
        assert Taken.last.prices("BTC-USD")[-1].price == 10550
        assert Taken.last.prices("BTC-USD")[-1].at == at
    row = await Quote.objects.aget(instrument__symbol="BTC-USD")
    assert (row.price, row.source, row.window) == (10550, "scripted", "rolling_24h")
    source = await Source.objects.aget()
    assert source.state == "live"
    assert source.lag_ms is not None and source.lag_ms < 5000


@pytest.mark.feed(number=1)
async def test_a_refused_symbol_is_unsupported_and_the_others_live_on(caplog: Any):
    await _listed("BTC-USD", "ETH-USD")
    async with (
        playing(refused={"B"}) as server,
        leading(server) as (kept, _),
        moving(server, "ETH-USD"),
    ):
        await until(lambda: kept.of("ETH-USD"))
        await until(lambda: Taken.last.prices("ETH-USD"))
        async with asyncio.timeout(20):
            while await SourceSymbol.objects.filter(is_enabled=True).acount() == 2:
                await asyncio.sleep(0.05)
        beaten = server.beaten
        await until(lambda: server.beaten >= beaten + 100)
        assert kept.of("ETH-USD")[-1].feed is Feed.LIVE
        assert len(server.connects) == 1
    row = await SourceSymbol.objects.aget(venue_symbol="B")
    assert (row.is_enabled, row.reason) == (False, "refused: unknown pair")
    assert kept.of("BTC-USD") == []
    assert set(feeds_of("BTC-USD")) == {Feed.STALE}
    assert caplog.text.count("refuses B") == 1


@pytest.mark.feed(number=2)
async def test_a_symbol_that_falls_silent_is_stale_within_its_limit_and_asked_for_anew():
    await _listed("BTC-USD", "ETH-USD")
    async with (
        playing() as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", "ETH-USD"),
    ):
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        asked = len(server.asked)
        server.mute.add("B")
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.STALE)
        stale = kept.of("BTC-USD")[-1]
        assert stale.price == kept.of("BTC-USD")[-2].price
        await until(lambda: ["B"] in server.asked[asked:])
        assert kept.of("ETH-USD")[-1].feed is Feed.LIVE
        server.mute.clear()
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)
    assert len(server.connects) == 1


@pytest.mark.feed(number=3)
async def test_at_night_nothing_is_expected_of_a_stock_feed():
    await _listed("BTC-USD")
    await _closed("BTC-USD")
    async with playing(beats=False) as server, leading(server) as (kept, _):
        await until(lambda: server.asked)
        say(server, "BTC-USD", 100)  # its last price, which the venue sends to who subscribes
        await until(lambda: kept.of("BTC-USD"))
        await asyncio.sleep(30 / SCALE)
        assert {quote.feed for quote in kept.of("BTC-USD")} == {Feed.CLOSED}
        assert kept.of("BTC-USD")[-1].listing.status == "closed"
        assert len(server.connects) == len(server.asked) == 1
        assert (await Source.objects.aget()).state == "closed"


@database_sync_to_async
def _closed(symbol: str) -> None:
    """Let an instrument trade on a weekday which is neither today nor near."""
    Instrument.objects.filter(symbol=symbol).update(venue_code="NIGHT")
    day = (timezone.now() + timedelta(days=3)).weekday()
    TradingSession.objects.create(
        venue="NIGHT",
        weekday=day,
        opens="09:00",
        closes="15:00",
        timezone="Africa/Nairobi",
        valid_from=timezone.now().date() - timedelta(days=30),
    )


async def test_a_price_that_is_not_believed_is_published_to_nobody():
    await _listed("BTC-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD") as last:
            await until(lambda: len(kept.of("BTC-USD")) > 5)
            for number, odd in enumerate(("0", "-1", last[0] * 100)):
                say(server, "BTC-USD", odd)
                # Of tickers only the newest is judged, of trades each one.
                server.say({"trade": "B", "id": number, "price": str(odd), "at": now()})
                await kept.more(3)
            server.say({"tick": "B"})
            await kept.more(3)
        assert {quote.price < 200 for quote in kept.quotes} == {True}
        assert {item.price < 20_000 for item in Taken.last.prices("BTC-USD")} == {True}
    source = await Source.objects.aget()
    assert source.quarantined >= 3
    assert source.odd >= 1


async def test_zeros_with_fresh_times_prove_no_price():
    await _listed("BTC-USD", "ETH-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD", "ETH-USD"):
            await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        async with moving(server, "ETH-USD"), asyncio.timeout(20):
            while kept.of("BTC-USD")[-1].feed is not Feed.STALE:
                say(server, "BTC-USD", 0)
                await asyncio.sleep(0.05)
        assert kept.of("BTC-USD")[-1].price > 99
        async with moving(server, "BTC-USD"):
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_a_venue_that_lags_has_no_live_price(settings: Any):
    settings.MARKET = {"MARKET_TIME_SCALE": 1.0}  # else the venue's time goes at its own pace
    await _listed("BTC-USD", "ETH-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "ETH-USD"):
            await until(lambda: server.asked and kept.of("ETH-USD"))
            async with asyncio.timeout(20):
                while not kept.of("BTC-USD") or kept.of("BTC-USD")[-1].feed is not Feed.STALE:
                    say(server, "BTC-USD", 100, late_seconds=600)
                    await asyncio.sleep(0.05)
            assert kept.of("ETH-USD")[-1].feed is Feed.LIVE
        async with moving(server, "BTC-USD"):
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_a_refused_symbol_that_staff_enable_is_asked_for_again():
    await _listed("BTC-USD", "ETH-USD")
    enabled = SourceSymbol.objects.filter(venue_symbol="B", is_enabled=True)
    async with (
        playing(refused={"B"}) as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", "ETH-USD"),
    ):
        async with asyncio.timeout(20):
            while await enabled.aexists():
                await asyncio.sleep(0.05)
        kept.quotes.clear()
        server.refused.clear()
        await SourceSymbol.objects.filter(venue_symbol="B").aupdate(is_enabled=True, reason="")
        await until(lambda: any("B" in asked for asked in server.asked[1:]))
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_a_refusal_that_could_not_be_stored_is_stored_later(caplog: Any):
    await _listed("BTC-USD", "ETH-USD")
    async with (
        playing(refused={"B"}) as server,
        leading(server),
        moving(server, "ETH-USD"),
    ):
        await until(lambda: server.asked)
        await _rename("market_sourcesymbol", "market_sourcesymbol_away")
        try:
            await until(lambda: "symbols of scripted not read" in caplog.text)
        finally:
            await _rename("market_sourcesymbol_away", "market_sourcesymbol")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await SourceSymbol.objects.filter(is_enabled=True).acount() == 2:
                await asyncio.sleep(0.05)
        assert sum("B" in asked for asked in server.asked) == 1


@database_sync_to_async
def _rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


async def test_after_a_lost_connection_comes_a_gap_before_the_next_price():
    await _listed("BTC-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD"):
            await until(lambda: len(kept.of("BTC-USD")) > 5)
            await server.drop()
            await until(lambda: any(isinstance(item, Gap) for item in Taken.last.items))
        items = [i for i in Taken.last.items if not isinstance(i, FeedChange)]
        place = next(n for n, item in enumerate(items) if isinstance(item, Gap))
        gap: Any = items[place]
        assert gap.until == items[place + 1].at  # type: ignore[union-attr]
        assert gap.since <= gap.until


async def test_a_time_in_the_future_hides_no_gap(settings: Any):
    settings.MARKET = {"MARKET_TIME_SCALE": 1.0}  # else the venue's time is that of its prices
    await _listed("BTC-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD"):
            await until(lambda: len(kept.of("BTC-USD")) > 5)
            server.say({"tick": "B", "price": "100", "at": now() + 3_600_000_000})
            await kept.more(3)
            await server.drop()
            await until(lambda: any(isinstance(item, Gap) for item in Taken.last.items))
        [gap] = [item for item in Taken.last.items if isinstance(item, Gap)]
        assert gap.since < gap.until


@pytest.mark.feed(number=14)
async def test_a_halt_is_said_and_is_no_staleness():
    await _listed("BTC-USD", "ETH-USD")
    async with (
        playing() as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", "ETH-USD"),
    ):
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        server.mute.add("B")
        server.say({"halt": "B", "is": True})
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.HALTED)
        assert kept.of("BTC-USD")[-1].listing.status == "halted"
        await kept.more(100)  # of the other: longer than the limit of this one
        assert kept.of("BTC-USD")[-1].feed is Feed.HALTED
        server.say({"halt": "B", "is": False})
        server.mute.clear()
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_the_next_leader_knows_of_a_halt():
    await _listed("BTC-USD", "ETH-USD")
    async with playing() as server, moving(server, "BTC-USD", "ETH-USD"):
        async with leading(server) as (kept, _):
            await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
            server.mute.add("B")
            server.say({"halt": "B", "is": True})
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await Quote.objects.filter(feed=Feed.HALTED).acount():
                    await asyncio.sleep(0.05)
        async with leading(server) as (kept, _):
            await until(lambda: kept.of("ETH-USD"))
            await kept.more(20)
            assert {quote.feed for quote in kept.of("BTC-USD")} == {Feed.HALTED}
            server.mute.clear()
            server.say({"halt": "B", "is": False})
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


@pytest.mark.feed(number=13)
async def test_a_database_that_stalls_delays_no_price(settings: Any):
    settings.MARKET = {"MARKET_TIME_SCALE": 1.0}
    await _listed("BTC-USD")
    holds, release = threading.Event(), threading.Event()

    def stall() -> None:
        with transaction.atomic():
            Quote.objects.update(epoch=0)
            holds.set()
            release.wait(6 * PATIENCE_SECONDS)

    async with playing() as server, leading(server) as (kept, _), moving(server, "BTC-USD"):
        await until(lambda: kept.of("BTC-USD"))
        async with asyncio.timeout(20):
            while not await Quote.objects.acount():
                await asyncio.sleep(0.1)
        stalling = asyncio.ensure_future(threads.run(stall))
        try:
            await until(holds.is_set)
            # 20 seconds; SQLite locks the lease as well, which must be renewed in its time.
            for _ in range(4 if connection.vendor == "postgresql" else 1):
                await kept.more(100)
            assert kept.quotes[-1].feed is Feed.LIVE
        finally:
            release.set()
            await stalling
        newest = kept.quotes[-1].price
        async with asyncio.timeout(20):
            while (await Quote.objects.aget()).price < newest * 100:
                await asyncio.sleep(0.1)
        assert len(server.connects) == 1


async def test_prices_are_stale_while_the_database_lets_nobody_lead(
    monkeypatch: pytest.MonkeyPatch,
):
    """The leader cannot store its last prices, and nobody waits for that."""
    monkeypatch.setattr(lease, "TTL_SECONDS", 10.0)
    await _listed("BTC-USD")
    holds, release = threading.Event(), threading.Event()

    def stall() -> None:
        with transaction.atomic():
            Lease.objects.update(holder=F("holder"))
            list(Quote.objects.select_for_update())
            holds.set()
            release.wait(3 * PATIENCE_SECONDS)

    async with playing() as server, leading(server) as (kept, _), moving(server, "BTC-USD"):
        await until(lambda: kept.quotes and kept.quotes[-1].feed is Feed.LIVE)
        stalling = asyncio.ensure_future(threads.run(stall))
        try:
            await until(holds.is_set)
            await until(lambda: kept.quotes[-1].feed is Feed.STALE)
            await until(lambda: not server.open)
        finally:
            release.set()
            await stalling
        await until(lambda: kept.quotes[-1].feed is Feed.LIVE)


def feeds_of(symbol: str) -> list[Feed]:
    """Return what the engine was told of a symbol's feed."""
    items = Taken.last.items
    return [item.feed for item in items if isinstance(item, FeedChange) and item.symbol == symbol]


async def test_staff_stop_a_source_and_start_it_again():
    """Meanwhile nobody takes its last prices for live ones."""
    await _listed("BTC-USD")
    row = Quote.objects.filter(instrument__symbol="BTC-USD")
    async with playing() as server, leading(server) as (kept, _), moving(server, "BTC-USD"):
        await until(lambda: kept.quotes and kept.quotes[-1].feed is Feed.LIVE)
        await _stopped(True)
        await until(lambda: kept.quotes[-1].feed is Feed.STALE)
        await until(lambda: not server.open)
        assert feeds_of("BTC-USD")[-1] is Feed.STALE
        async with asyncio.timeout(20):
            while not await row.filter(feed="stale").aexists():
                await asyncio.sleep(0.05)
        await _stopped(False)
        await until(lambda: server.open)
        await until(lambda: kept.quotes[-1].feed is Feed.LIVE)


async def test_a_symbol_that_staff_disable_is_stale_at_once_and_has_a_gap_when_it_is_back():
    await _listed("BTC-USD", "ETH-USD")
    symbol = SourceSymbol.objects.filter(venue_symbol="B")
    row = Quote.objects.filter(instrument__symbol="BTC-USD")
    async with (
        playing() as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", "ETH-USD"),
    ):
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        await symbol.aupdate(is_enabled=False)
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.STALE)
        assert feeds_of("BTC-USD")[-1] is Feed.STALE
        async with asyncio.timeout(20):
            while not await row.filter(feed="stale").aexists():
                await asyncio.sleep(0.05)
        assert kept.of("ETH-USD")[-1].feed is Feed.LIVE
        last = kept.of("BTC-USD")[-1]
        await symbol.aupdate(is_enabled=True)
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        await until(lambda: any(isinstance(item, Gap) for item in Taken.last.items))
        [gap] = [item for item in Taken.last.items if isinstance(item, Gap)]
        assert gap.symbol == "BTC-USD"
        assert moment_of(gap.since) <= last.as_of
        assert len(server.connects) == 1


@database_sync_to_async
def _quoted(symbol: str, **more: Any) -> None:
    """Store a price of an hour ago."""
    instruments_ensure()
    fields = {"as_of": timezone.now() - timedelta(hours=1), **more}
    quotes_record(quotes=[replace(quote_of(symbol), **fields)])


async def test_before_its_first_price_a_stored_one_keeps_the_name_of_its_source():
    await _quoted("BTC-USD", source="simulator")
    await _quoted("ETH-USD", source="ecb", feed=Feed.DELAYED)
    await _listed("BTC-USD", "ETH-USD", "SOL-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "SOL-USD"):
            await until(lambda: kept.of("BTC-USD"))
            first = kept.of("BTC-USD")[0]
            assert (first.source, first.feed) == ("simulator", Feed.STALE)
            await until(lambda: Feed.STALE in feeds_of("ETH-USD"))
            assert kept.of("ETH-USD") == []  # what its source gives once a day stands
        async with moving(server, "BTC-USD", "ETH-USD", price=float(first.price)):
            await until(lambda: kept.of("BTC-USD")[-1].source == "scripted")


async def _saved(source: str) -> None:
    """Wait until a source has stored how it fares: it has read the symbols just before."""
    row = Source.objects.filter(name=source).values_list("updated_at", flat=True)
    before = await row.afirst()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await row.afirst() == before:
            await asyncio.sleep(0.05)


@database_sync_to_async
def _stopped(is_stopped: bool) -> None:
    Source.objects.update_or_create(name="scripted", defaults={"is_stopped": is_stopped})


async def test_a_backup_prices_what_the_primary_has_no_live_price_of(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
):
    monkeypatch.setitem(feeds.VENUES, "second", VENUE)
    await _listed("BTC-USD", "ETH-USD")
    await _listed("BTC-USD", source="second", role="backup")
    async with (
        playing() as first,
        playing() as second,
        running(["scripted", "second"], urls={"scripted": first.url, "second": second.url}) as (
            kept,
            _,
        ),
        moving(first, "BTC-USD", "ETH-USD"),
        moving(second, "BTC-USD"),
    ):

        def last() -> tuple[str, str]:
            return kept.of("BTC-USD")[-1].source, kept.of("BTC-USD")[-1].feed

        await until(lambda: kept.of("BTC-USD") and last() == ("scripted", "live"))
        async with asyncio.timeout(20):
            while not await Quote.objects.filter(source="scripted").acount():
                await asyncio.sleep(0.05)
        for _ in range(2):  # the backup has looked since
            await _saved("second")
        kept.quotes.clear()
        await asyncio.sleep(10 / SCALE)
        assert {quote.source for quote in kept.of("BTC-USD")} == {"scripted"}
        caplog.clear()
        first.mute.add("B")
        await until(lambda: last() == ("second", "live"))
        assert "BTC-USD is priced by second now" in caplog.text
        first.mute.clear()
        await until(lambda: "second leaves BTC-USD to another" in caplog.text)
        kept.quotes.clear()
        await kept.more(10)
        assert {quote.source for quote in kept.of("BTC-USD")} == {"scripted"}


async def test_a_symbol_that_one_source_refuses_is_live_by_another(
    monkeypatch: pytest.MonkeyPatch,
):
    """And the one that has refused it says no more of it, such as that it is stale."""
    monkeypatch.setitem(feeds.VENUES, "second", VENUE)
    await _listed("BTC-USD", "ETH-USD")
    await _listed("BTC-USD", source="second", role="backup")
    async with playing(refused={"B"}) as first, playing() as second:
        urls = {"scripted": first.url, "second": second.url}
        async with (
            running(["scripted", "second"], urls=urls) as (kept, _),
            moving(first, "ETH-USD"),
            moving(second, "BTC-USD"),
        ):
            await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
            async with asyncio.timeout(20):
                while await SourceSymbol.objects.filter(is_enabled=True).acount() == 3:
                    await asyncio.sleep(0.05)
            await _saved("scripted")  # after it has said its last of it
            await until(lambda: feeds_of("BTC-USD")[-1] is Feed.LIVE)
            Taken.last.items.clear()
            await until(lambda: len(feeds_of("BTC-USD")) >= 3)  # each says all anew now and then
            assert set(feeds_of("BTC-USD")) == {Feed.LIVE}
