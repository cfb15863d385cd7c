from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any

import pytest
from channels.db import database_sync_to_async

from hoardrun.market.candles import consumer as consumers
from hoardrun.market.candles.consumer import Candles, kind_of
from hoardrun.market.candles.messages import CandleUpdate
from hoardrun.market.candles.minutes import Kind
from hoardrun.market.candles.services import candles_repair, candles_store
from hoardrun.market.candles.spans import MINUTE, moment
from hoardrun.market.candles.values import Drawn
from hoardrun.market.engine.prices import Accepted, AcceptedBar, Gap
from hoardrun.market.lease import Held, Overtaken, acquire, release
from hoardrun.market.models import Candle, CandleHole, Instrument, SourceSymbol
from realtime.publish import Ephemeral
from tests.hoardrun.market.candles.prices import NOON, SECOND, naive, trade
from tests.hoardrun.market.candles.rows import drawn, stored
from tests.hoardrun.market.feeds.api import serving
from tests.hoardrun.market.tools import instrument

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 20
PRICE = 6_000_000  # of BTC, in cents


class Venue:
    """Kraken's HTTP API, which has the candles of these trades."""

    def __init__(self) -> None:
        self.trades: list[Accepted] = []

    def __call__(self, path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        rows = [
            [
                each.bucket // SECOND,
                *(f"{price / 100:.2f}" for price in each.values[:4]),
                "1",
                f"{(each.values.volume or 0) / 10**8:.8f}",
                each.values.trades,
            ]
            for each in naive(self.trades)
            if each.bucket // SECOND > int(params["since"])
        ]
        rows = rows if params["interval"] == "1" else []
        return 200, {}, {"error": [], "result": {"XXBTZUSD": rows[-720:], "last": 1}}


class Rooms:
    """What was published."""

    def __init__(self) -> None:
        self.updates: list[CandleUpdate] = []

    def __call__(self, topic: str, messages: Sequence[Ephemeral]) -> None:
        for message in messages:
            assert isinstance(message.payload, CandleUpdate)
            assert topic == f"candles_{message.payload.interval}"
            self.updates.append(message.payload)

    def of(self, interval: str, **facts: object) -> list[CandleUpdate]:
        return [
            each
            for each in self.updates
            if each.interval == interval
            and all(getattr(each, name) == fact for name, fact in facts.items())
        ]


@pytest.fixture
def venue(settings: Any) -> Iterator[Venue]:
    found = Venue()
    with serving(found) as api:
        settings.SIMULATE_MARKET = False
        settings.MARKET = {"MARKET_SOURCES": ("kraken",), "MARKET_KRAKEN_API_URL": api.address}
        yield found


@pytest.fixture
def btc(venue: Venue) -> Instrument:
    made = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    SourceSymbol.objects.create(
        instrument=made, source="kraken", venue_symbol="BTC/USD", rest_symbol="XBTUSD"
    )
    return made


def led(holder: str = "test") -> Held:
    found = acquire("engine", holder)
    assert found is not None
    return found


def of(made: Instrument, second: float, price: int, number: int | None = None) -> Accepted:
    at = NOON + int(second * SECOND)
    return replace(trade(at, PRICE + price, number), instrument_id=made.pk)


@asynccontextmanager
async def leading(rooms: Rooms, held: Held) -> AsyncIterator[Candles]:
    candles = Candles(rooms)
    try:
        await candles.begin(held)
        yield candles
    finally:
        await candles.end()


async def turned(candles: Candles, holds: Callable[[], Any]) -> None:
    """Have turns until something holds that the database is asked."""
    ask = database_sync_to_async(holds)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await ask():
            await candles.turn()
            await asyncio.sleep(0.02)


def closed(minutes: int = 1) -> dict[int, Drawn]:
    """Return the closed candles by the number of their minute after noon."""
    found = [each for each in stored(minutes) if each.is_closed]
    return {(each.bucket - NOON) // MINUTE: each for each in found}


run = database_sync_to_async


async def test_a_minute_is_sent_while_it_runs_and_stored_once_it_has_closed(btc: Instrument):
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        candles.take([of(btc, 1, 0, 1), of(btc, 2, 7, 2)])
        await turned(candles, lambda: rooms.of("1m", closed=False))
        assert rooms.of("1m")[-1].close == "60000.07"
        assert {each.interval for each in rooms.updates} >= {"1m", "5m", "1h", "1d", "1w", "1M"}
        candles.take([of(btc, 63, 3, 3)])
        await turned(candles, lambda: rooms.of("1m", closed=True))
        [update] = rooms.of("1m", closed=True)
        assert (update.open, update.high, update.trades) == ("60000.00", "60000.07", 2)
        assert await run(closed)() == {0: (await run(stored)())[0]}


async def test_the_running_candle_is_stored_now_and_then(
    btc: Instrument, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(consumers, "SAVE_SECONDS", 0.05)
    async with leading(Rooms(), await run(led)()) as candles:
        candles.take([of(btc, 1, 0, 1)])
        await turned(candles, lambda: len(stored()) == 1)
        candles.take([of(btc, 2, 5, 2)])
        await turned(candles, lambda: stored()[0].values.trades == 2)
        assert not (await run(stored)())[0].is_closed


async def test_a_minute_that_closes_leaves_the_one_that_runs_alone(btc: Instrument):
    running = drawn(btc, 1, is_closed=False)
    async with leading(Rooms(), await run(led)()) as candles:
        candles._sort([running])
        candles._sort([drawn(btc, 0)])
        await turned(candles, lambda: stored() == [drawn(btc, 0), running])
        candles._sort([replace(running, is_closed=True)])
        assert candles._running == {}


async def test_a_trade_that_is_late_amends_and_is_sent_as_revised(btc: Instrument):
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        candles.take([of(btc, 1, 0, 1), of(btc, 63, 3, 3)])
        await turned(candles, closed)
        candles.take([of(btc, 59, 9, 2)])
        await turned(candles, lambda: rooms.of("1m", revised=True))
        [update] = rooms.of("1m", revised=True)
        assert (update.revision, update.close, update.closed) == (1, "60000.09", True)


@pytest.mark.feed(number=14)
async def test_a_candle_that_the_venue_amends_is_sent_as_revised_however_late(btc: Instrument):
    bar = AcceptedBar(btc.pk, "BTC-USD", NOON, 1, PRICE, PRICE, PRICE, PRICE, 100, 1, "kraken")
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        for second, high in ((90, 5), (400, 9)):
            candles.take([bar, of(btc, second, 0, second)])
            await turned(candles, lambda: 0 in closed())
            candles.take([replace(bar, high=PRICE + high, is_amended=True)])
            await turned(candles, partial(rooms.of, "1m", high=f"60000.0{high}"))
        assert [(each.revision, each.high) for each in rooms.of("1m", revised=True)] == [
            (1, "60000.05"),
            (2, "60000.09"),
        ]


async def test_minutes_add_up_to_five_when_these_have_passed(btc: Instrument):
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        for minute in range(6):
            candles.take([of(btc, 60 * minute + 1, minute, minute)])
        candles.take([of(btc, 364, 0, 9)])
        await turned(candles, lambda: closed(5))
        [five] = (await run(closed)(5)).values()
        assert (five.values.open, five.values.close) == (PRICE, PRICE + 4)
        await turned(candles, lambda: rooms.of("5m", closed=True))


@pytest.mark.feed(number=4)
async def test_the_history_of_the_venue_fills_a_gap(btc: Instrument, venue: Venue):
    """Three minutes are missed, the first and the last of them in part."""
    trades = [of(btc, second, second % 17, second) for second in range(0, 500, 5)]
    rooms = Rooms()
    venue.trades = trades
    async with leading(rooms, await run(led)()) as candles:
        candles.take([each for each in trades if each.at < NOON + 90 * SECOND])
        await turned(candles, closed)
        candles.take(
            [
                Gap(btc.pk, "BTC-USD", "kraken", NOON + 85 * SECOND, NOON + 275 * SECOND),
                *(each for each in trades if each.at >= NOON + 275 * SECOND),
            ]
        )
        truth = [each for each in naive(trades) if each.bucket < NOON + 8 * MINUTE]
        truth = [replace(each, instrument_id=btc.pk) for each in truth]

        def same() -> bool:
            return [replace(each, revision=0) for each in closed().values()] == truth

        await turned(candles, same)
        assert any(each.revised or each.time for each in rooms.of("1m", closed=True))


async def test_a_source_that_names_its_symbols_later_brings_their_past(venue: Venue):
    """As on a new installation, where the leader of the source has yet to read the venue's list."""
    made = await run(instrument)(symbol="BTC-USD", type="crypto", currency="USD")
    venue.trades = [of(made, second, 0, second) for second in range(-1200, 60, 30)]
    async with leading(Rooms(), await run(led)()) as candles:
        await run(SourceSymbol.objects.create)(
            instrument=made, source="kraken", venue_symbol="BTC/USD", rest_symbol="XBTUSD"
        )
        candles.take([of(made, 31, 0, 30), of(made, 66, 0, 66)])
        await turned(candles, lambda: sorted(closed()) == list(range(-20, 1)))
        # The first minute was not seen from its beginning.
        await turned(candles, lambda: closed()[0].values.trades == 2)


async def test_a_late_trade_does_not_replace_what_the_history_has_filled(
    btc: Instrument, venue: Venue
):
    venue.trades = [of(btc, second, second, second) for second in (1, 30, 59, 67)]
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        candles.take([each for each in venue.trades if each.trade_id in (1, 67)])
        # Wait for the room: the row is stored before the builder knows that it is filled.
        await turned(candles, lambda: rooms.of("1m", closed=True, trades=3))
        candles.take([each for each in venue.trades if each.trade_id == 59])
        assert candles._builder.counts.late == 1
        await candles.turn()

        def is_asked() -> bool:
            return candles._filler.is_whole(1, btc.pk, NOON, NOON + MINUTE)

        await turned(candles, is_asked)
        assert (await run(closed)())[0].values.trades == 3


async def test_history_that_comes_while_its_minute_is_stored_is_asked_for_again(
    btc: Instrument, venue: Venue, monkeypatch: pytest.MonkeyPatch
):
    venue.trades = [of(btc, second, second, second) for second in (1, 63, 65, 130)]
    truth = replace(naive(venue.trades)[1], instrument_id=btc.pk)
    stored_late: list[Drawn] = []
    async with leading(Rooms(), await run(led)()) as candles:
        loop = asyncio.get_running_loop()

        def late(*, held: Held, drawn: Sequence[Drawn]) -> list[Drawn]:
            """Store the second minute over what the history has filled just before."""
            if any(each.is_closed and each.bucket == truth.bucket for each in drawn):
                filled = Event()
                changed = candles_repair(held=held, drawn=[truth], is_doubtful=True)
                loop.call_soon_threadsafe(candles._changed, changed)
                loop.call_soon_threadsafe(filled.set)
                assert filled.wait(PATIENCE_SECONDS)
                stored_late.append(truth)
            return candles_store(held=held, drawn=drawn)

        monkeypatch.setattr(consumers, "candles_store", late)
        candles.take([each for each in venue.trades if each.trade_id != 65])
        await turned(candles, lambda: stored_late)
        monkeypatch.undo()
        await turned(candles, lambda: closed()[1].values == truth.values)


@pytest.mark.feed(number=10)
async def test_a_leader_that_was_overtaken_writes_nothing_and_the_next_one_fills_in(
    btc: Instrument, venue: Venue
):
    # The last minute has just begun: it does not close while this test takes its time.
    trades = [of(btc, second, second % 17, second) for second in range(0, 365, 5)]
    venue.trades = trades
    first = await run(led)("one")
    async with leading(Rooms(), first) as sleeper:
        sleeper.take([each for each in trades if each.at < NOON + 130 * SECOND])
        await turned(sleeper, lambda: len(closed()) == 2)
        await run(release)(first)
        second = await run(led)("two")
        async with leading(Rooms(), second) as leader:
            leader.take([each for each in trades if each.at >= NOON + 200 * SECOND])
            sleeper.take([of(btc, 183, 0, 999_999)])  # it wakes, and would close a third minute
            with pytest.raises(Overtaken):
                await turned(sleeper, lambda: False)
            # The first minutes of the second leader come from the history.
            await run(lambda: CandleHole.objects.filter(minutes=1).update(since=moment(NOON)))()
            hole = Gap(btc.pk, "BTC-USD", "kraken", NOON, NOON + 200 * SECOND)
            leader.take([hole])
            truth = [replace(each, instrument_id=btc.pk) for each in naive(trades)][:6]

            def same() -> bool:
                return [replace(each, revision=0) for each in closed().values()] == truth

            await turned(leader, same)
            epochs = await run(
                lambda: set(Candle.objects.filter(is_closed=True).values_list("epoch", flat=True))
            )()
            assert epochs <= {first.epoch, second.epoch}


async def test_a_database_that_is_away_loses_no_candle(
    btc: Instrument, monkeypatch: pytest.MonkeyPatch
):
    from django.db import OperationalError

    async with leading(Rooms(), await run(led)()) as candles:
        candles.take([of(btc, 1, 0, 1), of(btc, 63, 3, 3)])

        def broken(**_: object) -> list[Drawn]:
            raise OperationalError("the database is away")

        with monkeypatch.context() as patch:
            patch.setattr(consumers, "candles_store", broken)
            with pytest.raises(OperationalError):
                await candles.turn()
        await turned(candles, closed)


async def test_a_simulated_market_has_a_past_at_once(
    db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.SIMULATE_MARKET, settings.MARKET = True, {}
    monkeypatch.setattr("hoardrun.market.candles.histories.SimulatedPast.bars", 30)
    made = await run(instrument)(symbol="SCOM", venue_code="XNAI")
    async with leading(Rooms(), await run(led)()) as candles:
        await turned(candles, lambda: len(stored(1)) and len(stored(60)) and len(stored(1440)))
        [first, *_] = await run(stored)(60)
        assert (first.instrument_id, first.source, first.is_indicative) == (
            made.pk,
            "simulator",
            True,
        )


async def test_prices_of_unknown_instruments_and_impossible_ones_hinder_nothing(btc: Instrument):
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        unknown = replace(of(btc, 1, 0, 1), instrument_id=99_999)
        zero = replace(of(btc, 1, 0, 2), price=0)
        candles.take([unknown, zero, of(btc, 1, 0, 3), of(btc, 63, 0, 4)])
        candles.take([replace(unknown, at=NOON + 63 * SECOND)])
        await turned(candles, closed)
        [only] = (await run(closed)()).values()
        assert only.values.trades == 1


async def test_it_goes_on_with_a_minute_that_another_leader_began(btc: Instrument, venue: Venue):
    now = int(datetime.now(UTC).timestamp()) * SECOND
    bucket = now - now % MINUTE
    begun = replace(drawn(btc, 0), bucket=bucket, is_closed=False)
    held = await run(led)()
    await run(candles_store)(held=held, drawn=[begun])
    rooms = Rooms()
    async with leading(rooms, held) as candles:
        candles.take([replace(of(btc, 0, 0, 1), at=bucket + 30 * SECOND)])
        await turned(candles, lambda: rooms.of("1m", closed=False))
        assert rooms.of("1m")[0].trades == 3


async def test_other_decimals_begin_the_minute_anew(
    btc: Instrument, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(consumers, "READ_SECONDS", 0.05)
    rooms = Rooms()
    async with leading(rooms, await run(led)()) as candles:
        candles.take([of(btc, 1, 0, 1)])
        await turned(candles, lambda: rooms.of("1m"))
        btc.decimals = 4
        await run(btc.save)()
        await turned(candles, lambda: candles._builder.first_open(btc.pk) is None)
        candles.take([replace(of(btc, 2, 0, 2), price=600_000_500)])
        await turned(candles, lambda: rooms.of("1m", open="60000.0500"))
        assert rooms.of("1m")[-1].low == "60000.0500"


async def test_many_instruments_are_sent_in_few_messages(db: Any, settings: Any):
    settings.SIMULATE_MARKET, settings.MARKET = False, {}
    made = [await run(instrument)(symbol=f"S{number}") for number in range(30)]
    calls = list[str]()
    async with leading(Rooms(), await run(led)()) as candles:
        candles._updates._publish = lambda topic, messages: calls.append(topic)
        candles.take([of(each, 1, 0, 1) for each in made])
        await turned(candles, lambda: calls)
    assert sorted(calls) == sorted(set(calls))
    assert len(calls) == 9


def test_it_knows_what_sources_send():
    assert kind_of("simulator") is Kind.QUOTES
    assert kind_of("coinbase") is Kind.TRADES
    assert kind_of("kraken") is Kind.BARS
