"""Keep the connection to one venue, and hand over what it says.

A venue's frames are its own (`venue.py`); everything else about a connection is here: when it is
opened, how long to wait after it failed, and how one takes over from another without a hole.
`link.py` runs one connection. docs/market.md says how a connection is kept.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException

from hoardrun import __version__
from hoardrun.market.feeds.backoff import MAX_SECONDS, Backoff, Budget, retry_after
from hoardrun.market.feeds.health import Health, LinkState
from hoardrun.market.feeds.intake import Ending, Shared
from hoardrun.market.feeds.latest import Turn
from hoardrun.market.feeds.link import Link
from hoardrun.market.feeds.pace import Pace
from hoardrun.market.feeds.reading import clipped
from hoardrun.market.feeds.subscriptions import Change, SymbolState
from hoardrun.market.feeds.venue import Venue

logger = logging.getLogger(__name__)

STEADY_SECONDS = 60.0  # with data: the next failure is a first one again
CLOSE_SECONDS = 0.5  # for the venue's answer to our close
OPEN_SECONDS = 10.0
MAX_FRAME_BYTES = 4 * 2**20  # a snapshot of many symbols
BUSY = (418, 429, 503)  # HTTP statuses that ask to come later


def _default_quiet(symbol: str) -> float | None:
    return 60.0


class Session:
    """Keep one venue's connection.

    Reading never waits for the taker: tickers are kept newest per symbol, trades and candles up to
    a bound, beyond which they become `Lost`. All limits are seconds of the session's clock, of
    which there are `pace` in each real second. Needs no database. Not for use by several threads.
    """

    def __init__(
        self,
        venue: Callable[[], Venue],
        url: str,
        *,
        symbols: Callable[[], Sequence[str]],
        quiet_after: Callable[[str], float | None] = _default_quiet,
        pace: float = 1.0,
        draw: random.Random | None = None,
    ) -> None:
        """`venue` makes one object for each connection: a class, or a function that has its keys.

        `symbols` are the venue's names of those to follow; it is asked all the time and must be
        cheap. `quiet_after` gives the seconds after which the price of a symbol is stale, None
        while nothing is expected of it: its market is closed, or it is halted.
        """
        self._venue = venue
        self._url = url
        self._limits = venue().limits
        self._pace = Pace(pace)
        self.wake = asyncio.Event()  # set while `take` has something, also after a change of health
        self._shared = Shared(symbols, quiet_after, self._pace.now)
        self._backoff = Backoff(draw)
        self._budget = Budget(self._limits.connects, self._limits.connects_seconds)
        self._not_before = 0.0
        self._fatal = ""
        self._reset = asyncio.Event()
        self._has_connected = False
        self._current: Link | None = None
        self._links: set[Link] = set()
        self._published: dict[str, tuple[SymbolState, str]] = {}
        self._published_of: tuple[Link | None, int] = (None, 0)

    # -- for the one who takes

    def take(self) -> Turn:
        """Return what came since the last call. Never waits."""
        self.wake.clear()
        return self._shared.latest.take(self._changes(), self.health)

    @property
    def health(self) -> Health:
        latest = self._shared.latest
        return replace(self._shared.health, duplicates=latest.duplicates, dropped=latest.dropped)

    def state(self, symbol: str) -> SymbolState | None:
        """Return the state of a symbol; None if it is not followed, or nothing is connected."""
        if self._current is None:
            return None
        return self._current.subscriptions.states().get(symbol, (None, ""))[0]

    def age(self, symbol: str) -> float | None:
        """Return for how many seconds the newest price of a symbol is unproven.

        Proof is data of the symbol, or a later heartbeat of the venue while the venue is online
        and the symbol `live`. None: no price has come since the session began.
        """
        if (data_at := self._shared.data_at.get(symbol)) is None:
            return None
        age = self._pace.now() - data_at
        if self._current is not None and self._shared.health.is_online:
            unproven = self._current.unproven_seconds(symbol)
            age = age if unproven is None else min(age, unproven)
        return age

    def reset(self) -> None:
        """Forget refusals and a failure that stopped the session, and try again at once.

        For a changed configuration. The venue's limit of connects still holds.
        """
        self._fatal = ""
        self._backoff.reset()
        self._not_before = 0.0
        self._shared.refused.clear()
        for link in self._links:  # those that hold refusals of their own
            link.subscriptions.forget_refusals()
        self._reset.set()

    async def close(self) -> None:
        """End all connections. For those who do not cancel `run`, which does so itself."""
        await asyncio.gather(*(link.close() for link in self._links))

    # -- keeping

    async def run(self) -> None:
        """Keep the connection until cancelled. Raises nothing else."""
        try:
            while True:
                if self._current is None:
                    self._current = await self._open()
                link = self._current
                self._say(LinkState.OPEN)
                await _first(link.task, link.retiring)
                if link.task.done():
                    self._ended(link)
                else:
                    await self._change(link)
        finally:
            self._current = None
            await self.close()
            self._say(LinkState.CONNECTING)

    async def _open(self) -> Link:
        """Return a new connection, after as many attempts as it takes."""
        while True:
            await self._turn()
            self._budget.use(self._pace.now())
            self._say(LinkState.CONNECTING)
            health = self._shared.health
            health.attempts += 1
            venue = self._venue()
            try:
                socket = await self._socket()
            except (OSError, WebSocketException, EOFError, ValueError) as error:
                self._failed(venue, error)
                continue
            health.reconnects += self._has_connected
            self._has_connected = True
            link = Link(socket, venue, self._shared, pace=self._pace, wake=self.wake)
            self._links = {old for old in self._links if not old.task.done()} | {link}
            logger.info("market: %s: connected", venue.name)
            return link

    async def _socket(self) -> ClientConnection:
        return await connect(
            self._url,
            user_agent_header=f"hoardrun/{__version__}",
            open_timeout=max(1.0, self._pace.real(OPEN_SECONDS)),
            ping_interval=None,  # the link has clocks of its own
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_FRAME_BYTES,
        )

    async def _turn(self) -> None:
        """Wait until an attempt may be made."""
        while True:
            now = self._pace.now()
            wait = max(self._not_before - now, self._budget.wait(now))
            if not self._fatal and wait <= 0:
                return
            self._reset.clear()
            if self._fatal:
                self._say(LinkState.STOPPED)
                await self._reset.wait()
                continue
            self._shared.health.retry_seconds = wait
            self._say(LinkState.WAITING)
            try:
                async with asyncio.timeout(self._pace.real(wait)):
                    await self._reset.wait()
            except TimeoutError:
                continue

    async def _change(self, link: Link) -> None:
        """Open the successor of a connection, and close that one once the successor serves."""
        name, reason = link.name, link.retiring_reason
        logger.info("market: %s: changes its connection: %s", name, reason)
        if link.liveness.data_seconds < STEADY_SECONDS:  # else it might go on without end
            self._not_before = self._pace.now() + self._backoff.delay()
        opening = asyncio.create_task(self._open())
        try:
            await _first(link.task, opening)
            if link.task.done():
                self._ended(link)
            successor = await opening
        finally:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        if not link.task.done():
            await _first(link.task, successor.task, successor.settled)
        if successor.task.done():
            self._ended(successor)
        elif not link.task.done():
            self._shared.health.reason = reason
            self._hand_over(link.last_at, successor)
            await link.close()
        else:
            if self._current is link:
                self._ended(link)
            self._hand_over({}, successor)

    def _hand_over(self, served: Mapping[str, int], successor: Link) -> None:
        """Go on with another connection. `served` is what the former one has served until now.

        What it leaves and the successor does not serve yet is a hole, until that does.
        """
        self._current = successor
        holes = self._shared.holes
        for symbol in [*holes]:
            if successor.subscriptions.is_live(symbol):
                self._shared.latest.lose(symbol, holes.pop(symbol))
        for symbol, at in served.items():
            if not successor.subscriptions.is_live(symbol):
                holes.setdefault(symbol, at)

    # -- failing

    def _ended(self, link: Link) -> None:
        """Note that a connection has ended: what it served has a hole until the next serves it."""
        ending = link.ending()
        logger.warning("market: %s: %s", link.name, ending.reason)
        if link is self._current:
            self._current = None
            self._say(LinkState.STOPPED if self._fatal else LinkState.WAITING)
        if self._current is None:
            for symbol, at in link.last_at.items():
                self._shared.holes.setdefault(symbol, at)
        if link.liveness.data_seconds >= STEADY_SECONDS:
            self._backoff.reset()
        planned = link.retiring.is_set() and link.liveness.data_seconds >= STEADY_SECONDS
        delay = 0.0 if planned else self._backoff.delay()
        self._fail(ending, delay)

    def _failed(self, venue: Venue, error: Exception) -> None:
        """Note that no connection was made."""
        ending = Ending(clipped(f"not connected: {str(error) or type(error).__name__}"))
        delay = self._backoff.delay()
        if isinstance(error, InvalidURI):
            ending = Ending(str(error), is_fatal=True)
        elif isinstance(error, InvalidStatus):
            status = error.response.status_code
            ending = Ending(f"not connected: HTTP {status}", venue.is_fatal(status))
            if status in BUSY:
                asked = retry_after(error.response.headers.get("Retry-After"))
                delay = max(delay, MAX_SECONDS if asked is None else asked)
        logger.warning("market: %s: %s", venue.name, ending.reason)
        self._fail(ending, delay)

    def _fail(self, ending: Ending, delay: float) -> None:
        self._shared.health.reason = ending.reason
        self._not_before = max(self._not_before, self._pace.now() + delay)
        if ending.is_fatal:
            self._fatal = ending.reason
            logger.error("market: the session stops until its configuration changes")
        self.wake.set()

    # -- saying

    def _say(self, state: LinkState) -> None:
        if self._current is not None:
            state = LinkState.OPEN
        if self._shared.health.state is not state:
            self._shared.health.state = state
            self.wake.set()

    def _changes(self) -> Sequence[Change]:
        link = self._current
        if link is None or self._published_of == (link, link.subscriptions.version):
            return ()
        self._published_of = (link, link.subscriptions.version)
        states = dict(link.subscriptions.states())
        changes = [
            Change(symbol, *state)
            for symbol, state in states.items()
            if self._published.get(symbol) != state
        ]
        self._published = states
        return changes


async def _first(*ends: asyncio.Task[object] | asyncio.Event) -> None:
    """Wait for the first of tasks and events; cancel none of the tasks."""
    waits = {asyncio.create_task(end.wait()) for end in ends if isinstance(end, asyncio.Event)}
    tasks = {end for end in ends if not isinstance(end, asyncio.Event)}
    try:
        await asyncio.wait(waits | tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
