"""Call a node as MTN does, and watch the screens of those who pay."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tests.services.client import Client

SEEN_WITHIN_SECONDS = 20.0
ENDS = {"done", "failed", "cancelled", "expired"}


@dataclass
class Called:
    """One callback: when it was sent and answered, and when its payer saw a stage and the end."""

    began: float
    answered: float = 0.0
    status: int = 0
    shown: float | None = None
    ended: float | None = None


class Screens:
    """A socket for each user, all of which are read at once."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self._port, self._tokens = port, tokens
        self.called: dict[str, Called] = {}  # by transaction
        self._clients: list[Client] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._left = 0  # payments whose end was not seen
        self._all_ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        url = f"ws://127.0.0.1:{self._port}/ws/notifications"
        for token in self._tokens:
            client = await Client.open(url, token=token)
            self._clients.append(client)
            self._tasks.append(asyncio.create_task(self._watch(client)))
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        for client in self._clients:
            await client.connection.close()

    async def play(self, waiting: Sequence[Mapping[str, str]], rate: float) -> None:
        """Call about each payment, `rate` times a second, and wait until all ends are seen."""
        self._left = len(waiting)
        began, calls = time.monotonic(), []
        for number, payment in enumerate(waiting):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            calls.append(asyncio.create_task(self._call(payment)))
        await asyncio.gather(*calls)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_ended.wait(), SEEN_WITHIN_SECONDS)

    async def _call(self, payment: Mapping[str, str]) -> None:
        request = _request(self._port, payment)
        called = self.called[payment["transaction"]] = Called(time.monotonic())
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        called.answered, called.status = time.monotonic(), int(head.split(b" ", 2)[1])
        writer.close()

    async def _watch(self, client: Client) -> None:
        async for text in client.connection:
            self.see(json.loads(text), time.monotonic())

    def see(self, message: Mapping[str, Any], now: float) -> None:
        """Note what a message shows, at a moment of the clock."""
        if message["type"] != "transaction_update":
            return
        called = self.called.get(message["data"]["id"])
        stage = (message["data"].get("payment") or {}).get("stage")
        if called is None or stage is None:
            return
        if called.shown is None:
            called.shown = now
        if stage in ENDS:
            self._end(called, now)

    def _end(self, called: Called, now: float) -> None:
        if called.ended is None:
            called.ended = now
            self._left -= 1
            if not self._left:
                self._all_ended.set()


def _request(port: int, payment: Mapping[str, str]) -> bytes:
    """Write what MTN sends of a payment that has succeeded."""
    body = json.dumps({
        "financialTransactionId": payment["receipt"],
        "externalId": payment["id"],
        "amount": "1000",
        "currency": "UGX",
        "payer": {"partyIdType": "MSISDN", "partyId": payment["phone"]},
        "status": "SUCCESSFUL",
    }).encode()  # fmt: skip
    head = (
        f"PUT {payment['path']} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
