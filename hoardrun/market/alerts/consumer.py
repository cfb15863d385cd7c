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
from hoardrun.market.alerts.imported import imported_list
from hoardrun.market.alerts.judge import waiting
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
FAILED_SECONDS = 10.0  # after anything else
HOLES_SECONDS = 0.1  # between looks for what was missed
GIVEN_UP_TRIES = 50  # to ask a source for what was missed


class Alerts:
    """A `Consumer` of the engine: one term of leading at a time."""

    def __init__(self) -> None:
        self._held: Held | None = None
        self._desk = Desk()
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
        self._held, self._desk = held, await threads.run(loading.load)
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
            await self._hear()
            await self._note()
        if self._is_time("expire", scaled(EXPIRE_SECONDS)):
            unjudged = self._desk.unjudged()
            if await threads.run(firing.alerts_expire, self._leads, unjudged) == firing.PAGE:
                del self._next["expire"]  # there are more

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
                work.failed(task)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            except Exception:
                if len(task.effect.ids) > 1:
                    work.failed(task)
                    continue
                logger.exception("market: alert %d was not stored", *task.effect.ids)
            work.done(task)

    async def _store_one(self, task: Task) -> None:
        key, effect = task.instrument_id, task.effect
        match effect:
            case Fires():
                found = await threads.run(firing.alerts_fire, self._leads, effect, task.source)
                for row in found.kept:
                    self._desk.watch(key, _entry(row))
                for row in found.waiting:
                    self._desk.wait(key, waiting(row))
            case Rearms():
                for row in await threads.run(firing.alerts_rearm, self._leads, effect):
                    self._desk.wait(key, waiting(row))
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
        found: dict[int, list[PriceAlert]] = defaultdict(list)
        for row in rows:
            if row.pk not in self._arming:
                found[row.instrument_id].append(row)
        if unknown := {key for key in found if self._desk.known(key) is None}:
            self._desk.quote(await threads.run(loading.quoted, unknown))
        for key in unknown:
            if self._desk.known(key) is None:
                self._unpriced.add(key)
                del found[key]
        # Nothing was judged for them so far: what came before does not concern them.
        new = {key: known for key in found.keys() - self._desk.boards.keys()
               if (known := self._desk.known(key))}  # fmt: skip
        await threads.run(loading.cursors_store, self._leads, new)
        taken = [row for alerts in found.values() for row in alerts]
        await self._wait_for([row for row in taken if row.waits_for_way_back])
        for key, alerts in found.items():
            entries = [_entry(row) for row in alerts if not row.waits_for_way_back]
            if entries:
                self._desk.take_up(key, entries)
                self._arming.update(each.alert_id for each in entries)
                self._is_due.set()
        if any(row.metric in CHANGES.values() for row in taken):
            await self._refer()

    async def _wait_for(self, rows: Sequence[PriceAlert]) -> None:
        """Wait for the way back of alerts that their users had fire, or have changed meanwhile."""
        if rows:
            versions = {row.pk: row.version for row in rows}
            for row in await threads.run(firing.alerts_wait, self._leads, versions):
                self._desk.wait(row.instrument_id, waiting(row))

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

    async def _hear(self) -> None:
        """Judge prices that came by file since."""
        found = await threads.run(imported_list)
        self.take([item for item in found if self._desk.is_news(item)])

    async def _note(self) -> None:
        """Note up to where prices were judged and all that followed is stored."""
        judged = self._desk.judged()
        await threads.run(loading.cursors_store, self._leads, judged)

    async def _ask(self) -> None:
        """Ask sources for the prices that were missed."""
        missed = self._desk.missed
        while True:
            hole = missed.due(time.monotonic())
            if hole is None:
                await asyncio.sleep(HOLES_SECONDS)
                continue
            try:
                found = await threads.run_slow(missed_prices, hole)
            except DatabaseError as error:
                logger.warning("market: what was missed waits for the database: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            except Exception:
                logger.exception("market: what was missed of %s is not known", hole)
                found = MissedPrices((), FAILED_SECONDS)
            self._judge(hole, found)

    def _judge(self, hole: Hole, found: MissedPrices) -> None:
        self._desk.fill(hole.instrument_id, found.prices, hole.source)
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
