"""Candles of the engine's leader: build them, store them, fill their holes, tell the rooms.

`engine.runtime` runs this. All that is stored is fenced by the engine's lease; what a leader that
was overtaken has not stored, the next one asks of the sources' history.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.db import Error as DatabaseError

from hoardrun.market.candles import opening
from hoardrun.market.candles.builder import Builder, Hole, minutes_between
from hoardrun.market.candles.directory import Directory, read_directory
from hoardrun.market.candles.filler import Filler, shut, with_connection
from hoardrun.market.candles.holes import merged
from hoardrun.market.candles.minutes import Kind
from hoardrun.market.candles.opening import COMPARED_HOURS, Opening
from hoardrun.market.candles.pages import DEFAULT_LIMIT
from hoardrun.market.candles.rolls import Rolls
from hoardrun.market.candles.services import candles_repair, candles_roll, candles_store
from hoardrun.market.candles.spans import MINUTE, PARTS, STORED
from hoardrun.market.candles.updates import Publish, Updates
from hoardrun.market.candles.values import Drawn
from hoardrun.market.engine.prices import Item
from hoardrun.market.feeds import VENUES, venue_named
from hoardrun.market.lease import Held, Overtaken
from hoardrun.market.options import sources
from realtime.publish import publish_ephemeral

PUBLISH_SECONDS = 1.0  # between two messages about a running candle
SAVE_SECONDS = 5.0  # between two writes of it
ROLL_SECONDS = 1.0
READ_SECONDS = 30.0  # between two reads of the instruments
READ = int(READ_SECONDS * 1_000_000)
# Between two comparisons with what the sources remember, so that each hour is compared once.
COMPARE_SECONDS = COMPARED_HOURS * 3600.0

logger = logging.getLogger(__name__)
R = TypeVar("R")


def monotonic() -> int:
    """Return this machine's time, in microseconds of a clock that moves evenly."""
    return time.monotonic_ns() // 1000


def kind_of(source: str) -> Kind:
    """Say what a source sends at best."""
    if source not in VENUES:
        return Kind.QUOTES
    channels = venue_named(source).channels
    if "bars" in channels:
        return Kind.BARS
    return Kind.TRADES if "trades" in channels else Kind.QUOTES


class Candles:
    """The candles of one term of the engine's lease. `publish` sends messages of a topic."""

    def __init__(self, publish: Publish = publish_ephemeral) -> None:
        self._updates = Updates(publish)
        self._builder = Builder(kind_of)
        self._directory = Directory()
        self._rolls = Rolls()
        self._closing: dict[tuple[int, int], Drawn] = {}  # closed or changed, not stored yet
        self._running: dict[int, Drawn] = {}
        self._unsaved: set[int] = set()
        self._due: dict[str, float] = {}
        self._held: Held | None = None
        self._filler = Filler(self._time, self._builder.first_open, self._changed)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hoardrun-candles")

    async def begin(self, held: Held) -> None:
        """Read what there is; raise DatabaseError if that fails."""
        self._held = held
        directory = await self._run(read_directory, sources())
        found = await self._run(opening.read, directory, self._filler.pasts, self._time)
        for drawn in found.running:
            self._builder.seed(drawn)
            self._running[drawn.instrument_id] = drawn
        self._use(directory, found)
        self._due = {"compare": time.monotonic() + COMPARE_SECONDS}
        await self._filler.begin(held, found.missing)

    def take(self, items: Sequence[Item]) -> None:
        """Build items into candles; an item that is a mistake is logged, and hinders no other."""
        now = monotonic()
        for item in items:
            try:
                self._builder.take(item, now)
            except Exception:
                logger.exception("market: no candle is made of %r", item)

    async def turn(self) -> None:
        """Store and send what is due. Raises Overtaken and DatabaseError; nothing is lost then."""
        self._filler.check()
        self._builder.close_due(monotonic())
        self._sort(self._builder.drain())
        if self._builder.holes or self._builder.repairs:
            await self._repair()
        if self._closing:
            await self._close()
        if self._is_due("read", READ_SECONDS):
            await self._read()
        if self._updates.to_load:
            await self._load()
        if self._is_due("publish", PUBLISH_SECONDS):
            self._updates.send_running(self._running)
        if self._is_due("save", SAVE_SECONDS):
            await self._save()
        if self._is_due("roll", ROLL_SECONDS):
            await self._roll()
        if self._is_due("compare", COMPARE_SECONDS):
            await self._compare()

    async def end(self) -> None:
        """Stop. What is in memory only is left to the next leader."""
        await self._filler.end()
        await shut(self._pool)
        counts = self._builder.counts
        if counts.late or counts.wrong:
            logger.info(
                "market: prices too late for candles: %d, wrong: %d", counts.late, counts.wrong
            )

    # -- what is built

    def _sort(self, drawn: Iterable[Drawn]) -> None:
        """Tell what runs from what is to be stored at once. Unknown instruments are dropped."""
        for each in drawn:
            key = each.instrument_id
            if key not in self._directory.listings:
                continue
            if each.is_closed:
                self._closing[key, each.bucket] = each
            running = self._running.get(key)
            if running is not None and running.bucket > each.bucket:
                continue
            if each.is_closed:
                self._running.pop(key, None)
                self._unsaved.discard(key)
            else:
                self._running[key] = each
                self._unsaved.add(key)
                self._updates.runs(key)

    async def _close(self) -> None:
        closing = list(self._closing.values())
        changed = await self._run(candles_store, held=self._lease(), drawn=closing)
        for each in closing:
            key = each.instrument_id, each.bucket
            # Else the history has filled it meanwhile, and may have been written over.
            if self._closing.pop(key, None) is None:
                self._builder.holes.append(Hole(*key, each.bucket + MINUTE))
        self._rolls.note(changed, self._directory.zone)
        self._updates.closed(changed)

    async def _repair(self) -> None:
        holes, self._builder.holes = self._builder.holes, []
        repairs, self._builder.repairs = self._builder.repairs, []
        try:
            known, symbols = self._directory.listings, self._directory.symbols
            if any(hole.instrument_id in known.keys() - symbols.keys() for hole in holes):
                await self._read()  # a source has just named its symbols
            if wanted := merged(hole for hole in holes if hole.instrument_id in known):
                await self._filler.add(wanted)
            if drawn := [each for each in repairs if each.instrument_id in known]:
                store = partial(candles_repair, held=self._lease(), drawn=drawn, is_doubtful=False)
                self._changed(await self._run(store))
        except DatabaseError:
            self._builder.holes += holes
            self._builder.repairs += repairs
            raise

    def _changed(self, changed: Sequence[Drawn]) -> None:
        """Note what was stored beside the running minutes, such as from the history."""
        self._updates.to_load.update(each.instrument_id for each in changed)
        self._rolls.note(changed, self._directory.zone)
        by_room: dict[tuple[int, int], list[Drawn]] = defaultdict(list)
        for each in changed:
            by_room[each.instrument_id, each.minutes].append(each)
        for (instrument_id, minutes), inside in by_room.items():
            kept = self._time(instrument_id) - DEFAULT_LIMIT * minutes * MINUTE
            self._updates.send([each for each in inside if each.bucket >= kept])
            if minutes == 1:
                buckets = [each.bucket for each in inside]
                for bucket in buckets:
                    self._closing.pop((instrument_id, bucket), None)
                self._builder.forget(instrument_id, min(buckets), max(buckets) + MINUTE)
                running = self._running.get(instrument_id)
                if running is not None and running.bucket in buckets:
                    del self._running[instrument_id]

    # -- what is due now and then

    async def _save(self) -> None:
        keys, self._unsaved = self._unsaved, set()
        drawn = [self._running[key] for key in keys if key in self._running]
        try:
            await self._run(candles_store, held=self._lease(), drawn=drawn)
        except DatabaseError:
            self._unsaved |= keys
            raise

    async def _roll(self) -> None:
        for minutes in STORED[1:]:
            buckets = self._rolls.due(
                minutes, self._time, self._directory.zone, self._filler.untried(PARTS[minutes])
            )
            if not buckets:
                continue
            known = {each for each in buckets if each[0] in self._directory.listings}
            changed = await self._run(
                candles_roll,
                held=self._lease(),
                minutes=minutes,
                buckets=known,
                zones=self._directory.zone,
                is_whole=partial(self._filler.is_whole, PARTS[minutes]),
            )
            self._rolls.done(minutes, buckets)
            self._rolls.note(changed, self._directory.zone)
            self._updates.rolled(changed, self._time)

    async def _read(self) -> None:
        """Read the instruments again. New ones get their past; what was built in other decimals is
        built anew.
        """
        before, directory = self._directory, await self._run(read_directory, sources())
        found = Opening()
        if new := directory.symbols.keys() - before.symbols.keys():
            read = partial(opening.read, directory.of(new), self._filler.pasts, self._time)
            found = await self._run(read)
            await self._filler.add_missing(found.missing)
        self._use(directory, found)
        for key, listing in directory.listings.items():
            old = before.listings.get(key)
            if old is not None and old.decimals != listing.decimals:
                self._begin_anew(key)

    def _use(self, directory: Directory, found: Opening) -> None:
        self._directory = self._filler.directory = self._updates.directory = directory
        self._rolls.note(found.not_rolled, directory.zone)
        self._updates.load_new()

    def _begin_anew(self, instrument_id: int) -> None:
        now = self._time(instrument_id)
        self._builder.drop(instrument_id)
        self._builder.holes.append(minutes_between(instrument_id, now - 2 * READ, now))
        self._running.pop(instrument_id, None)
        self._updates.to_load.add(instrument_id)
        for key in [key for key in self._closing if key[0] == instrument_id]:
            del self._closing[key]

    async def _load(self) -> None:
        """Load ladders; those whose instruments change meanwhile are loaded anew later."""
        wanted, self._updates.to_load = self._updates.to_load, set()
        try:
            found = await self._run(opening.ladders, self._directory, sorted(wanted), self._time)
        except DatabaseError:
            self._updates.to_load |= wanted
            raise
        self._updates.load(found)

    async def _compare(self) -> None:
        """Ask the sources again for the last hours, whatever came meanwhile."""
        holes = opening.of_last_hours(self._directory, self._time)
        if holes:
            await self._filler.add(holes)

    # -- tools

    def _lease(self) -> Held:
        if self._held is None:
            raise Overtaken("these candles have not begun")
        return self._held

    def _time(self, instrument_id: int) -> int:
        """Return the time at an instrument's source; this machine's if nothing has come of it."""
        found = self._builder.time(instrument_id, monotonic())
        return time.time_ns() // 1000 if found is None else found

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    async def _run(self, function: Callable[..., R], *args: object, **kwargs: object) -> R:
        """Call a function that queries the database in this consumer's thread."""
        call = partial(with_connection, partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)
