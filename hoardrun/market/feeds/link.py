"""One connection to a venue: sends what it must, reads what comes, and notices its end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from hoardrun.market.feeds.backoff import Budget
from hoardrun.market.feeds.events import (
    Bar,
    Event,
    Failed,
    Halt,
    Heartbeat,
    Missed,
    Odd,
    Pong,
    Reconnect,
    Refused,
    Subscribed,
    Ticker,
    Trade,
    VenueState,
)
from hoardrun.market.feeds.health import Health
from hoardrun.market.feeds.latest import Latest
from hoardrun.market.feeds.liveness import Liveness, Quiet
from hoardrun.market.feeds.pace import Pace
from hoardrun.market.feeds.subscriptions import Ask, Subscriptions
from hoardrun.market.feeds.venue import Venue

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25  # between two looks at the clocks
STALL_SECONDS = 0.1  # real ones: beyond it this process was held up, not the venue
LIFE = 0.95  # the part of a connection's life after which the next one is opened


@dataclass(slots=True)
class Shared:
    """What all connections of a session share."""

    symbols: Callable[[], Sequence[str]]
    quiet_after: Callable[[str], float | None]
    pace: Pace
    wake: asyncio.Event
    health: Health = field(default_factory=Health)
    latest: Latest = field(default_factory=Latest)
    refused: dict[str, str] = field(default_factory=dict)
    data_at: dict[str, float] = field(default_factory=dict)  # of each symbol, session's clock
    # Of each symbol, the venue's time of the last data before the connection broke.
    holes: dict[str, int] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection ended."""

    reason: str
    is_fatal: bool = False


class Link:
    """Run one connection. `task` ends with its `Ending`; `retiring` asks for a successor.

    `settled` is set once each symbol was answered, or its answer is overdue.
    """

    def __init__(self, socket: ClientConnection, venue: Venue, shared: Shared) -> None:
        self._socket = socket
        self._venue = venue
        self._shared = shared
        self._stalled = 0.0
        self._outbox: deque[str] = deque(venue.opening())
        self._has_mail = asyncio.Event()
        self._doubts: dict[str, tuple[int, int]] = {}
        self._pinged_at = self._venue_pinged_at = self._now()
        self.subscriptions = Subscriptions(venue.limits, len(venue.channels), shared.refused)
        self.liveness = Liveness(venue.limits, self._now())
        self.last_at: dict[str, int] = {}  # the venue's time of each symbol's last data here
        self.retiring = asyncio.Event()
        self.retiring_reason = ""
        self.settled = asyncio.Event()
        self._seen_version = 0
        self.task = asyncio.create_task(self._run())

    @property
    def name(self) -> str:
        return self._venue.name

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

    async def close(self) -> None:
        """End the connection. Its task ends with it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def _now(self) -> float:
        """Return the link's time. It stands still while this process is held up."""
        return self._shared.pace.now() - self._stalled

    async def _run(self) -> Ending:
        tasks = [asyncio.create_task(work()) for work in (self._read, self._write, self._keep)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._socket.close()

    # -- reading

    async def _read(self) -> Ending:
        while True:
            try:
                frame = await self._socket.recv()
            except ConnectionClosed as error:
                return Ending(f"closed: {error}")
            text = frame if isinstance(frame, str) else frame.decode(errors="replace")
            self._shared.health.frames += 1
            for event in self._events(text):
                if (ending := self._act(event)) is not None:
                    return ending
            self._shared.wake.set()

    def _events(self, text: str) -> Sequence[Event]:
        try:
            return self._venue.read(text)
        except Exception:  # of an adapter with a mistake: one frame is lost, not the connection
            logger.exception("market: %s: a frame was not read", self._venue.name)
            return (Odd("The adapter failed."),)

    def _act(self, event: Event) -> Ending | None:
        now, shared = self._now(), self._shared
        match event:
            case Ticker() | Trade() | Bar():
                self._take(event, now)
            case Halt():
                if event.symbol in self.subscriptions:
                    shared.latest.put(event)
            case Subscribed():
                self.subscriptions.accepted(event.symbol, event.channel)
                if self.subscriptions.is_live(event.symbol):
                    self._fill(event.symbol)
                for words in event.warnings:
                    self._warn(f"{self._venue.name} warns: {words}")
            case Refused():
                if self.subscriptions.refuse(event.symbol, event.reason):
                    logger.warning(
                        "market: %s refuses %s: %s", self._venue.name, event.symbol, event.reason
                    )
            case Heartbeat():
                self.liveness.heartbeat_at = now
            case Pong():
                self.liveness.pong_at = now
            case VenueState():
                if (shared.health.is_online, shared.health.words) != (event.is_online, event.words):
                    logger.info("market: %s is %s", self._venue.name, event.words)
                shared.health.is_online, shared.health.words = event.is_online, event.words
            case Missed():
                if (at := shared.latest.at(event.symbol)) is not None:
                    shared.latest.lose(event.symbol, at)
            case Reconnect():
                self.retire(event.reason)
            case Failed():
                return Ending(event.reason, event.is_fatal)
            case Odd():
                shared.health.odd += 1
                shared.health.odd_reason = event.why
                self._warn(f"{self._venue.name} sent what cannot be read: {event.why}")
            case _:
                assert_never(event)
        return None

    def _take(self, event: Ticker | Trade | Bar, now: float) -> None:
        symbol, shared = event.symbol, self._shared
        if symbol not in self.subscriptions:
            return  # it was given up, and its last frames were under way
        at = event.begin if isinstance(event, Bar) and event.at is None else event.at
        assert at is not None
        was_live = self.subscriptions.is_live(symbol)
        self._fill(symbol)
        told, venue_now = self._doubts.pop(symbol, (at, at))
        if told < at < venue_now:
            shared.latest.lose(symbol, told)  # it happened before we asked anew, and unsaid
        elif not was_live and symbol in self.last_at:
            shared.latest.lose(symbol, self.last_at[symbol])
        self.liveness.data(symbol, now)
        self.subscriptions.seen(symbol)
        self.last_at[symbol] = max(at, self.last_at.get(symbol, at))
        shared.data_at[symbol] = shared.pace.now()
        shared.latest.put(event)

    def _fill(self, symbol: str) -> None:
        """End the hole that the last connection has left: from now on nothing is missed."""
        if (since := self._shared.holes.pop(symbol, None)) is not None:
            self.last_at.setdefault(symbol, since)
            self._shared.latest.lose(symbol, since)

    def _warn(self, words: str) -> None:
        """Log a line once in a session's life; a venue repeats itself without end."""
        if words not in self._shared.warned and len(self._shared.warned) < 100:
            self._shared.warned.add(words)
            logger.warning("market: %s", words)

    # -- writing

    async def _write(self) -> Ending:
        limits = self._venue.limits
        budget = Budget(max(1, int(limits.frames_a_second)), 1.0)
        while True:
            await self._has_mail.wait()
            self._has_mail.clear()
            while self._outbox:
                while (wait := budget.wait(self._now())) > 0:
                    await self._shared.pace.sleep(wait)
                budget.use(self._now())
                try:
                    await self._socket.send(self._outbox.popleft())
                except ConnectionClosed as error:
                    return Ending(f"closed: {error}")

    def _post(self, ask: Ask) -> None:
        for part in ask.drop:
            self._outbox.extend(self._venue.unsubscribe(part))
        for part in ask.add:
            self._outbox.extend(self._venue.subscribe(part))
        if self._outbox:
            self._has_mail.set()

    # -- keeping

    async def _keep(self) -> Ending:
        limits, pace = self._venue.limits, self._shared.pace
        while True:
            now = self._now()
            self._post(self.subscriptions.want(self._shared.symbols(), now))
            if unanswered := self.subscriptions.overdue(now):
                self._post(self.subscriptions.ask_again(unanswered, now))
            self._look_for_quiet(now)
            if self.subscriptions.is_settled:
                self.settled.set()
            if self._seen_version != self.subscriptions.version:
                self._seen_version = self.subscriptions.version
                self._shared.wake.set()
            served = self.subscriptions.live()
            if why := self.liveness.death(now, is_subscribed=bool(served)):
                return Ending(why)
            if limits.life_seconds and now - self.liveness.opened_at > limits.life_seconds * LIFE:
                self.retire("the connection has reached its age")
            await self._ping(now)
            before = pace.now()
            await pace.sleep(LOOK_SECONDS)
            late = pace.now() - before - LOOK_SECONDS
            if late > STALL_SECONDS * pace.rate:
                self._stalled += late

    def _look_for_quiet(self, now: float) -> None:
        probes = []
        for symbol, quiet in self.liveness.quiet(
            self.subscriptions.live(), self._shared.quiet_after, now
        ):
            match quiet:
                case Quiet.SILENT:
                    self.subscriptions.silence(symbol, "No data while other symbols move.")
                case Quiet.PROBE:
                    probes.append(symbol)
                    if (told := self._shared.latest.at(symbol)) is not None:
                        self._doubts[symbol] = (told, self._shared.latest.newest_at)
                case _:
                    assert_never(quiet)
        if probes:
            self._post(self.subscriptions.ask_again(probes, now))

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
