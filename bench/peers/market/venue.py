"""A venue that speaks as Kraken's WebSocket does, and trades as fast as it is asked to.

Run as `python -m bench.peers.market.venue`, driven as `tests.services.driven` describes. It has no
HTTP API: symbols are those that the database has already.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import cycle, islice
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from tests.services import driven
from tests.services.driven import Answer

TURN_SECONDS = 0.02
A_FRAME = 20  # trades
STATUS = '{"channel":"status","type":"update","data":[{"system":"online","version":"2.0.10"}]}'
HEARTBEAT = '{"channel":"heartbeat"}'


class Venue:
    """One server, on a thread with a loop of its own."""

    def __init__(self) -> None:
        self._asked: set[tuple[str, str]] = set()
        self._sockets: set[ServerConnection] = set()
        self._numbers: Counter[str] = Counter()  # the newest trade of each symbol
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(
            target=self._loop.run_until_complete, args=[self._serve()], daemon=True
        ).start()
        self._ready.wait()

    # -- commands

    def where(self) -> Answer:
        """Return the port."""
        return {"port": self._port}

    def asked(self) -> Answer:
        """Return how many symbols were asked for in the channel of trades."""
        return {"symbols": sum(channel == "trade" for channel, _ in self._asked)}

    def trade(self, *, symbols: list[str], price: str, rate: float, seconds: float) -> Answer:
        """Trade all symbols in turn at about one price, so many times a second in all."""
        return self._do(self._trade(symbols, float(price), rate, seconds))

    def climb(
        self,
        *,
        symbol: str,
        first: int,
        steps: int,
        rate: float,
        others: list[str],
        others_rate: float,
    ) -> Answer:
        """Let one symbol's price rise by a cent at a time, while others trade at one price.

        Return when each trade of the first one was sent.
        """

        async def both() -> Answer:
            trading = self._trade(others, first / 100, others_rate, steps / rate)
            climbed, _ = await asyncio.gather(self._climb(symbol, first, steps, rate), trading)
            return climbed

        return self._do(both())

    # -- the server

    def _do(self, work: Any) -> Answer:
        answer: Answer = asyncio.run_coroutine_threadsafe(work, self._loop).result()
        return answer

    async def _serve(self) -> None:
        async with serve(
            self._handle, "127.0.0.1", 0, compression=None, process_request=_refuse
        ) as server:
            self._port = server.sockets[0].getsockname()[1]
            self._ready.set()
            while True:
                await asyncio.sleep(1)
                self._send(HEARTBEAT)

    async def _handle(self, socket: ServerConnection) -> None:
        self._sockets.add(socket)
        await socket.send(STATUS)
        async for text in socket:
            asked = json.loads(text)
            if asked["method"] == "ping":
                await socket.send(json.dumps({"method": "pong", "req_id": asked["req_id"]}))
            for symbol in asked.get("params", {}).get("symbol", ()):
                channel = asked["params"]["channel"]
                result = {"channel": channel, "symbol": symbol}
                answer = {"method": asked["method"], "success": True, "result": result}
                await socket.send(json.dumps({**answer, "req_id": asked.get("req_id")}))
                self._asked.add((channel, symbol))
        self._sockets.discard(socket)

    def _send(self, text: str) -> None:
        for socket in self._sockets:
            socket.protocol.send_text(text.encode())
            socket.send_data()

    async def _trade(
        self, symbols: Sequence[str], price: float, rate: float, seconds: float
    ) -> Answer:
        began, sent, turn = time.monotonic(), 0, cycle(symbols)
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * rate)
            while sent < due:
                batch = list(islice(turn, min(A_FRAME, due - sent)))
                moved = 1 + (sent // len(symbols) % 40 - 20) / 10_000
                self._send(self._frame(batch, f"{price * moved:.2f}"))
                sent += len(batch)
            await asyncio.sleep(TURN_SECONDS)
        return {"sent": sent, "seconds": time.monotonic() - began}

    async def _climb(self, symbol: str, first: int, steps: int, rate: float) -> Answer:
        began, at = time.monotonic(), []
        for number in range(steps):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            at.append(time.monotonic())
            self._send(self._frame([symbol], f"{(first + number) / 100:.2f}"))
        return {"at": at}

    def _frame(self, symbols: Sequence[str], price: str) -> str:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._numbers.update(symbols)
        trades = ",".join(
            f'{{"symbol":"{symbol}","side":"buy","price":{price},"qty":0.01,"ord_type":"limit",'
            f'"trade_id":{self._numbers[symbol]},"timestamp":"{now}"}}'
            for symbol in symbols
        )
        return f'{{"channel":"trade","type":"update","data":[{trades}]}}'


def _refuse(socket: ServerConnection, request: Request) -> Response | None:
    if "Upgrade" in request.headers:
        return None
    return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "There is no such API here.\n")


if __name__ == "__main__":
    venue = Venue()
    driven.serve(
        {"where": venue.where, "asked": venue.asked, "trade": venue.trade, "climb": venue.climb}
    )
