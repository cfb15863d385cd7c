"""Candles of one minute, built from what comes of the sources. Pure: no I/O, no timer.

Called by `consumer`, which gives the time and stores what is built. A minute is taken from a
price's own time. Within a minute the venue's own candle counts, else its trades, else, if the venue
has neither, its quoted prices; they are never mixed, nor are two sources.

A minute closes by the clock of its source, CLOSE after its end. What comes later amends it, within
GRACE; what comes after that, or belongs to a minute that this builder has not seen from its
beginning, is counted and reported as a hole, which the venue's history fills.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from hoardrun.market.candles.clocks import SourceClock
from hoardrun.market.candles.minutes import Book, Kind, Minute, Part, is_older
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.engine.prices import Accepted, AcceptedBar, FeedChange, Gap, Item

CLOSE = 2_000_000  # microseconds after the end of a minute
GRACE = 30_000_000


class Hole(NamedTuple):
    """A time for which prices of an instrument are missing, in microseconds."""

    instrument_id: int
    since: int
    until: int


def minutes_between(instrument_id: int, since: int, until: int) -> Hole:
    """Return the hole of all minutes that a time touches."""
    return Hole(instrument_id, since - since % MINUTE, until - until % MINUTE + MINUTE)


@dataclass(slots=True)
class Counts:
    """What was not built into a candle."""

    late: int = 0
    repeated: int = 0
    wrong: int = 0


class Builder:
    """The running minutes of all instruments. `now` is always a clock that moves evenly."""

    def __init__(self, best_kind: Callable[[str], Kind]) -> None:
        """`best_kind` says of a source what it sends."""
        self.counts = Counts()
        self.holes: list[Hole] = []
        self.repairs: list[Drawn] = []
        self._best_kind = best_kind
        self._books: dict[int, Book] = {}
        self._clocks: dict[str, SourceClock] = {}
        self._changed: set[tuple[int, int]] = set()
        self._arrivals = 0

    def take(self, item: Item, now: int) -> None:
        """Build an item into its candle."""
        match item:
            case Accepted():
                self._price(item, self._hear(item.source, item.at, now))
            case AcceptedBar():
                self._bar(item, self._hear(item.source, item.begin, now))
            case Gap():
                self._gap(item)
            case FeedChange():
                pass  # a candle is what was paid, whatever is said of the price
            case _:
                assert_never(item)

    def close_due(self, now: int) -> None:
        """Close the minutes that have ended at their source, and let old ones go."""
        times = {source: clock.time(now) for source, clock in self._clocks.items()}
        for instrument_id, book in self._books.items():
            for minute in list(book.minutes.values()):
                time = times.get(minute.best()[1])
                if time is not None:
                    self._age(instrument_id, book, minute, time)

    def drain(self) -> list[Drawn]:
        """Return the minutes that have changed since the last call, by instrument and bucket."""
        found = []
        for instrument_id, bucket in sorted(self._changed):
            minute = self._books[instrument_id].minutes[bucket]
            minute.is_changed = False
            kind, source = minute.best()
            values = minute.parts[kind, source].values.fitting()
            indicative = kind is Kind.QUOTES
            found.append(
                Drawn(instrument_id, 1, bucket, values, source, minute.is_closed, indicative)
            )
        self._changed.clear()
        return found

    def seed(self, drawn: Drawn) -> None:
        """Go on with a running minute that another process has begun."""
        book = self._books.setdefault(drawn.instrument_id, Book(drawn.bucket, drawn.source))
        minute = book.minutes.setdefault(drawn.bucket, Minute(drawn.bucket))
        kind = Kind.QUOTES if drawn.is_indicative else Kind.TRADES
        minute.parts.setdefault((kind, drawn.source), Part(drawn.values))

    def forget(self, instrument_id: int, since: int, until: int) -> None:
        """Change the minutes from `since` to `until` no more: the venue's history has filled them.

        Both are the beginnings of minutes, and have passed.
        """
        book = self._books.get(instrument_id)
        if book is None:
            return
        for minute in list(book.minutes.values()):
            if since <= minute.bucket < until:
                self._drop(instrument_id, book, minute)
        since = max(since, until - 3 * MINUTE)  # earlier ones cannot be amended any more
        book.forgotten = {each for each in book.forgotten if each >= since}
        book.forgotten.update(range(since, until, MINUTE))

    def drop(self, instrument_id: int) -> None:
        """Forget all minutes of an instrument, and what has come of it."""
        self._books.pop(instrument_id, None)
        self._changed = {each for each in self._changed if each[0] != instrument_id}

    def time(self, instrument_id: int, now: int) -> int | None:
        """Return the time at the source of an instrument; None if nothing has come of it."""
        book = self._books.get(instrument_id)
        clock = None if book is None else self._clocks.get(book.source)
        return None if clock is None else clock.time(now)

    def first_open(self, instrument_id: int) -> int | None:
        """Return the first minute of an instrument that is still built, if there is one.

        One that another process has begun is not, until something comes of its source.
        """
        book = self._books.get(instrument_id)
        if book is None or book.source not in self._clocks:
            return None
        open_ = (each.bucket for each in book.minutes.values() if not each.is_closed)
        return min(open_, default=None)

    def _hear(self, source: str, at: int, now: int) -> int:
        clock = self._clocks.get(source)
        if clock is None:
            clock = self._clocks[source] = SourceClock()
        return clock.hear(at, now)

    def _price(self, item: Accepted, time: int) -> None:
        kind = Kind.QUOTES if item.size is None else Kind.TRADES
        if kind is Kind.QUOTES and (
            item.is_history or self._best_kind(item.source) is not Kind.QUOTES
        ):
            return
        if item.price <= 0 or (item.size or 0) < 0:
            self.counts.wrong += 1
            return
        bucket = item.at - item.at % MINUTE
        minute = self._minute(item, bucket, time, kind)
        if minute is None:
            if kind is Kind.QUOTES:  # a venue has no history of these
                self.counts.late += 1
            elif item.is_late or not item.is_history:
                self._late(item.instrument_id, bucket)
            return
        self._arrivals += 1
        # Of one millisecond, by the number of the trade; else by the time, then as they came.
        key = (item.at // 1000, item.trade_id or 0, item.at, self._arrivals)
        part = minute.parts.get((kind, item.source))
        if part is None:
            first = Values(item.price, item.price, item.price, item.price)
            if item.size is not None:
                first = first._replace(volume=item.size, trades=1)
            part = minute.parts[kind, item.source] = Part(first, key)
            part.has(item.trade_id)
        elif part.has(item.trade_id):
            self.counts.repeated += 1
            return
        else:
            part.add(item.price, item.size, key)
        self._note(item.instrument_id, minute)

    def _bar(self, item: AcceptedBar, time: int) -> None:
        values = Values(item.open, item.high, item.low, item.close, item.volume, item.trades)
        if item.minutes != 1 or item.begin % MINUTE or not values.is_sane():
            self.counts.wrong += 1
            return
        minute = self._minute(item, item.begin, time, Kind.BARS)
        if minute is None:
            if item.is_snapshot or item.is_amended:
                self.repairs.append(
                    Drawn(item.instrument_id, 1, item.begin, values, item.source, is_closed=True)
                )
            else:
                self._late(item.instrument_id, item.begin)
            return
        part = minute.parts.get((Kind.BARS, item.source))
        if part is None:
            minute.parts[Kind.BARS, item.source] = Part(values)
        elif part.values == values or (not item.is_amended and is_older(values, part.values)):
            self.counts.repeated += 1
            return
        else:
            part.values = values
        self._note(item.instrument_id, minute)

    def _gap(self, item: Gap) -> None:
        """Ask for the minutes in which prices may have been missed."""
        if item.since <= item.until:
            self.holes.append(minutes_between(item.instrument_id, item.since, item.until))

    def _minute(
        self, item: Accepted | AcceptedBar, bucket: int, time: int, kind: Kind
    ) -> Minute | None:
        """Return a minute that may still change, or None.

        All of it must have been seen, unless a whole candle of it has come. Of the first minute of
        an instrument trades may have been missed, which the history has.
        """
        book = self._books.get(item.instrument_id)
        if book is None:
            if isinstance(item, Accepted) and item.is_history:
                return None
            book = self._books[item.instrument_id] = Book(bucket, item.source)
            if kind is Kind.TRADES:
                self.holes.append(Hole(item.instrument_id, bucket, bucket + MINUTE))
        book.source = item.source
        if bucket + MINUTE + GRACE <= time or bucket in book.forgotten:
            return None
        minute = book.minutes.get(bucket)
        if minute is None:
            if kind is not Kind.BARS and bucket < book.since:
                return None
            for other in list(book.minutes.values()):
                self._age(item.instrument_id, book, other, time)
            minute = book.minutes[bucket] = Minute(bucket)
        return minute

    def _late(self, instrument_id: int, bucket: int) -> None:
        self.counts.late += 1
        self.holes.append(Hole(instrument_id, bucket, bucket + MINUTE))

    def _note(self, instrument_id: int, minute: Minute) -> None:
        if not minute.is_changed:
            minute.is_changed = True
            self._changed.add((instrument_id, minute.bucket))

    def _age(self, instrument_id: int, book: Book, minute: Minute, time: int) -> None:
        end = minute.bucket + MINUTE
        if not minute.is_closed and end + CLOSE <= time:
            minute.is_closed = True
            self._note(instrument_id, minute)
        if end + GRACE <= time and not minute.is_changed:
            self._drop(instrument_id, book, minute)
            book.forgotten = {each for each in book.forgotten if each > minute.bucket}

    def _drop(self, instrument_id: int, book: Book, minute: Minute) -> None:
        del book.minutes[minute.bucket]
        self._changed.discard((instrument_id, minute.bucket))
