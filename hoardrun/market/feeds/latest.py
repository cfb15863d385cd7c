"""What a session has read and nobody has taken yet: bounded, so that reading never waits. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from hoardrun.market.feeds.events import Bar, Halt, Ticker, Trade
from hoardrun.market.feeds.health import Health
from hoardrun.market.feeds.subscriptions import Change

MAX_TRADES = 20_000
MAX_BARS = 50_000  # the venue's snapshots of many symbols
SEEN_IDS = 500  # of a symbol's trades that are known one by one; older ones are all known


@dataclass(frozen=True, slots=True)
class Lost:
    """Prices of a symbol may be missing from `since`, the venue's time of the last one, to now."""

    symbol: str
    since: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What came since the last turn. Nothing of it comes again."""

    tickers: Sequence[Ticker]  # the newest of each symbol
    trades: Sequence[Trade]  # in the order of their arrival, each id of a symbol once
    bars: Sequence[Bar]  # the newest of each symbol, interval and beginning
    halts: Sequence[Halt]
    changes: Sequence[Change]
    lost: Sequence[Lost]
    health: Health


class TradeIds:
    """Tell new trades of a symbol from those that came before."""

    def __init__(self) -> None:
        self._floor = -1  # this id and those below it are known
        self._seen: set[int] = set()
        self._order: deque[int] = deque()

    def is_new(self, trade_id: int) -> bool:
        """Note an id. An id that is older than the last SEEN_IDS ones is never new."""
        if trade_id <= self._floor or trade_id in self._seen:
            return False
        self._seen.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > SEEN_IDS:
            oldest = self._order.popleft()
            self._seen.discard(oldest)
            if oldest < trade_id:  # a single wild number must not refuse all that follow
                self._floor = max(self._floor, oldest)
        return True


@dataclass(slots=True)
class Latest:
    """Keep the newest ticker of each symbol, and trades and candles up to a number.

    Beyond it the oldest make way, and their symbols count as lost since then.
    """

    tickers: dict[str, Ticker] = field(default_factory=dict)
    trades: deque[Trade] = field(default_factory=deque)
    bars: dict[tuple[str, int, int], Bar] = field(default_factory=dict)
    halts: dict[str, Halt] = field(default_factory=dict)
    dropped: int = 0
    duplicates: int = 0
    newest_at: int = 0  # the venue's time of the newest data of any symbol
    _lost: dict[str, int] = field(default_factory=dict)
    _ids: dict[str, TradeIds] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)  # the venue's time of the newest data

    def put(self, event: Ticker | Trade | Bar | Halt) -> None:
        """Keep an event, unless it is a trade that came before."""
        match event:
            case Ticker():
                kept = self.tickers.get(event.symbol)
                if kept is None or event.at >= kept.at:
                    if kept is not None and kept.is_snapshot:
                        event = replace(event, is_snapshot=True)
                    self.tickers[event.symbol] = event
                self._moved(event.symbol, event.at)
            case Trade():
                ids = self._ids.setdefault(event.symbol, TradeIds())
                if event.trade_id is not None and not ids.is_new(event.trade_id):
                    self.duplicates += 1
                    return
                if len(self.trades) >= MAX_TRADES:
                    oldest = self.trades.popleft()
                    self._drop(oldest.symbol, oldest.at)
                self.trades.append(event)
                self._moved(event.symbol, event.at)
            case Bar():
                key = (event.symbol, event.minutes, event.begin)
                before = self.bars.pop(key, None)
                if before is not None and before.is_amended:
                    event = replace(event, is_amended=True)
                if len(self.bars) >= MAX_BARS:
                    first = self.bars.pop(next(iter(self.bars)))
                    self._drop(first.symbol, first.begin)
                self.bars[key] = event
                if event.at is not None:
                    self._moved(event.symbol, event.at)
            case Halt():
                self.halts[event.symbol] = event
            case _:
                assert_never(event)

    def at(self, symbol: str) -> int | None:
        """Return the venue's time of a symbol's newest data, also if it has been taken."""
        return self._at.get(symbol)

    def lose(self, symbol: str, since: int) -> None:
        """Note that data of a symbol may be missing since a time."""
        self._lost[symbol] = min(since, self._lost.get(symbol, since))

    def take(self, changes: Sequence[Change], health: Health) -> Turn:
        """Return everything, and begin anew."""
        turn = Turn(
            tickers=list(self.tickers.values()),
            trades=list(self.trades),
            bars=list(self.bars.values()),
            halts=list(self.halts.values()),
            changes=changes,
            lost=[Lost(symbol, since) for symbol, since in self._lost.items()],
            health=health,
        )
        self.tickers, self.bars, self.halts = {}, {}, {}
        self.trades.clear()
        self._lost = {}
        return turn

    def _moved(self, symbol: str, at: int) -> None:
        self._at[symbol] = max(at, self._at.get(symbol, at))
        self.newest_at = max(at, self.newest_at)

    def _drop(self, symbol: str, at: int) -> None:
        self.dropped += 1
        self.lose(symbol, at)
