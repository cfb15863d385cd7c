"""The true adapters in the true session, against servers that answer as the venues do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from hoardrun.market.feeds.alpaca.protocol import Alpaca
from hoardrun.market.feeds.coinbase.protocol import Coinbase
from hoardrun.market.feeds.health import LinkState
from hoardrun.market.feeds.kraken.protocol import Kraken
from hoardrun.market.feeds.session import Session
from hoardrun.market.feeds.subscriptions import SymbolState
from hoardrun.market.feeds.venue import Venue
from tests.hoardrun.market.feeds.scripted import Taker

PACE = 20.0
Answer = Callable[[dict[str, Any]], Sequence[object]]


class Speaking:
    """A venue's server: greets, and answers each frame by what the test's venue says."""

    def __init__(self, venue: Callable[[], Answer], greeting: Sequence[object]) -> None:
        self._venue, self._greeting = venue, greeting
        self.asked: list[dict[str, Any]] = []
        self.connects = 0
        self._open: list[ServerConnection] = []

    async def say(self, *messages: object) -> None:
        for connection in self._open:
            for message in messages:
                await connection.send(json.dumps(message))

    async def handle(self, connection: ServerConnection) -> None:
        answer = self._venue()
        self.connects += 1
        self._open.append(connection)
        try:
            for message in self._greeting:
                await connection.send(json.dumps(message))
            async for text in connection:
                said = json.loads(text)
                self.asked.append(said)
                for message in answer(said):
                    await connection.send(json.dumps(message))
        except ConnectionClosed:
            pass
        finally:
            self._open.remove(connection)


@asynccontextmanager
async def following(
    venue: Callable[[], Venue], server: Speaking, *symbols: str
) -> AsyncIterator[Taker]:
    """Run a session with a venue's own adapter against a server of this machine."""
    async with serve(server.handle, "127.0.0.1", 0, close_timeout=0.1) as socket:
        url = f"ws://127.0.0.1:{next(iter(socket.sockets)).getsockname()[1]}"
        session = Session(venue, url, symbols=lambda: symbols, pace=PACE)
        running = asyncio.create_task(session.run())
        try:
            yield Taker(session)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


# -- Alpaca

BAR = {"S": "AAPL", "o": 1, "h": 2, "l": 1, "c": 2, "v": 10, "t": "2026-09-10T14:30:00Z", "n": 3}
BANDS = {"T": "l", "S": "AAPL", "u": 2, "d": 1, "i": "D", "t": "2026-09-10T15:00:00Z", "z": "C"}
HALT = {"T": "s", "S": "AAPL", "sc": "H", "sm": "Trading Halt", "t": "2026-09-10T14:31:00Z"}


class _AlpacaServer:
    def __init__(self, limit: int = 30, *, has_halts: bool = True) -> None:
        self._limit, self._has_halts = limit, has_halts
        self._is_logged_in = False
        self._symbols: set[str] = set()

    def __call__(self, said: dict[str, Any]) -> Sequence[object]:
        if said["action"] == "auth":
            self._is_logged_in = said["key"] == "id"
            if not self._is_logged_in:
                return [[{"T": "error", "code": 402, "msg": "auth failed"}]]
            return [[{"T": "success", "msg": "authenticated"}]]
        if not self._is_logged_in:
            return [[{"T": "error", "code": 401, "msg": "not authenticated"}]]
        if "lulds" in said and not self._has_halts:
            return [[{"T": "error", "code": 409, "msg": "insufficient subscription"}]]
        symbols = set(said["trades"])
        wanted = (
            self._symbols | symbols if said["action"] == "subscribe" else self._symbols - symbols
        )
        if len(wanted) > self._limit:
            return [[{"T": "error", "code": 405, "msg": "symbol limit exceeded"}]]
        self._symbols = wanted
        return [[{"T": "subscription", "trades": sorted(wanted), "bars": sorted(wanted)}]]


GREETING = [[{"T": "success", "msg": "connected"}]]


async def test_alpaca_is_asked_for_symbols_once_its_login_was_accepted():
    server = Speaking(_AlpacaServer, GREETING)
    async with following(partial(Alpaca, "id", "secret"), server, "AAPL", "MSFT") as taker:
        await taker.live("AAPL", "MSFT")
        assert server.asked[0] == {"action": "auth", "key": "id", "secret": "secret"}
        assert server.connects == 1


@pytest.mark.feed(number=14)
async def test_an_amended_candle_and_a_halt_come_through():
    server = Speaking(_AlpacaServer, GREETING)
    async with following(partial(Alpaca, "id", "secret"), server, "AAPL") as taker:
        await taker.live("AAPL")
        await server.say([{"T": "b", **BAR}])
        await taker.until(lambda: taker.all("bars"))
        await server.say([{"T": "u", **BAR, "c": 1.5}], [HALT])
        await taker.until(lambda: len(taker.all("bars")) == 2 and taker.all("halts"))
        first, second = taker.all("bars")
        assert (first.is_amended, first.close) == (False, Decimal(2))
        assert (second.is_amended, second.close, second.begin) == (
            True,
            Decimal("1.5"),
            first.begin,
        )
        assert [halt.is_halted for halt in taker.all("halts")] == [True]
        await server.say([{**HALT, "sc": "T", "sm": "Trading Resumption"}])
        await taker.until(lambda: len(taker.all("halts")) == 2)
        assert not taker.all("halts")[-1].is_halted
        await server.say([BANDS])
        await taker.until(lambda: len(taker.all("halts")) == 3)
        assert taker.all("halts")[-1].is_halted


async def test_a_plan_without_halts_has_prices_all_the_same(caplog):
    server = Speaking(partial(_AlpacaServer, has_halts=False), GREETING)
    async with following(partial(Alpaca, "id", "secret"), server, "AAPL", "MSFT") as taker:
        await taker.live("AAPL", "MSFT")
        assert server.connects == 1
        assert "409 insufficient subscription: halts are not told" in caplog.text


@pytest.mark.feed(number=6)
async def test_a_wrong_key_is_tried_once():
    server = Speaking(_AlpacaServer, GREETING)
    async with following(partial(Alpaca, "wrong", "key"), server, "AAPL") as taker:
        await taker.until(lambda: taker.session.health.state is LinkState.STOPPED)
        await asyncio.sleep(20 / PACE)
        assert server.connects == 1
        assert "402 auth failed" in taker.session.health.reason


async def test_symbols_beyond_the_plan_are_refused_and_the_others_stay():
    server = Speaking(partial(_AlpacaServer, 1), GREETING)
    wanted = ["AAPL"]
    async with following(partial(Alpaca, "id", "secret"), server) as taker:
        taker.session._shared.symbols = lambda: wanted
        await taker.live("AAPL")
        wanted.append("MSFT")
        await taker.until(lambda: taker.session.state("MSFT") is SymbolState.REFUSED)
        assert taker.session.state("AAPL") is SymbolState.LIVE


# -- Coinbase


class _CoinbaseServer:
    """It refuses a whole request for one product that it does not know."""

    def __init__(self) -> None:
        self._products: set[str] = set()

    def __call__(self, said: dict[str, Any]) -> Sequence[object]:
        if bad := [name for name in said["product_ids"] if name == "ETH-XYZ"]:
            reason = f"{bad[0]} is not a valid product"
            return [{"type": "error", "message": "Failed to subscribe", "reason": reason}]
        products = set(said["product_ids"])
        if said["type"] == "subscribe":
            self._products |= products
        else:
            self._products -= products
        names = sorted(self._products)
        return [
            {
                "type": "subscriptions",
                "channels": [{"name": name, "product_ids": names} for name in said["channels"]],
            }
        ]


async def test_a_product_that_coinbase_refuses_does_not_keep_the_others_from_it():
    server = Speaking(_CoinbaseServer, [])
    async with following(Coinbase, server, "BTC-USD", "ETH-XYZ", "ETH-USD") as taker:
        await taker.live("BTC-USD", "ETH-USD")
        assert taker.session.state("ETH-XYZ") is SymbolState.REFUSED
        assert server.connects == 1
        ticker = {
            "type": "ticker",
            "product_id": "BTC-USD",
            "price": "61000.01",
            "time": "2026-09-10T14:30:00Z",
        }
        await server.say(ticker)
        await taker.until(lambda: taker.all("tickers"))
        assert taker.all("tickers")[0].price == Decimal("61000.01")


# -- Kraken


class _KrakenServer:
    """It answers for each symbol by itself, and names no channel in a refusal."""

    def __call__(self, said: dict[str, Any]) -> Sequence[object]:
        if said["method"] == "ping":
            return [{"method": "pong", "req_id": said["req_id"]}]
        params = said["params"]
        return [
            {
                "method": said["method"],
                "success": False,
                "symbol": symbol,
                "error": f"Currency pair not supported {symbol}",
                "req_id": said["req_id"],
            }
            if symbol == "XBT/USD"
            else {
                "method": said["method"],
                "success": True,
                "result": {"channel": params["channel"], "symbol": symbol},
                "req_id": said["req_id"],
            }
            for symbol in params["symbol"]
        ]


STATUS = {"channel": "status", "data": [{"system": "online"}]}


@pytest.mark.feed(number=1)
async def test_kraken_goes_on_with_heartbeats_beside_a_refused_symbol():
    server = Speaking(_KrakenServer, [STATUS])
    async with following(Kraken, server, "XBT/USD", "ETH/USD") as taker:
        await taker.live("ETH/USD")
        assert taker.session.state("XBT/USD") is SymbolState.REFUSED
        for _ in range(40):
            await server.say({"channel": "heartbeat"})
            await asyncio.sleep(1 / PACE)
        assert server.connects == 1
        assert taker.session.state("ETH/USD") is SymbolState.LIVE
        asked = [said["params"]["symbol"] for said in server.asked if said["method"] == "subscribe"]
        assert asked == [["XBT/USD", "ETH/USD"]] * 3
        assert taker.session.health.words == "online"


async def test_kraken_that_sends_no_heartbeat_is_left_though_it_answers_pings():
    server = Speaking(_KrakenServer, [STATUS])
    async with following(Kraken, server, "ETH/USD") as taker:
        await taker.live("ETH/USD")
        await taker.until(lambda: server.connects == 2)
        assert "no heartbeat and no data for 5 s" in taker.session.health.reason
