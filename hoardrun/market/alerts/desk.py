"""The state of alerts and prices during one term of the engine, and its decisions. Pure.

It decides in memory at once. What follows for the rows waits in `work`, in order, until it is
stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, assert_never

from hoardrun.market.alerts.board import Arms, Board, Effect, Waiting
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.missed import Missed, MissedPrice
from hoardrun.market.alerts.work import Work
from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed, FeedChange, Gap, Item

TRUSTED = frozenset({Feed.LIVE, Feed.DELAYED})
# No trading makes the prices of these: alerts wait.
_WITHOUT_TRADING = frozenset({Feed.HALTED, Feed.CLOSED})
_MINUTE = 60_000_000


class Known(NamedTuple):
    """A price that was accepted, and its time in microseconds."""

    price: int
    at: int
    source: str = ""


class Entry(NamedTuple):
    """An alert that is to be watched, and the version of its row."""

    alert_id: int
    version: int
    metric: Metric
    is_above: bool
    threshold: int


class Desk:
    """The alerts of all instruments, with the prices that they wait for."""

    def __init__(
        self,
        boards: Mapping[int, Board] | None = None,
        *,
        judged: Mapping[int, int] | None = None,
        feeds: Mapping[int, Feed] | None = None,
        quoted: Mapping[int, Known] | None = None,
    ) -> None:
        """Begin with what is stored; `judged` are the times up to which prices were judged."""
        self.boards = dict(boards or {})
        self.work, self.missed = Work(), Missed()
        self._feeds = dict(feeds or {})
        self._quoted = dict(quoted or {})
        self._newest: dict[int, Accepted] = {}
        self._bars: dict[int, AcceptedBar] = {}  # of a time that is missed, and not over
        self.missed.begin({key: at for key, at in (judged or {}).items() if key in self.boards})

    def __len__(self) -> int:
        return sum(map(len, self.boards.values()))

    # -- prices

    def take(self, items: Sequence[Item]) -> None:
        """Judge prices. One that no alert waits for costs a few microseconds."""
        for item in items:
            match item:
                case Accepted():
                    self._price(item)
                case FeedChange():
                    self._feeds[item.instrument_id] = item.feed
                case Gap():
                    if item.instrument_id in self.boards:
                        self.missed.gap(item)
                case AcceptedBar():
                    self._bar(item)
                case _:
                    assert_never(item)

    def fill(self, key: int, prices: Sequence[MissedPrice], source: str) -> None:
        """Judge prices of trading that were missed, in the order of their times."""
        if (board := self.boards.get(key)) is not None:
            self._add(key, board.missed(prices), source)

    def _price(self, item: Accepted) -> None:
        key = item.instrument_id
        if not item.is_history:
            self._newest[key] = item
            if (bar := self._bars.pop(key, None)) is not None:
                self._judge(bar, item.at)
        board = self._trading(key)
        if board is None:
            return
        if item.is_history:
            # Also the newest one: a ticker of its time or of a later one may tell another price.
            self.fill(key, [MissedPrice(item.price, item.price, None, item.at)], item.source)
            return
        self.missed.first(item)
        self._add(key, board.take(item.price, item.at, item.day_volume), item.source)

    def _bar(self, bar: AcceptedBar) -> None:
        """Take a candle of the venue for prices that were missed, if some were."""
        board = self._trading(bar.instrument_id)
        if board is None or bar.minutes != 1 or bar.instrument_id not in self.missed:
            return
        if bar.begin + _MINUTE <= board.at:
            self._judge(bar, board.at)
        else:  # up to when its extremes were is known with the next price only
            self._bars[bar.instrument_id] = bar

    def _judge(self, bar: AcceptedBar, now: int) -> None:
        until = max(bar.begin, min(bar.begin + _MINUTE, now))
        extremes = MissedPrice(bar.high, bar.low, bar.begin, until)
        self.fill(bar.instrument_id, [extremes], bar.source)

    def _trading(self, key: int) -> Board | None:
        """Return the board of an instrument that alerts wait for, unless it is not traded now."""
        return None if self._feeds.get(key) in _WITHOUT_TRADING else self.boards.get(key)

    def _add(self, key: int, effects: Sequence[Effect], source: str) -> None:
        if effects:
            self.work.add(key, effects, source)

    # -- alerts

    def known(self, key: int) -> Known | None:
        """Return the newest price of an instrument, if there is one."""
        if (item := self._newest.get(key)) is not None:
            return Known(item.price, item.at, item.source)
        return self._quoted.get(key)

    def quote(self, quoted: Mapping[int, Known]) -> None:
        """Take in stored prices of instruments that have no newer one here."""
        self._quoted.update(quoted)

    def take_up(self, key: int, entries: Sequence[Entry]) -> None:
        """Watch alerts from now on; the instrument has a known price."""
        board = self._board(key)
        for each in entries:
            self.watch(key, each)
        ids, versions = [each.alert_id for each in entries], [each.version for each in entries]
        arms = Arms(ids, versions, board.values[Metric.PRICE], board.at)
        self._add(key, [arms], "")
        self.look(key)

    def _board(self, key: int) -> Board:
        board = self.boards.setdefault(key, Board())
        if board.at < 0:
            known = self.known(key)
            assert known is not None
            board.begin(known.price, known.at)
        return board

    def watch(self, key: int, entry: Entry) -> None:
        """Watch an alert that is armed."""
        self.boards[key].arm(
            entry.alert_id, entry.metric, is_above=entry.is_above, threshold=entry.threshold
        )

    def wait(self, key: int, entry: Waiting) -> None:
        """Keep an alert that has fired until it is armed again; the instrument has a price."""
        self._board(key).wait(entry)

    def look(self, key: int) -> None:
        """Fire what is so already, if the price can be trusted."""
        known = self.known(key)
        if known is not None and self.is_trusted(key):
            self._add(key, self.boards[key].look(), known.source)

    def is_trusted(self, key: int) -> bool:
        """Say whether the price of an instrument is live, as far as is known."""
        return self._feeds.get(key, Feed.LIVE) in TRUSTED

    def unjudged(self) -> set[int]:
        """Return the instruments of which prices are missing, or what followed is not stored."""
        return {*self.missed.instruments(), *self.work.instruments()}

    def is_news(self, item: Accepted) -> bool:
        """Say whether a stored price is newer than what alerts were judged by, or corrects it."""
        board = self.boards.get(item.instrument_id)
        if board is None or item.at < board.at:
            return False
        return item.at > board.at or item.price != board.values.get(Metric.PRICE)

    def judged(self) -> dict[int, Known]:
        """Return up to which prices alerts are judged, and all that follows is stored."""
        unjudged = self.unjudged()
        return {
            key: Known(item.price, item.at, item.source)
            for key, item in self._newest.items()
            if key in self.boards and key not in unjudged
        }
