"""Whole recordings through a venue's parser, the gate and the builder, held against their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from hoardrun.market.candles.builder import CLOSE, GRACE, Builder, Counts
from hoardrun.market.candles.consumer import kind_of
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.engine.holes import Holes
from hoardrun.market.engine.pricing import Line, Pricing
from hoardrun.market.feeds import venue_named
from hoardrun.market.feeds.events import Bar, Missed, Ticker, Trade
from hoardrun.market.quotes import Listing
from hoardrun.market.recording.format import Line as FileLine
from hoardrun.market.recording.format import load
from hoardrun.market.scaled import VOLUME_EXPONENT, scale
from tests.hoardrun.market.candles.prices import SECOND, Table
from tests.market import truth
from tests.market.synthetic import RECORDINGS

DECIMALS = 8
Arrival = tuple[int, FileLine]


class Played:
    """A recording that was played to its end, and what was built of it.

    `delays`: each so-manieth frame comes so many seconds later.
    """

    def __init__(self, name: str, delays: Mapping[int, int] | None = None) -> None:
        path = RECORDINGS / f"{name}.jsonl"
        self._recording = load(path)
        self._source = self._recording.header.source
        self._ids = {symbol: n for n, symbol in enumerate(self._recording.header.symbols, 1)}
        self._builder = Builder(kind_of)
        self._tables = {number: Table() for number in self._ids.values()}
        self._truths = self._of_text(path)
        self.revised = 0
        self._play(self._recording.header.began, _late(self._recording.lines, delays or {}))

    @property
    def counts(self) -> Counts:
        return self._builder.counts

    def wrong(self) -> set[tuple[int, int]]:
        """Return which candles differ from those of the text, by instrument and minute."""
        return {
            (number, drawn.bucket)
            for number, table in self._tables.items()
            for drawn in set(table.truths()) ^ set(self._truths[number])
        }

    def holes(self) -> set[tuple[int, int]]:
        """Return the minutes that were asked for."""
        return {
            (hole.instrument_id, bucket)
            for hole in self._builder.holes
            for bucket in range(hole.since, hole.until, MINUTE)
        }

    def fill(self) -> None:
        """Fill the holes as the venue's history does."""
        for number, table in self._tables.items():
            holes = [hole for hole in self._builder.holes if hole.instrument_id == number]
            table.fill(holes, self._truths[number])

    def _play(self, began: int, arrivals: Iterable[Arrival]) -> None:
        now = began
        pricing = Pricing(self._source, window="rolling_24h", epoch=1)
        lines = [
            Line(Listing(n, symbol, symbol, "crypto", "USD", DECIMALS, "open", symbol), symbol)
            for symbol, n in self._ids.items()
        ]
        pricing.list(lines, began)
        venue, holes, last = venue_named(self._source)(), Holes(), dict[str, int]()
        for at, line in arrivals:
            now = began + at
            if line.direction == "close":
                venue = venue_named(self._source)()
                for symbol, since in last.items():
                    holes.open(self._ids[symbol], since)
            for event in venue.read(line.text) if line.direction == "in" else ():
                match event:
                    case Missed():
                        holes.open(self._ids[event.symbol], last[event.symbol])
                    case Trade():
                        last[event.symbol] = max(event.at, last.get(event.symbol, 0))
                        items = pricing.take([], [event], [], now)
                    case Ticker():
                        items = pricing.take([event], [], [], now)
                    case Bar():
                        items = pricing.take([], [], [event], now)
                    case _:
                        continue
                for item in holes.closed_by(items):
                    self._builder.take(item, now)
            self._store(now)
        self._store(now + MINUTE + CLOSE + GRACE)

    def _store(self, now: int) -> None:
        self._builder.close_due(now)
        for drawn in self._builder.drain():
            for row in self._tables[drawn.instrument_id].store([drawn]):
                self.revised += bool(row.revision)

    def _of_text(self, path: Path) -> dict[int, list[Drawn]]:
        found: dict[int, list[Drawn]] = {number: [] for number in self._tables}
        for (symbol, bucket), bar in truth.candles(truth.deals(path)).items():
            first, high, low, last = (scale(each, DECIMALS) for each in bar[:4])
            volume = scale(bar.volume, VOLUME_EXPONENT)
            values = Values(first, high, low, last, volume, bar.trades)
            number = self._ids[symbol]
            found[number].append(Drawn(number, 1, bucket, values, self._source, is_closed=True))
        return found


def _late(lines: Sequence[FileLine], delays: Mapping[int, int]) -> list[Arrival]:
    found = []
    for number, line in enumerate(lines):
        seconds = sum(delay for each, delay in delays.items() if number % each == 0)
        found.append((line.t + seconds * SECOND, line))
    return sorted(found, key=lambda arrival: arrival[0])


@pytest.mark.feed(number=8)
def test_late_and_repeated_trades_and_a_break_of_coinbase_make_the_candles_of_its_text():
    """Trades up to 30 s late amend; later ones, and missed ones, are asked for."""
    played = Played("coinbase-cut", {7: 20, 11: 40})
    assert played.revised and played.counts.late and played.counts.repeated
    assert played.wrong() and played.wrong() <= played.holes()
    played.fill()
    assert played.wrong() == set()


@pytest.mark.parametrize("name", ["kraken-calm", "kraken-storm"])
def test_the_candles_of_kraken_are_those_of_its_trades(name: str):
    played = Played(name)
    assert played.wrong() <= played.holes()
    played.fill()
    assert played.wrong() == set()
