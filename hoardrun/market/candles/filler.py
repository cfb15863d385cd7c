"""Fill holes beside the leader's work: each source by a task of its own, so that none waits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db import close_old_connections

from hoardrun.market.candles.backfill import Filling, Missing, fill, settled
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.directory import Directory
from hoardrun.market.candles.histories import Past, Symbol, past_of
from hoardrun.market.candles.holes import OpenHole, hole_list, holes_add
from hoardrun.market.candles.values import Drawn
from hoardrun.market.feeds import fetching
from hoardrun.market.lease import Held, Overtaken
from hoardrun.market.options import sources

LOOK_SECONDS = 0.5  # between two looks for what is due
END_SECONDS = 2.0  # that the end of a term waits for what threads do
FAILED_SECONDS = 5.0  # after the database has failed
TRIES = 3  # of one source, before the next one is asked
OLDER = "Older than what sources are asked for."

logger = logging.getLogger(__name__)
R = TypeVar("R")


class Filler:
    """The holes of all instruments, and the tasks that fill them.

    `clock` is the time at an instrument's source, `first_open` its first minute that is still
    built, `note` is told in the event loop what has changed.
    """

    def __init__(
        self,
        clock: Callable[[int], int],
        first_open: Callable[[int], int | None],
        note: Callable[[Sequence[Drawn]], None],
    ) -> None:
        self.directory = Directory()
        self.holes: list[OpenHole] = []
        self._clock, self._first_open, self._note = clock, first_open, note
        self.pasts: dict[str, Past] = {
            source: past for source in sources() if (past := past_of(source)) is not None
        }
        self._pool = ThreadPoolExecutor(
            max(1, len(self.pasts)) + 1, thread_name_prefix="hoardrun-backfill"
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = Event()
        self._reading = asyncio.Lock()
        self._held: Held | None = None

    async def begin(self, held: Held, missing: Sequence[Missing]) -> None:
        """Begin to fill the holes that there are, and what is missing besides."""
        self._held = held
        await self._read(partial(_add_missing, held, missing))
        self._tasks = [asyncio.ensure_future(self._work(source)) for source in self.pasts]

    async def end(self) -> None:
        """Stop; what a thread is about to store is fenced."""
        self._is_over.set()
        fetching.give_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await shut(self._pool)

    def check(self) -> None:
        """Raise what has ended a task, such as Overtaken."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def add(self, holes: Sequence[Hole]) -> None:
        """Store holes of minutes. Those that no source can fill are left, and marked so."""
        fillable = [hole for hole in holes if self._symbols(hole.instrument_id, 1)]
        others = [hole for hole in holes if not self._symbols(hole.instrument_id, 1)]
        if fillable:
            await self._read(partial(holes_add, held=self._lease(), holes=fillable))
        if others:
            reason = "No source of this instrument has a past."
            add = partial(holes_add, held=self._lease(), holes=others, is_left=True, reason=reason)
            await self._read(add)

    async def add_missing(self, missing: Sequence[Missing]) -> None:
        """Store what is missing when an instrument begins."""
        await self._read(partial(_add_missing, self._lease(), missing))

    def untried(self, minutes: int) -> list[OpenHole]:
        """Return the holes of an interval that a source can fill, and was not asked for yet."""
        return [
            hole
            for hole in self.holes
            if hole.minutes == minutes
            and not hole.tries
            and not hole.is_left
            and self._symbols(hole.instrument_id, minutes)
        ]

    def is_whole(self, minutes: int, instrument_id: int, since: int, until: int) -> bool:
        """Say whether all candles of a time are known, in microseconds."""
        return not any(
            hole.instrument_id == instrument_id
            and hole.minutes == minutes
            and hole.overlaps(since, until)
            for hole in self.holes
        )

    async def _work(self, source: str) -> None:
        loop = asyncio.get_running_loop()

        def note(changed: list[Drawn]) -> None:
            loop.call_soon_threadsafe(self._note, changed)

        while True:
            filling = self._next(source)
            if filling is None:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            try:
                await self._run(partial(fill, self._lease(), filling, note, self._is_over.is_set))
                await self._read(hole_list)
            except DatabaseError as error:
                logger.warning("market: holes in candles wait: %s", error)
                await asyncio.sleep(FAILED_SECONDS)

    def _next(self, source: str) -> Filling | None:
        """Return what a source is to fill now: minutes first, then the longest candles."""
        now = time.monotonic()
        due = [hole for hole in self.holes if not hole.is_left and hole.due_at <= now]
        for hole in sorted(due, key=lambda each: (each.minutes != 1, -each.minutes, each.due_at)):
            symbols = self._symbols(hole.instrument_id, hole.minutes)
            if not symbols:
                continue
            symbol = symbols[hole.tries // TRIES % len(symbols)]
            listing = self.directory.listings[hole.instrument_id]
            if symbol.source == source:
                until = self._until(hole, symbol)
                if hole.since < until:
                    return Filling(hole, listing, symbol, self.pasts[source], until)
        return None

    def _until(self, hole: OpenHole, symbol: Symbol) -> int:
        """Return up to where a hole can be filled now: the candles from there on still run."""
        until = settled(hole.minutes, self._clock(hole.instrument_id), symbol.zone)
        first = self._first_open(hole.instrument_id) if hole.minutes == 1 else None
        return min(hole.until, until if first is None else min(until, first))

    def _symbols(self, instrument_id: int, minutes: int) -> list[Symbol]:
        """Return what the sources with such a past call an active instrument."""
        return [
            symbol
            for symbol in self.directory.symbols.get(instrument_id, ())
            if symbol.source in self.pasts and minutes in self.pasts[symbol.source].minutes
        ]

    def _lease(self) -> Held:
        if self._held is None:
            raise Overtaken("these candles have not begun")
        return self._held

    async def _read(self, function: Callable[[], list[OpenHole]]) -> None:
        """Take in the holes that a function returns; one after the other, so the newest stay."""
        async with self._reading:
            self.holes = await self._run(function)

    async def _run(self, function: Callable[[], R]) -> R:
        call = partial(with_connection, function)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _add_missing(held: Held, missing: Sequence[Missing]) -> list[OpenHole]:
    groups: dict[tuple[int, bool], list[Hole]] = defaultdict(list)
    for minutes, hole, is_left in missing:
        groups[minutes, is_left].append(hole)
    for (minutes, is_left), holes in groups.items():
        reason = OLDER if is_left else ""
        holes_add(held=held, holes=holes, minutes=minutes, is_left=is_left, reason=reason)
    return hole_list()


async def shut(pool: ThreadPoolExecutor) -> None:
    """Let a pool go; wait for its work for a short time only."""
    loop = asyncio.get_running_loop()
    pool.shutdown(wait=False, cancel_futures=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await loop.run_in_executor(None, partial(pool.shutdown, wait=True))


def with_connection(function: Callable[[], R]) -> R:
    """Call a function that queries the database in a thread of our own."""
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()
