"""Trades and other items for tests of candles, and candles computed in the simplest way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from hoardrun.market.candles.builder import Builder, Hole
from hoardrun.market.candles.minutes import Kind
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values, repaired, revised
from hoardrun.market.engine.prices import Accepted, AcceptedBar

NOON = 1_772_539_200_000_000  # 2026-03-03 12:00 UTC
SECOND = 1_000_000
BTC = 1


def trade(
    at: int, price: int, number: int | None = None, *, size: int = 100, source: str = "kraken"
) -> Accepted:
    return Accepted(BTC, "BTC-USD", price, at, source, size=size, trade_id=number)


def quote(at: int, price: int, *, source: str = "simulator") -> Accepted:
    return Accepted(BTC, "BTC-USD", price, at, source)


def bar(begin: int, values: Values, **facts: bool) -> AcceptedBar:
    return AcceptedBar(BTC, "BTC-USD", begin, 1, *values, "kraken", **facts)


class Arrival(NamedTuple):
    """A trade, and when it comes."""

    at: int
    trade: Accepted


def kind_of(source: str) -> Kind:
    return {"simulator": Kind.QUOTES, "coinbase": Kind.TRADES}.get(source, Kind.BARS)


class Table:
    """Stores candles as the database does."""

    def __init__(self) -> None:
        self.rows: dict[int, Drawn] = {}

    def store(self, found: Iterable[Drawn]) -> list[Drawn]:
        """Store what was built; return what has changed."""
        changed = []
        for drawn in found:
            row = revised(self.rows.get(drawn.bucket), drawn)
            if row is not None:
                self.rows[drawn.bucket] = row
                changed.append(row)
        return changed

    def fill(self, holes: Iterable[Hole], history: Iterable[Drawn]) -> None:
        """Fill holes from a venue's history."""
        known = {drawn.bucket: drawn for drawn in history}
        for hole in holes:
            for bucket in range(hole.since, hole.until, MINUTE):
                if bucket in known:
                    row = repaired(self.rows.get(bucket), known[bucket], is_doubtful=True)
                    if row is not None:
                        self.rows[bucket] = row

    def truths(self) -> list[Drawn]:
        return [replace(row, revision=0) for _, row in sorted(self.rows.items())]


def naive(trades: Iterable[Accepted], source: str = "kraken") -> list[Drawn]:
    """Compute the closed candles of trades, each counted once, one minute after the other."""
    once = {trade.trade_id: trade for trade in trades}
    minutes: dict[int, list[Accepted]] = defaultdict(list)
    for each in once.values():
        minutes[each.at // MINUTE * MINUTE].append(each)
    found = []
    for bucket, inside in sorted(minutes.items()):
        inside.sort(key=lambda each: (each.at // 1000, each.trade_id))
        prices = [each.price for each in inside]
        values = Values(
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            sum(each.size or 0 for each in inside),
            len(inside),
        )
        found.append(Drawn(BTC, 1, bucket, values, source, is_closed=True))
    return found


def play(builder: Builder, arrivals: Sequence[Arrival], table: Table) -> None:
    """Give a builder trades as they come, and store what it builds after each."""
    for arrival in arrivals:
        builder.take(arrival.trade, arrival.at)
        builder.close_due(arrival.at)
        table.store(builder.drain())
