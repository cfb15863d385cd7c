"""Throwing inputs at a server, and judging what comes back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from random import Random

from websockets.exceptions import ConnectionClosed

from realtime.core.handshake import PARAMETERS
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import PAYLOADS
from tests.conformance.fuzz import frames, messages, requests
from tests.nodes import ALICE, BOB, token_for
from tests.services.client import Client
from tests.services.frames import CLOSE, header
from tests.services.handshake import offer
from tests.services.server import Server

PATIENCE_SECONDS = 15.0
LOGGED_IN = 0.25  # of the sockets that get broken frames
KNOWN_ERRORS = {code.wire for code in ErrorCode}
# Pushed whenever they happen, or later than the answer to what follows.
UNASKED = {"market_update", "notification_counts", "node_report", "room_joined", "acked"}


class Attack:
    """Counts what was thrown and what came back; `wrong` holds what should not have."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.random = Random(seed)
        self.thrown: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._paths = requests.routes()
        self._origin = ("Origin", server.url)
        self._tokens = [token_for(user, seconds=3600) for user in (ALICE, BOB)]

    # -- frames

    async def frame(self) -> None:
        """Open a connection, break the rules on it, and read what the server says."""
        family = self.random.choice(list(frames.FAMILIES))
        self.thrown[family] += 1
        data = frames.FAMILIES[family](self.random)
        heard = await self.raw(data, logged_in=self.random.random() < LOGGED_IN)
        if heard is None:
            self.wrong.append(f"{family}: no end within {PATIENCE_SECONDS} s: {data[:60].hex()}")
        elif (code := close_code(heard)) is None:
            self.answers["closed without a code, as asked"] += 1
        else:
            self.answers[f"closed with {code}"] += 1
            # 1000 and what a client itself may say are echoed (RFC 6455, 5.5.1).
            if code not in {*CloseCode, 1000, 2999, 5000} and not 3000 <= code < 5000:
                self.wrong.append(f"{family}: closed with {code}: {data[:60].hex()}")

    async def raw(
        self, data: bytes, *, logged_in: bool = False, extension: str = ""
    ) -> bytes | None:
        """Shake hands, send bytes and our end, and return all that came until the server's."""
        query = f"?token={self.random.choice(self._tokens)}" if logged_in else ""
        headers = [self._origin, *([("Sec-WebSocket-Extensions", extension)] if extension else [])]
        request = offer(self.server.port, f"/ws/notifications{query}", headers)
        answer, heard = await self._exchange(request, data)
        assert heard is None or b" 101 " in answer, answer
        return heard

    # -- requests and handshakes

    async def request(self) -> None:
        """Send a request of odd bytes over a connection of its own, and judge the status."""
        made = requests.request(self.random, self._paths)
        who = self.random.choice([b"", *(b"Bearer " + token.encode() for token in self._tokens)])
        query = made.query
        if self.random.random() < 0.1:  # characters that no client may write there
            query += bytes(self.random.choice(b"\x00\x01\x7f\x80\xff") for _ in range(3))
        self.thrown["requests"] += 1
        lines = [
            made.method.encode() + b" " + made.path.encode() + b"?" + query + b" HTTP/1.1",
            f"Host: 127.0.0.1:{self.server.port}".encode(),
            b"Connection: close",
            *([f"Content-Length: {len(made.body)}".encode()] if made.body else []),
            *([b"Authorization: " + who] if who else []),
            *(name + b": " + value for name, value in made.headers),
        ]
        await self._ask(b"\r\n".join([*lines, b"", made.body]))

    async def handshake(self) -> None:
        """Open a socket at an address of odd bytes; it is refused, or closed with a code."""
        pairs = [f"token={self.random.choice(self._tokens)}"] if self.random.random() < 0.8 else []
        for _ in range(self.random.choice([1, 1, 2])):
            name = self.random.choice([*PARAMETERS, self.random.choice(requests.NAMES)])
            pairs.append(f"{name}={self.random.choice(requests.VALUES)}")
        target = "&".join(pairs).replace(" ", "+")
        self.thrown["handshakes"] += 1
        await self._ask(offer(self.server.port, f"/ws/notifications?{target}", [self._origin]))

    async def _ask(self, request: bytes) -> None:
        answer, rest = await self._exchange(request)
        if rest is None:
            self.wrong.append(f"no end within {PATIENCE_SECONDS} s: {request[:300]!r}")
        status = answer[9:12].decode(errors="replace")
        self.answers[f"HTTP {status or 'hung up'}"] += 1
        if status.startswith("5"):
            self.wrong.append(f"{status}: {request[:800]!r}")

    async def _exchange(self, request: bytes, data: bytes = b"") -> tuple[bytes, bytes | None]:
        """Send a request, and once it is answered more, and our end.

        Return the head of the answer, and all that came behind it until the server's end, which
        is None if that never came.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        head = heard = b""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                with suppress(ConnectionError):
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(data)
                    await writer.drain()
                    writer.write_eof()
                with suppress(ConnectionError):
                    while piece := await reader.read(65_536):
                        heard += piece
            return head, heard
        except TimeoutError:
            return head, None
        except asyncio.IncompleteReadError as error:  # it was refused in few words
            return error.partial, b""
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def bombs(self, count: int = 50) -> None:
        """Send messages that unpack to hundreds of mebibytes, many at a time."""
        offer = "permessage-deflate; client_max_window_bits=12"
        for mebibytes, pieces in ((200, 1), (400, 400)):
            data = await asyncio.to_thread(frames.bomb, mebibytes, pieces, 12)
            family = f"{mebibytes} MiB packed in {pieces} frame(s)"
            found = await asyncio.gather(
                *(self.raw(data, logged_in=False, extension=offer) for _ in range(count))
            )
            self.thrown[family] += count
            for heard in found:
                code = None if heard is None else close_code(heard)
                self.answers[f"closed with {code}"] += 1
                if code != CloseCode.TOO_LARGE:
                    self.wrong.append(f"{family}: {code}")

    # -- messages

    async def talk(self, count: int) -> None:
        """Send a number of messages over logged-in sockets, each followed by a ping."""
        client: Client | None = None
        for number in range(count):
            if client is None:
                client = await Client.open(
                    self.server.ws_url, token=self.random.choice(self._tokens)
                )
                await client.receive("connection_established", timeout=PATIENCE_SECONDS)
            text = messages.message(self.random)
            self.thrown["messages"] += 1
            try:
                await client.send(text)
                await client.send({"type": "ping", "id": f"after-{number}"})
                await self._listen(client, text, f"after-{number}")
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                self.answers[f"closed with {code}"] += 1
                if code not in set(CloseCode):
                    self.wrong.append(f"closed with {code}: {text[:100]!r}")
                client = None
            if client is not None:
                client.journal.clear()
        if client is not None:
            await client.close()

    async def _listen(self, client: Client, text: str, ping: str) -> None:
        answered = False
        while True:
            try:
                found = await client.receive(timeout=PATIENCE_SECONDS)
            except AssertionError:
                self.wrong.append(f"no answer: {text[:100]!r}")
                return
            kind = found["type"]
            if kind == "pong" and found.get("id") == ping:
                break
            if kind not in PAYLOADS:
                self.wrong.append(f"unknown {kind}: {text[:100]!r}")
            if kind == "error":
                self.answers[f"error {found['data']['code']}"] += 1
                if found["data"]["code"] not in KNOWN_ERRORS or not found["data"]["message"]:
                    self.wrong.append(f"{json.dumps(found)[:200]}: {text[:100]!r}")
            elif kind not in UNASKED:
                self.answers["answered"] += 1
            answered = answered or kind not in UNASKED or kind == "room_joined"
        if not answered and '"ack"' not in text:
            self.wrong.append(f"silence: {text[:100]!r}")


def close_code(data: bytes) -> int | None:
    """Find the close frame among the server's frames."""
    at = 0
    while (found := header(data, at)) is not None:
        opcode, start, at = found
        if opcode == CLOSE:
            return int.from_bytes(data[start : start + 2], "big") if at - start >= 2 else None
    return None
