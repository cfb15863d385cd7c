"""One connection to a venue: sends what it must, reads what comes, and notices its end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from hoardrun.market.feeds.backoff import Budget
from hoardrun.market.feeds.events import Event, Odd, Reconnect
from hoardrun.market.feeds.intake import Ending, Intake, Shared
from hoardrun.market.feeds.pace import Pace
from hoardrun.market.feeds.reading import clipped
from hoardrun.market.feeds.subscriptions import Ask
from hoardrun.market.feeds.venue import Venue

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25  # between two looks at the clocks
STALL_SECONDS = 0.1  # real ones: beyond it this process was held up, not the venue
LIFE = 0.95  # the part of a connection's life after which the next one is opened


class Link:
    """Run one connection. `task` ends with its `Ending`; `retiring` asks for a successor.

    `settled` is set once each symbol was answered, or its answer is overdue.
    """

    def __init__(
        self,
        socket: ClientConnection,
        venue: Venue,
        shared: Shared,
        *,
        pace: Pace,
        wake: asyncio.Event,
    ) -> None:
        self._socket = socket
        self._venue = venue
        self._shared = shared
        self._pace = pace
        self._wake = wake
        self._stalled = 0.0
        self._outbox: deque[str] = deque(venue.opening())
        self._has_mail = asyncio.Event()
        self._pinged_at = self._venue_pinged_at = self._now()
        self._intake = Intake(venue, shared, self._now())
        self._seen_version = 0
        self.name = venue.name
        self.subscriptions = self._intake.subscriptions
        self.liveness = self._intake.liveness
        self.last_at = self._intake.last_at
        self.retiring = asyncio.Event()
        self.retiring_reason = ""
        self.settled = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    def retire(self, reason: str) -> None:
        """Ask for a successor. This connection goes on until there is one."""
        self.retiring_reason = self.retiring_reason or reason
        self.retiring.set()

    def unproven_seconds(self, symbol: str) -> float | None:
        """Return how long ago a heartbeat proved the newest price of a symbol, if one did."""
        proven = self.liveness.proven_at(symbol)
        if proven is None or not self.subscriptions.is_live(symbol):
            return None
        return self._now() - proven

    def ending(self) -> Ending:
        """Return why the connection ended, which it has."""
        if self.task.cancelled():
            return Ending("closed by us")
        if (error := self.task.exception()) is not None:
            logger.error("market: %s: its session failed", self.name, exc_info=error)
            return Ending(f"failed: {error}")
        return self.task.result()

    async def close(self) -> None:
        """End the connection. Its task ends with it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def _now(self) -> float:
        """Return the link's time. It stands still while this process is held up."""
        return self._pace.now() - self._stalled

    async def _run(self) -> Ending:
        reading = asyncio.create_task(self._read())
        keeping = asyncio.create_task(self._keep())
        writing = asyncio.create_task(self._write())
        try:
            await asyncio.wait({reading, keeping}, return_when=asyncio.FIRST_COMPLETED)
            return await (reading if reading.done() else keeping)
        finally:
            for task in (reading, keeping, writing):
                task.cancel()
            await asyncio.gather(reading, keeping, writing, return_exceptions=True)
            await self._socket.close()

    # -- reading

    async def _read(self) -> Ending:
        while True:
            try:
                frame = await self._socket.recv()
            except ConnectionClosed as error:
                return Ending(clipped(f"closed: {error}"))
            text = frame if isinstance(frame, str) else frame.decode(errors="replace")
            self._shared.health.frames += 1
            for event in self._events(text):
                match self._intake.act(event, self._now()):
                    case Ending() as ending:
                        return ending
                    case Reconnect(reason):
                        self.retire(reason)
            self._wake.set()

    def _events(self, text: str) -> Sequence[Event]:
        try:
            return self._venue.read(text)
        except Exception:  # of an adapter with a mistake: one frame is lost, not the connection
            logger.exception("market: %s: a frame was not read", self.name)
            return (Odd("The adapter failed."),)

    # -- writing

    async def _write(self) -> None:
        """Send what was posted, within the venue's rate. The reader says why a connection ended."""
        budget = Budget(max(1, int(self._venue.limits.frames_a_second)), 1.0)
        while True:
            await self._has_mail.wait()
            self._has_mail.clear()
            while self._outbox:
                while (wait := budget.wait(self._now())) > 0:
                    await self._pace.sleep(wait)
                budget.use(self._now())
                try:
                    await self._socket.send(self._outbox[0])
                except ConnectionClosed:
                    return
                self._outbox.popleft()

    def _post(self, ask: Ask) -> None:
        for part in ask.drop:
            self._outbox.extend(self._venue.unsubscribe(part))
        for part in ask.add:
            self._outbox.extend(self._venue.subscribe(part))
        if self._outbox:
            self._has_mail.set()

    # -- keeping

    async def _keep(self) -> Ending:
        while True:
            now = self._now()
            self._post(self._intake.want(now))
            unanswered = self.subscriptions.overdue(now)
            quiet = self._intake.probes(now, may_probe=not self._outbox)
            self._post(self.subscriptions.ask_again(dict.fromkeys([*unanswered, *quiet]), now))
            if self.subscriptions.is_settled:
                self.settled.set()
            if self._seen_version != self.subscriptions.version:
                self._seen_version = self.subscriptions.version
                self._wake.set()
            if why := self.liveness.death(now, is_subscribed=bool(self.subscriptions.live())):
                return Ending(why)
            life = self._venue.limits.life_seconds
            if life is not None and now - self.liveness.opened_at > life * LIFE:
                self.retire("the connection has reached its age")
            await self._ping(now)
            before = self._pace.now()
            await self._pace.sleep(LOOK_SECONDS)
            late = self._pace.now() - before - LOOK_SECONDS
            if late > STALL_SECONDS * self._pace.rate:
                self._stalled += late

    async def _ping(self, now: float) -> None:
        limits = self._venue.limits
        if limits.ping_seconds is not None and now - self._venue_pinged_at >= limits.ping_seconds:
            self._venue_pinged_at = now
            if (text := self._venue.ping()) is not None:
                self._outbox.append(text)
                self._has_mail.set()
        if now - self._pinged_at < limits.silence_seconds / 3:
            return
        self._pinged_at = now
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                pong = asyncio.ensure_future(await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return  # nothing can be sent: the clocks or the reader will say why
        pong.add_done_callback(self._ponged)

    def _ponged(self, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            self.liveness.pong_at = self._now()
