"""Lead while this process has a lease: take it, renew it, and stop before another may have it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

from django.db import Error as DatabaseError

from hoardrun.market import lease
from hoardrun.market.engine import threads
from hoardrun.market.engine.tasks import to_the_end
from hoardrun.market.lease import Held
from hoardrun.market.options import scaled

TRY_SECONDS = 1.0  # between two tries to lead, less up to half of it by chance
AGAIN_SECONDS = 5.0  # after work that failed: another node may do better meanwhile

logger = logging.getLogger(__name__)

Work = Callable[[Held], Coroutine[Any, Any, None]]


class Candidate:
    """A process that would lead a source, or the engine.

    `work` runs while the lease is held, and is cancelled when it is lost, or could be: then the
    lease is released only once it has ended. `may` says whether this process is to lead now; one
    that is to lead no more gives the lease back when it would renew it.
    """

    def __init__(
        self, name: str, holder: str, work: Work, *, may: Callable[[], bool] = lambda: True
    ) -> None:
        self.name = name
        self.held: Held | None = None
        self.terms = 0  # that it has led
        self.is_unsure = False  # it stops, and does not know whether another follows
        self._holder = holder
        self._work = work
        self._may = may

    async def run(self) -> None:
        """Try to lead, and do so, until cancelled."""
        while True:
            pause = scaled(TRY_SECONDS) * random.uniform(0.5, 1)
            if self._may():
                began = time.monotonic()
                try:
                    held = await self._acquire()
                except DatabaseError as error:
                    logger.warning("market: %s has no leader here: %s", self.name, error)
                else:
                    if held is not None and not await self._lead(held, began):
                        pause = scaled(AGAIN_SECONDS)
            await asyncio.sleep(pause)

    async def _acquire(self) -> Held | None:
        """Ask for the lease; if cancelled meanwhile, give back what was got all the same."""
        asking = asyncio.ensure_future(threads.run_lease(lease.acquire, self.name, self._holder))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            [held] = await asyncio.gather(asking, return_exceptions=True)
            if isinstance(held, Held):
                await self._release(held)
            raise

    async def _lead(self, held: Held, began: float) -> bool:
        """Work until the lease is lost; return whether the work had no fault of its own."""
        self.held, self.is_unsure = held, False
        self.terms += 1
        logger.info("market: this process leads %s, epoch %d", held.name, held.epoch)
        work = asyncio.ensure_future(self._work(held))
        keeping = asyncio.ensure_future(self._keep(held, began))
        try:
            await asyncio.wait([work, keeping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            failed = work.done() and not work.cancelled() and work.exception()
            self.held = None
            for task in (work, keeping):
                task.cancel()
            await to_the_end(self._end(held, work, keeping))
        if not failed:
            return True
        if isinstance(failed, (lease.Overtaken, DatabaseError)):
            logger.warning("market: %s: %s", held.name, failed)
            return isinstance(failed, lease.Overtaken)
        logger.error("market: leading %s failed", held.name, exc_info=failed)
        return False

    async def _end(self, held: Held, *tasks: asyncio.Task[None]) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        logger.info("market: this process leads %s no more", held.name)
        await self._release(held)

    async def _release(self, held: Held) -> None:
        try:
            async with asyncio.timeout(lease.STATEMENT_SECONDS):
                await threads.run_lease(lease.release, held)
        except (DatabaseError, TimeoutError) as error:  # it expires by itself
            logger.warning("market: the lease of %s is not released: %r", held.name, error)

    async def _keep(self, held: Held, began: float) -> None:
        """Renew until that fails, another is to lead, or it is too late to know who does."""
        terms = lease.terms()
        until = began + terms.ttl - terms.margin
        while True:
            now = time.monotonic()
            if now >= until:
                logger.warning("market: the lease of %s could not be renewed in time", held.name)
                self.is_unsure = True
                return
            await asyncio.sleep(min(terms.renew, until - now))
            if not self._may():
                logger.info("market: another process is to lead %s", held.name)
                self.is_unsure = True
                return
            began = time.monotonic()
            try:
                async with asyncio.timeout(max(0.01, until - began)):
                    if not await threads.run_lease(lease.renew, held):
                        logger.warning("market: another process leads %s", held.name)
                        return
            except (DatabaseError, TimeoutError) as error:
                logger.warning("market: the lease of %s is not renewed: %r", held.name, error)
                await asyncio.sleep(min(terms.renew / 10, max(0.0, until - time.monotonic())))
            else:
                until = began + terms.ttl - terms.margin
