"""The leader of the engine: it gives what sources accept to candles and alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from django.db import Error as DatabaseError

from hoardrun.market.engine.holes import Holes
from hoardrun.market.engine.prices import Accepted, Consumer, Item
from hoardrun.market.engine.tasks import to_the_end
from hoardrun.market.lease import Held, Overtaken

TURN_SECONDS = 0.1
FAILED_SECONDS = 1.0  # before the next turn of a consumer whose turn failed
MAX_WAITING = 50_000  # items, while consumers begin

logger = logging.getLogger(__name__)


class EngineLeader:
    """Runs consumers for one term of the engine's lease."""

    def __init__(self, consumers: Sequence[Consumer]) -> None:
        self._consumers = consumers
        self._waiting: list[Item] = []
        self._holes = Holes()
        self._is_ready = False
        self.taken = 0

    async def run(self, held: Held) -> None:
        """Begin, and have the consumers work until cancelled. Raises Overtaken, and what hinders
        the beginning. Ends the consumers in any case.
        """
        turns: list[asyncio.Task[None]] = []
        try:
            for each in self._consumers:
                await each.begin(held)
            self._is_ready = True
            waiting, self._waiting = self._waiting, []
            self._give(self._holes.closed_by(waiting))
            turns = [asyncio.ensure_future(self._turns(each)) for each in self._consumers]
            await asyncio.gather(*turns or (asyncio.Event().wait(),))
        finally:
            self._is_ready = False
            # One that was frozen is told twice, by its lease and by what it stores.
            await to_the_end(self._end(turns))

    async def _end(self, turns: Sequence[asyncio.Task[None]]) -> None:
        for task in turns:
            task.cancel()
        await asyncio.gather(*turns, return_exceptions=True)
        for each in self._consumers:
            try:
                await each.end()
            except Exception:
                logger.exception("market: %s did not end well", type(each).__name__)

    def take(self, items: Sequence[Item]) -> None:
        """Take items in, in the event loop; keep them while the consumers begin."""
        self.taken += len(items)
        if self._is_ready:
            self._give(self._holes.closed_by(items))
            return
        self._waiting.extend(items)
        if len(self._waiting) > MAX_WAITING:
            dropped, self._waiting = self._waiting, []
            for item in dropped:
                if isinstance(item, Accepted) and not item.is_history:
                    self._holes.open(item.instrument_id, item.at)

    def _give(self, items: Sequence[Item]) -> None:
        for each in self._consumers:
            try:
                each.take(items)
            except Exception:  # a mistake of one must not stop the others
                logger.exception("market: %s failed to take prices", type(each).__name__)

    async def _turns(self, consumer: Consumer) -> None:
        while True:
            pause = TURN_SECONDS
            try:
                await consumer.turn()
            except Overtaken:
                raise
            except DatabaseError as error:
                logger.warning("market: %s waits: %s", type(consumer).__name__, error)
                pause = FAILED_SECONDS
            except Exception:
                logger.exception("market: a turn of %s failed", type(consumer).__name__)
                pause = FAILED_SECONDS
            await asyncio.sleep(pause)
