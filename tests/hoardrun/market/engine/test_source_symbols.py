"""Which source gives the price of a symbol: refused ones, disabled ones, and backups."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.utils import timezone

from hoardrun.market import feeds
from hoardrun.market.engine.prices import Feed, Gap
from hoardrun.market.engine.pricing import moment_of
from hoardrun.market.models import Quote, Source, SourceSymbol
from hoardrun.market.services import instruments_ensure, quotes_record
from tests.hoardrun.market.engine.scripted import SCALE, VENUE, feeds_of, leading, listed, moving
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Taken, running, until
from tests.hoardrun.market.feeds.scripted import playing
from tests.hoardrun.market.tools import quote_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("scripted_venue")]


@pytest.mark.feed(number=1)
async def test_a_refused_symbol_is_unsupported_and_the_others_live_on(caplog: Any):
    await listed("BTC-USD", "ETH-USD")
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


async def test_a_refused_symbol_that_staff_enable_is_asked_for_again():
    await listed("BTC-USD", "ETH-USD")
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
    await listed("BTC-USD", "ETH-USD")
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


async def test_a_symbol_that_staff_disable_is_stale_at_once_and_has_a_gap_when_it_is_back():
    await listed("BTC-USD", "ETH-USD")
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
    await listed("BTC-USD", "ETH-USD", "SOL-USD")
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


async def test_a_backup_prices_what_the_primary_has_no_live_price_of(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
):
    monkeypatch.setitem(feeds.VENUES, "second", VENUE)
    await listed("BTC-USD", "ETH-USD")
    await listed("BTC-USD", source="second", role="backup")
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
    await listed("BTC-USD", "ETH-USD")
    await listed("BTC-USD", source="second", role="backup")
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
