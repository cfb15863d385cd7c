"""One term of a venue's leader: its connection, what it publishes, and what it stores."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from django.db import Error as DatabaseError
from django.utils import timezone

from hoardrun.market import calendars
from hoardrun.market.engine import store, threads
from hoardrun.market.engine.outlet import Outlet
from hoardrun.market.engine.prices import Accepted, Feed, FeedChange, Item
from hoardrun.market.engine.pricing import Line, Pricing, moment_of
from hoardrun.market.engine.states import state_of_source
from hoardrun.market.engine.store import Report
from hoardrun.market.engine.tasks import first_of
from hoardrun.market.engine.times import (
    ANNOUNCE_SECONDS,
    GATHER_SECONDS,
    JUDGE_SECONDS,
    MARKETS_SECONDS,
    SAVE_SECONDS,
    now,
)
from hoardrun.market.engine.trust import Trust
from hoardrun.market.feeds.fetching import FetchFailed
from hoardrun.market.feeds.latest import Turn
from hoardrun.market.feeds.session import Session
from hoardrun.market.feeds.subscriptions import SymbolState
from hoardrun.market.feeds.venue import Venue
from hoardrun.market.lease import Held
from hoardrun.market.options import scaled
from hoardrun.market.quotes import LiveQuote

SYNC_SECONDS = 6 * 3600.0  # between two looks at a venue's list of symbols
RETRY_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Term:
    """The time from one connection's making until the lease is lost, or staff stop the source."""

    def __init__(
        self, name: str, venue: type[Venue], url: str, held: Held, outlet: Outlet, *, pace: float
    ) -> None:
        """`pace` is that of the connection's clocks; with another than 1, a recording is played."""
        self._name, self._held, self._outlet, self._pace = name, held, outlet, pace
        self._pricing = Pricing(name, window=venue.window, epoch=held.epoch)
        self._trust = Trust(self._pricing, is_delayed=venue.is_delayed, pace=pace)
        self._symbols: Sequence[str] = ()
        self._session = Session(
            venue,
            url,
            symbols=lambda: self._symbols,
            quiet_after=self._trust.quiet_after,
            pace=pace,
        )
        self._stored: dict[int, LiveQuote] = {}
        self._looked_at = 0.0  # at the markets
        self._spoke: dict[int, bool] = {}
        self._speaking: set[int] | None = None  # until symbols are loaded, or prices judged, anew
        self._left: set[int] = set()  # instruments, since the last save
        self._refused: dict[str, str] = {}
        self._unsaid: dict[str, str] = {}  # refusals that are not stored yet
        self._state = ""

    async def run(self) -> None:
        """Keep the connection until staff stop the source. Raises Overtaken."""
        await self._load()
        try:
            await first_of(self._session.run(), self._work(), self._keep(), self._sync())
            self._leave(self._pricing.lines)  # once nothing else sends prices
        finally:
            await self._session.close()
            await self._outlet.close(self._report())

    # -- prices

    async def _work(self) -> None:
        judged = announced = 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(JUDGE_SECONDS):
                    await self._session.wake.wait()
            turn = self._session.take()
            self._note(turn)
            items = self._pricing.take(turn.tickers, turn.trades, turn.bars, self._now(turn))
            moved = {
                item.instrument_id
                for item in items
                if isinstance(item, Accepted) and not item.is_history
            }
            changes: Sequence[FeedChange] = ()
            moment = time.monotonic()
            is_due = moment - judged >= JUDGE_SECONDS or turn.halts or turn.changes
            if is_due or any(self._trust[key] is Feed.STALE for key in moved):
                judged, changes = moment, self._judge()
                self._state = state_of_source(self._trust.all, turn.health.state)
            changed = {change.instrument_id for change in changes}
            if moment - announced >= scaled(ANNOUNCE_SECONDS):
                announced = moment
                changes = [self._trust.said(line, now()) for line in self._pricing.lines]
            self._send(moved | changed, [*changes, *items])
            await asyncio.sleep(GATHER_SECONDS)

    def _now(self, turn: Turn) -> int:
        """Return the time by which prices are judged: of a recording that is played, its own."""
        if self._pace == 1:
            return now()
        times = [each.at for each in turn.tickers] + [each.at for each in turn.trades]
        times += [each.begin for each in turn.bars]
        return max(times, default=now())

    def _note(self, turn: Turn) -> None:
        """Take in what the venue says of symbols."""
        self._pricing.halt(turn.halts)
        for change in turn.changes:
            if change.state is SymbolState.REFUSED and change.symbol not in self._refused:
                self._refused[change.symbol] = self._unsaid[change.symbol] = change.reason
        for lost in turn.lost:
            if line := self._pricing.line(lost.symbol):
                # Not only what the venue said: a time in the future would hide what is missing.
                last = self._pricing.last_at(lost.symbol)
                since = lost.since if last is None else min(lost.since, last)
                self._outlet.holes.open(line.listing.id, since)

    def _judge(self) -> Sequence[FeedChange]:
        if time.monotonic() - self._looked_at >= MARKETS_SECONDS:
            self._looked_at = time.monotonic()
            self._trust.open_markets(timezone.now())
        self._speaking = None
        return self._trust.judge(self._session.age, now())

    def _send(self, moved: set[int], items: Sequence[Item]) -> None:
        if self._speaking is None:
            self._speaking = self._switched()
        speaking = self._speaking
        told = moved & speaking
        lines = [line for line in self._pricing.lines if line.listing.id in told]
        found = [self._quote(line, self._trust[line.listing.id]) for line in lines]
        quotes = [quote for quote in found if quote is not None]
        self._outlet.send(quotes, [item for item in items if item.instrument_id in speaking])

    def _switched(self) -> set[int]:
        """Return the instruments that this source prices now; say which have changed hands."""
        speaks = {line.listing.id: self._speaks(line) for line in self._pricing.lines}
        for line in self._pricing.lines:
            key, symbol = line.listing.id, line.listing.symbol
            if self._spoke.get(key, speaks[key]) is speaks[key]:
                continue
            if speaks[key]:
                logger.warning("market: %s is priced by %s now", symbol, self._name)
                self._outlet.holes.open(key, line.last_at)
                self._outlet.send((), [self._trust.said(line, now())])
            else:
                logger.warning("market: %s leaves %s to another", self._name, symbol)
        self._spoke = speaks
        return {key for key, is_so in speaks.items() if is_so}

    def _speaks(self, line: Line) -> bool:
        is_live = self._trust[line.listing.id] is not Feed.STALE
        return not line.is_yielded or (is_live and not line.is_backup)

    def _leave(self, lines: Sequence[Line]) -> None:
        """Say of instruments that this source no longer prices that their prices are stale."""
        for line in lines:
            key = line.listing.id
            if self._spoke.pop(key, False):
                feed = self._trust.unproven(line)
                quote = self._quote(line, feed)
                change = FeedChange(key, line.listing.symbol, feed, now())
                self._left.add(key)
                self._outlet.send([] if quote is None else [quote], [change])

    def _quote(self, line: Line, feed: Feed) -> LiveQuote | None:
        """Return the newest quote; before a first price, the stored one under its source's name."""
        status = self._trust.status(line)
        found = self._pricing.quote(line.venue_symbol, feed=feed, status=status)
        stored = self._stored.get(line.listing.id)
        if found is not None or stored is None:
            return found
        if stored.source != self._name and stored.feed is Feed.DELAYED:
            return None  # it stands until there is a live price
        listing = replace(line.listing, status=status)
        return replace(stored, listing=listing, feed=feed, epoch=self._held.epoch)

    # -- the tables

    async def _load(self) -> None:
        """Read which symbols there are, what is stored of their prices, and market hours."""
        found = await threads.run(store.lines, self._name)
        self._trust.calendar = await threads.run(calendars.read)
        symbols = {line.venue_symbol for line in found}
        if again := symbols & self._refused.keys() - self._unsaid.keys():
            for symbol in again:  # staff have enabled it anew
                del self._refused[symbol]
            self._session.reset()
        before = {line.listing.id: line for line in self._pricing.lines}
        ids = {line.listing.id for line in found}
        self._leave([line for key, line in before.items() if key not in ids])
        for line in found:
            if line.listing.id not in before and line.last_price is not None:
                self._outlet.holes.open(line.listing.id, line.last_at)
        self._pricing.list(found, now())
        self._looked_at, self._speaking = 0.0, None
        self._symbols = tuple(line.venue_symbol for line in self._pricing.lines)
        self._outlet.retain(ids | self._left)
        if missing := [line for line in found if line.listing.id not in self._stored]:
            self._stored |= await threads.run(store.quotes, [line.listing for line in missing])

    async def _sync(self) -> None:
        """Bring the symbols in line with the venue's own list: at the start, and now and then."""
        while True:
            pause = SYNC_SECONDS
            try:
                await threads.run_slow(store.sync, self._held, self._name)
                await self._load()
            except FetchFailed as error:
                logger.warning("market: the list of %s is not read: %s", self._name, error)
                pause = error.retry_seconds
            except (DatabaseError, ValueError) as error:
                logger.warning("market: the symbols of %s are as they were: %s", self._name, error)
                pause = RETRY_SECONDS
            await asyncio.sleep(scaled(pause))

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(scaled(SAVE_SECONDS))
            try:
                if said := dict(self._unsaid):
                    await threads.run(store.refuse, self._held, self._name, said)
                    for symbol in said:
                        del self._unsaid[symbol]
                # First: what another source prices by now is not stored.
                await self._load()
                if await threads.run(store.is_stopped, self._name):
                    return
            except DatabaseError as error:
                logger.warning("market: symbols of %s not read: %s", self._name, error)
            else:
                self._outlet.retain(self._switched() | self._left)
                if await self._outlet.save(self._report()):
                    self._left.clear()

    def _report(self) -> Report:
        health = self._session.health
        newest = self._pricing.newest_at
        words = "" if health.is_online else health.words
        return Report(
            state=self._state,  # not that of a connection which is just closed
            reason=(health.reason or words)[:200],
            last_price_at=None if newest is None else moment_of(newest),
            lag_ms=self._pricing.lag_ms,
            quarantined=self._pricing.doubted,
            odd=health.odd + self._pricing.unread,
            reconnects=health.reconnects,
            refused=len(self._refused),
        )
