"""A venue of three words, and a server that plays it as each test says.

C {"ask": ["A", "B"]}   {"end": ["A"]}   {"ping": 1}
S {"ok": "A"}   {"no": "A", "why": "…"}   {"pong": 1}   {"beat": 1}   {"is": "maintenance"}
S {"tick": "A", "price": "1.5", "at": 7}   {"trade": "A", "id": 3, "price": "1.5", "at": 7}
S {"again": "…"}   {"fail": "…", "fatal": true}
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from hoardrun.market.feeds.events import (
    Event,
    Failed,
    Halt,
    Heartbeat,
    Odd,
    Pong,
    Reconnect,
    Refused,
    Subscribed,
    Ticker,
    Trade,
    VenueState,
)
from hoardrun.market.feeds.health import LinkState
from hoardrun.market.feeds.latest import Turn
from hoardrun.market.feeds.session import Session
from hoardrun.market.feeds.venue import Limits, Venue

PACE = 20.0
WAIT_SECONDS = 60.0  # real ones, before a test gives up


class ScriptedVenue(Venue):
    name = "scripted"
    address = "ws://localhost"
    limits = Limits(silence_seconds=20, heartbeat_seconds=None, symbols_a_frame=2)
    channels = ("ticker",)
    window = "rolling_24h"

    def subscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        return [json.dumps({"ask": list(symbols)})]

    def unsubscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        return [json.dumps({"end": list(symbols)})]

    def ping(self) -> str | None:
        return json.dumps({"ping": 1})

    def read(self, text: str) -> Sequence[Event]:
        try:
            said = json.loads(text)
        except ValueError:
            return [Odd("no JSON")]
        match said:
            case {"ok": symbol}:
                return [Subscribed(symbol, "ticker")]
            case {"no": symbol, "why": why}:
                return [Refused(symbol, "ticker", why)]
            case {"tick": symbol, "price": price, "at": at}:
                return [Ticker(symbol, Decimal(price), at)]
            case {"trade": symbol, "id": number, "price": price, "at": at}:
                return [Trade(symbol, Decimal(price), Decimal(1), at, number)]
            case {"halt": symbol, "is": is_halted}:
                return [Halt(symbol, is_halted)]
            case {"beat": _}:
                return [Heartbeat()]
            case {"pong": _}:
                return [Pong()]
            case {"is": words}:
                return [VenueState(words == "online", words)]
            case {"again": reason}:
                return [Reconnect(reason)]
            case {"fail": reason, "fatal": is_fatal}:
                return [Failed(reason, is_fatal)]
            case _:
                return [Odd("unknown")]


class Beating(ScriptedVenue):
    """It promises a heartbeat each second, as Kraken does."""

    limits = Limits(silence_seconds=20, heartbeat_seconds=5, ping_seconds=10)


class Server:
    """Play the venue. A test changes what it does at any time."""

    def __init__(self) -> None:
        self.url = ""
        self.pace = PACE  # of its heartbeats
        self.beaten = 0  # heartbeats sent, one each second of the session
        self.pings = 0  # of the application, answered
        self.connects: list[float] = []  # real monotonic times of all attempts
        self.status: tuple[int, dict[str, str]] | None = None  # instead of a WebSocket
        self.refused: set[str] = set()
        self.unanswered: set[str] = set()
        self.mute: set[str] = set()  # sends no data of them
        self.greeting: list[dict[str, Any]] = []
        self.closes_at_once = False
        self.beats = True
        self.answers = True  # False: as if the cable was cut
        self.asked: list[list[str]] = []
        self.ended: list[list[str]] = []
        self.open: list[ServerConnection] = []
        self._numbers = itertools.count(1)
        self.prices: dict[str, str] = {}

    def say(self, message: dict[str, Any]) -> None:
        """Send a message on all connections."""
        for connection in self.open:
            asyncio.ensure_future(_send(connection, message))

    def tick(self, symbol: str) -> int:
        """Send a new price of a symbol, if it is not mute; return its time."""
        at = next(self._numbers)
        if symbol not in self.mute and self.answers:
            self.say({"tick": symbol, "price": f"{at}", "at": at})
        return at

    def trade(self, symbol: str, number: int) -> None:
        self.say({"trade": symbol, "id": number, "price": "1", "at": next(self._numbers)})

    async def drop(self) -> None:
        """Cut all connections without a close frame, as code 1006 has it."""
        for connection in self.open:
            connection.transport.abort()

    async def lose(self, taker: Taker) -> None:
        """Cut all connections, and let the next one come once the session has noticed."""
        self.status = (503, {"Retry-After": "1"})
        await self.drop()
        await taker.until(lambda: taker.session.health.state is LinkState.WAITING)
        self.status = None

    async def _handle(self, connection: ServerConnection) -> None:
        self.open.append(connection)
        beating = asyncio.create_task(self._beat(connection))
        try:
            for message in self.greeting:
                await _send(connection, message)
            async for text in connection:
                await self._answer(connection, json.loads(text))
                if self.closes_at_once:
                    return
        except ConnectionClosed:
            pass
        finally:
            beating.cancel()
            self.open.remove(connection)

    async def _answer(self, connection: ServerConnection, said: dict[str, Any]) -> None:
        if not self.answers:
            return
        if "ping" in said:
            self.pings += 1
            await _send(connection, {"pong": 1})
        if "end" in said:
            self.ended.append(said["end"])
        if "ask" in said:
            self.asked.append(said["ask"])
            for symbol in said["ask"]:
                if symbol in self.refused:
                    await _send(connection, {"no": symbol, "why": "unknown pair"})
                elif symbol not in self.unanswered:
                    await _send(connection, {"ok": symbol})

    async def _beat(self, connection: ServerConnection) -> None:
        while True:
            await asyncio.sleep(1 / self.pace)
            if self.beats and self.answers:
                await _send(connection, {"beat": 1})
                self.beaten += 1

    def _process(self, connection: ServerConnection, request: Request) -> Response | None:
        self.connects.append(time.monotonic())
        if self.status is None:
            return None
        status, headers = self.status
        response = connection.respond(HTTPStatus(status), "no\n")
        for name, value in headers.items():
            response.headers[name] = value
        return response


async def _send(connection: ServerConnection, message: dict[str, Any]) -> None:
    try:
        await connection.send(json.dumps(message))
    except ConnectionClosed:
        return


@asynccontextmanager
async def playing(**options: Any) -> AsyncIterator[Server]:
    """Run a server on a free port of this machine."""
    server = Server()
    for name, value in options.items():
        setattr(server, name, value)
    async with serve(
        server._handle, "127.0.0.1", 0, process_request=server._process, close_timeout=0.1
    ) as socket:
        server.url = f"ws://127.0.0.1:{next(iter(socket.sockets)).getsockname()[1]}"
        yield server


class Taker:
    """A running session, and everything that has been taken from it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.turns: list[Turn] = []

    def take(self) -> Turn:
        turn = self.session.take()
        self.turns.append(turn)
        return turn

    def all(self, name: str) -> list[Any]:
        self.take()
        return [item for turn in self.turns for item in getattr(turn, name)]

    def age(self, symbol: str) -> float:
        """Return the age of a symbol's price, which must have one."""
        age = self.session.age(symbol)
        assert age is not None
        return age

    def change(self) -> None:
        """Ask for a planned change of the connection, as if the venue had."""
        link = self.session._current
        assert link is not None
        link.retire("asked by the test")

    async def until(
        self, holds: Callable[[], object], meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Wait for a condition, and take nothing. `meanwhile` is done again and again."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not holds():
                meanwhile()
                await asyncio.sleep(0.005)

    async def passes(self, seconds: float) -> None:
        """Let so much of the session's time pass, in which nothing may happen."""
        pace = self.session._pace
        end = pace.now() + seconds
        await self.until(lambda: pace.now() > end)

    async def live(self, *symbols: str) -> None:
        await self.until(lambda: all(self.session.state(symbol) == "live" for symbol in symbols))


@asynccontextmanager
async def following(
    server: Server, *symbols: str, venue: type[Venue] = ScriptedVenue, **options: Any
) -> AsyncIterator[Taker]:
    """Run a session that follows symbols."""
    options.setdefault("pace", PACE)
    session = Session(venue, server.url, symbols=lambda: symbols, **options)
    running = asyncio.create_task(session.run())
    try:
        yield Taker(session)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
