"""A client of the server that plays recordings."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

from hoardrun.market.recording.server import ReplayServer

LIMIT_SECONDS = 60.0


def read(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


async def until(socket: ClientConnection, is_it: Callable[[Any], bool]) -> list[Any]:
    """Return the frames up to the first that is it."""
    frames = []
    while True:
        frames.append(read(await socket.recv()))
        if is_it(frames[-1]):
            return frames


async def get(server: ReplayServer, path: str, **params: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.api_url, timeout=LIMIT_SECONDS) as client:
        return await client.get(path, params=params)


def subscribe(channel: str, *symbols: str, number: int = 7, **params: object) -> str:
    """Return a subscription of Kraken."""
    asked = {"channel": channel, "symbol": list(symbols), **params}
    return json.dumps({"method": "subscribe", "params": asked, "req_id": number})
