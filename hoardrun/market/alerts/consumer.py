"""The engine's consumer of alerts: has prices judged in memory, and stores what follows.

A database that stalls delays alerts and loses none: how far prices were judged is noted for the
next leader, and never beyond what is not stored yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import assert_never

from django.db import Error as DatabaseError

from hoardrun.market.alerts import firing, loading
from hoardrun.market.alerts.board import Arms, Fires, Rearms
from hoardrun.market.alerts.choices import CHANGES
from hoardrun.market.alerts.desk import Desk, Entry
from hoardrun.market.alerts.history import MissedPrices, missed_prices
from hoardrun.market.alerts.judge import Seen, waiting
from hoardrun.market.alerts.missed import Hole
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.work import Task
from hoardrun.market.engine import threads
from hoardrun.market.engine.prices import Item
from hoardrun.market.lease import Held, Overtaken
from hoardrun.market.options import scaled

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2  # between looks for alerts that are to be taken up
CURSOR_SECONDS = 5.0
EXPIRE_SECONDS = 10.0
AGAIN_SECONDS = 1.0  # after the database failed
HOLES_SECONDS = 0.1  # between looks for what was missed
GIVEN_UP_TRIES = 50  # to ask a source for what was missed


class Alerts:
    """A `Consumer` of the engine: one term of leading at a time."""

    def __init__(self) -> None:
        self._held: Held | None = None
        self._desk = Desk()
        self._noted: set[int] = set()  # instruments that have a cursor
        self._arming: set[int] = set()  # alerts
        self._unpriced: set[int] = set()  # instruments
        self._is_due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._next: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many alerts are watched."""
        return len(self._desk)

    async def begin(self, held: Held) -> None:
        """Read all alerts, and ask for the prices that were missed as soon as one has come."""
        loaded = await threads.run(loading.load)
        self._held, self._desk, self._noted = held, loaded.desk, set(loaded.noted)
        self._arming, self._unpriced, self._next = set(), set(), {}
        self._is_due.clear()
        await self._refer()
        self._tasks = [asyncio.ensure_future(each) for each in (self._store(), self._ask())]
        logger.info("market: %d alerts are watched", len(self))

    def take(self, items: Sequence[Item]) -> None:
        self._desk.take(items)
        if self._desk.work:
            self._is_due.set()

    async def turn(self) -> None:
        """Take up new alerts, expire old ones, note how far prices were judged."""
        for task in self._tasks:
            if task.done():
                task.result()  # raises Overtaken
        if self._is_time("poll", scaled(POLL_SECONDS)):
            await self._take_up()
        if self._is_time("cursors", scaled(CURSOR_SECONDS)):
            self._unpriced.clear()
            await self._refer()
            await self._note()
        if self._is_time("expire", scaled(EXPIRE_SECONDS)):
            await threads.run(firing.alerts_expire, self._leads)

    async def end(self) -> None:
        """Stop. What was not stored is for the next leader to find."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def _leads(self) -> Held:
        assert self._held is not None, "begin comes first"
        return self._held

    def _is_time(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + seconds
        return True

    # -- what was decided

    async def _store(self) -> None:
        """Store what was decided, page by page. Raises Overtaken."""
        work = self._desk.work
        while True:
            task = work.next()
            if task is None:
                self._is_due.clear()
                await self._is_due.wait()
                continue
            try:
                await self._store_one(task)
            except Overtaken:
                raise
            except DatabaseError as error:
                logger.warning("market: alerts wait for the database: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            except Exception:  # the others go on
                logger.exception("market: alerts %s were not stored", list(task.effect.ids))
            work.done(task)

    async def _store_one(self, task: Task) -> None:
        key, effect = task.instrument_id, task.effect
        match effect:
            case Fires():
                seen = Seen(effect, task.source)
                judged = await threads.run(firing.alerts_fire, self._leads, seen)
                for row in judged.kept:
                    self._desk.watch(key, _entry(row))
                for row in judged.fired:
                    if row.is_repeated:
                        self._desk.wait(key, waiting(row))
            case Rearms():
                await threads.run(firing.alerts_rearm, self._leads, effect)
            case Arms():
                is_suspended = not self._desk.is_trusted(key)
                await threads.run(firing.alerts_arm, self._leads, effect, is_suspended=is_suspended)
                self._arming.difference_update(effect.ids)
            case _:
                assert_never(effect)

    # -- what is asked for

    async def _take_up(self) -> None:
        """Watch alerts that are new or have changed, once a price of theirs is known."""
        rows = await threads.run(loading.pending_list, firing.PAGE, self._unpriced)
        found: dict[int, list[Entry]] = defaultdict(list)
        for row in rows:
            if row.pk not in self._arming:
                found[row.instrument_id].append(_entry(row))
        if unknown := {key for key in found if self._desk.known(key) is None}:
            self._desk.quote(await threads.run(loading.quoted, unknown))
        for key in unknown:
            if self._desk.known(key) is None:
                self._unpriced.add(key)
                del found[key]
        if new := {key: known for key in found.keys() - self._noted
                   if (known := self._desk.known(key))}:  # fmt: skip
            await threads.run(loading.cursors_store, self._leads, new)
            self._noted.update(new)
        for key, entries in found.items():
            self._desk.take_up(key, entries)
            self._arming.update(each.alert_id for each in entries)
            self._is_due.set()
        if any(each.metric in CHANGES.values() for entries in found.values() for each in entries):
            await self._refer()

    async def _refer(self) -> None:
        """Reckon changes from the prices that hold now."""
        wanted = {
            key: [each for each in board.watches() if not board.remembers(each)]
            for key, board in self._desk.boards.items()
        }
        wanted = {key: metrics for key, metrics in wanted.items() if metrics}
        if not wanted:
            return
        found = await threads.run(loading.references, wanted)
        for key, references in found.items():
            board = self._desk.boards[key]
            for metric, reference in references.items():
                if isinstance(reference, int):
                    board.refer(metric, reference)
                else:
                    board.remember(metric, reference)
            self._desk.look(key)
        self._is_due.set()

    async def _note(self) -> None:
        """Note up to where prices were judged and all that followed is stored."""
        judged = self._desk.judged()
        await threads.run(loading.cursors_store, self._leads, judged)
        self._noted.update(judged)

    async def _ask(self) -> None:
        """Ask sources for the prices that were missed."""
        missed = self._desk.missed
        while True:
            hole = missed.due(time.monotonic())
            if hole is None:
                await asyncio.sleep(HOLES_SECONDS)
                continue
            try:
                found = await threads.run(missed_prices, hole)
            except Exception:
                logger.exception("market: what was missed of %s is not known", hole)
                missed.closed(hole)
                continue
            self._judge(hole, found)

    def _judge(self, hole: Hole, found: MissedPrices) -> None:
        for each in found.prices:
            self._desk.fill(
                hole.instrument_id, each.high, each.low, each.since, each.until, hole.source
            )
        self._is_due.set()
        if found.retry_seconds is None:
            self._desk.missed.closed(hole)
        elif hole.tries < GIVEN_UP_TRIES:
            self._desk.missed.later(hole, time.monotonic() + found.retry_seconds)
        else:
            logger.warning("market: gave up asking for what was missed of %s", hole)
            self._desk.missed.closed(hole)


def _entry(row: PriceAlert) -> Entry:
    return Entry(row.pk, row.version, row.metric, row.is_above, row.threshold)
