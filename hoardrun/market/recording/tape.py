"""What a recording holds, sorted for a venue that plays it: frames by time, trades by symbol. Pure.

Times are those of the recording. What is asked for at a position knows nothing that came later.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hoardrun.market.recording.clock import MINUTE
from hoardrun.market.recording.format import Header, Recording


@dataclass(frozen=True, slots=True)
class Deal:
    """One trade. Numbers are as they are written. `known` is the position at which it came."""

    symbol: str
    at: int
    trade_id: int
    price: str
    size: str
    side: str
    known: int = 0


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a frame of market data is about."""

    channel: str
    symbols: tuple[str, ...]
    deals: tuple[Deal, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """A frame of market data, and the position at which it came."""

    t: int
    channel: str
    symbols: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Break:
    """The connection was lost here."""

    t: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Candle:
    """A candle that is computed from trades. Without any it repeats the last price."""

    begin: int
    open: str
    high: str
    low: str
    close: str
    volume: Decimal = Decimal(0)
    trades: int = 0


@dataclass
class _Book:
    """The trades of a symbol, ascending by time."""

    deals: list[Deal] = field(default_factory=list)
    times: list[int] = field(default_factory=list)


class Tape:
    """A recording, sorted by what `sort` says of each frame; None for those of a connection."""

    def __init__(self, recording: Recording, sort: Callable[[str], Sorted | None]) -> None:
        self.header: Header = recording.header
        self.length = recording.length
        self.course: list[News | Break] = []  # all that happens, ascending
        self._news: dict[tuple[str, str], list[News]] = defaultdict(list)
        self._books: dict[str, _Book] = {symbol: _Book() for symbol in self.header.symbols}
        seen: set[tuple[str, int]] = set()
        for line in recording.lines[:-1]:
            if line.direction == "close":
                code, _, reason = line.text.partition(" ")
                self.course.append(Break(line.t, int(code), reason))
            found = sort(line.text) if line.direction == "in" else None
            if found is None:
                continue
            news = News(line.t, found.channel, found.symbols, line.text)
            self.course.append(news)
            for symbol in found.symbols:
                self._news[found.channel, symbol].append(news)
            for deal in found.deals:
                if deal.symbol in self._books and (deal.symbol, deal.trade_id) not in seen:
                    seen.add((deal.symbol, deal.trade_id))
                    self._books[deal.symbol].deals.append(replace(deal, known=line.t))
        for book in self._books.values():
            book.deals.sort(key=lambda deal: (deal.at // 1000, deal.trade_id))
            book.times.extend(deal.at // 1000 for deal in book.deals)

    def last(self, channel: str, symbol: str, position: int) -> News | None:
        """Return the newest frame of a symbol."""
        news = self._news.get((channel, symbol), [])
        place = bisect_right(news, position, key=lambda each: each.t)
        return news[place - 1] if place else None

    def frames(self, channel: str, symbol: str, position: int) -> list[News]:
        """Return all frames of a symbol that had come."""
        return [news for news in self._news.get((channel, symbol), []) if news.t <= position]

    def deals(self, symbol: str, since: int, until: int, position: int) -> list[Deal]:
        """Return the trades of [since, until) that had come, ascending."""
        book = self._books[symbol]
        first = bisect_left(book.times, since // 1000)
        last = bisect_right(book.times, until // 1000)
        return [
            deal
            for deal in book.deals[first:last]
            if deal.known <= position and since <= deal.at < until
        ]

    def candles(
        self, symbol: str, minutes: int, since: int, until: int, position: int, *, shift: int = 0
    ) -> Iterator[Candle]:
        """Yield the candles of minutes that had trades, ascending. `shift` is added to all times.

        `since` and `until` are shifted, too.
        """
        span = minutes * MINUTE
        group: list[Deal] = []
        begin = 0
        for deal in self.deals(symbol, since - shift, until - shift, position):
            bucket = (deal.at + shift) // span * span
            if group and bucket != begin:
                yield _candle(begin, group)
                group = []
            begin = bucket
            group.append(deal)
        if group:
            yield _candle(begin, group)

    def decimals(self, symbol: str) -> int:
        """Return how many decimals the prices of a symbol are written with."""
        prices = (deal.price for deal in self._books[symbol].deals)
        return max((len(price.partition(".")[2]) for price in prices), default=2)


def _candle(begin: int, group: list[Deal]) -> Candle:
    prices = [deal.price for deal in group]
    return Candle(
        begin,
        prices[0],
        max(prices, key=Decimal),
        min(prices, key=Decimal),
        prices[-1],
        sum((Decimal(deal.size) for deal in group), Decimal(0)),
        len(group),
    )
