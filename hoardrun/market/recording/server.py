"""A venue on this machine that plays a recording: its WebSocket and its HTTP API on one port.

It speaks to the real adapter as the venue does: greets, acknowledges, refuses, repeats the newest
to who subscribes, and sends the recorded frames at their times. Candles and trades of the HTTP API
are those of the recording up to this moment. Faults can be laid over it at any time.

`GET /replay/state`, `/replay/lay?fault=…` and `/replay/lift` steer a server of another process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from itertools import count
from types import TracebackType
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from hoardrun.market.recording.client import Client
from hoardrun.market.recording.clock import Clock
from hoardrun.market.recording.faults import Fault, FaultRefused, Faults, Kind, parse
from hoardrun.market.recording.format import Recording
from hoardrun.market.recording.http import answered, refused_handshake, response
from hoardrun.market.recording.player import Player
from hoardrun.market.recording.stage import TURN_SECONDS, Stage
from hoardrun.market.recording.tape import Tape
from hoardrun.market.recording.venues import speaker_named

logger = logging.getLogger(__name__)

MAX_FRAME_BYTES = 2**20


class ReplayServer:
    """Plays a recording to whoever connects. Use it as an asynchronous context manager.

    `speed` makes the recording go faster, and `is_fast` as fast as all clients read, while there
    are any; the venue's time goes with it. `rebase` is what time it is at the venue at the
    beginning, now or a moment in microseconds since 1970; without it all times are those of the
    recording. `begin` is where to begin, in seconds: what lies before is history. With `waits` time
    begins with the first contact; if it is fast, with the first subscription. `pace` divides the
    venue's own waits, such as those between heartbeats.

    Raises VenueNotPlayed, and OSError if the port cannot be had.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        speed: float = 1.0,
        is_fast: bool = False,
        rebase: Literal["now"] | int | None = None,
        begin: float = 0.0,
        waits: bool = False,
        faults: Iterable[Fault] = (),
        pace: float = 1.0,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._speaker = speaker_named(recording.header.source)
        tape = Tape(recording, self._speaker.sort)
        self.clock = Clock(
            began=recording.header.began,
            speed=speed,
            begin=int(begin * 1_000_000),
            is_fast=is_fast,
            monotonic=time.monotonic,
        )
        self.faults = Faults(random.Random(seed))
        for fault in faults:
            self.faults.lay(fault)
        self._stage = Stage(tape, self._speaker, self.clock, self.faults, pace=pace)
        self._waits = waits
        self._player = Player(tape, self.clock, is_fast=is_fast, rebase=rebase, pace=pace)
        self._pace = pace
        self._address = (host, port)
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._numbers = count(1)
        # What has happened, for those who test against it.
        self.ended = self._player.ended  # the recording has
        self.connects: list[float] = []  # times of handshakes, also of refused ones; monotonic
        self.received: list[tuple[int, str]] = []  # number of the connection, and the frame
        self.requests: Counter[str] = Counter()  # of the HTTP API, by path
        self.counts = self._stage.counts

    async def __aenter__(self) -> ReplayServer:
        host, port = self._address
        self._server = await serve(
            self._handle,
            host,
            port,
            process_request=self._process_request,
            compression=None,
            ping_interval=None,
            close_timeout=1,
            max_size=MAX_FRAME_BYTES,
            logger=_quiet(),
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self._player.rebase()
        if not self._waits:
            self._player.begin()
        stage = self._stage
        playing = self._player.run(stage.play, stage.stop, stage.room)
        self._tasks = [asyncio.ensure_future(playing), asyncio.ensure_future(stage.watch())]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self.clients:
            client.cut(1006)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The address of the WebSocket."""
        return f"ws://{self._address[0]}:{self._port}"

    @property
    def api_url(self) -> str:
        """The address of the HTTP API."""
        return f"http://{self._address[0]}:{self._port}"

    @property
    def clients(self) -> list[Client]:
        """The connections that are open."""
        return list(self._stage.clients.values())

    def lay(self, fault: Fault) -> Fault:
        """Let a fault hold from now on, and return it. One of connections happens at once."""
        self.faults.lay(fault)
        self._stage.strike()
        return fault

    def lift(self, fault: Fault | None = None) -> None:
        """Let a fault hold no more; without one, all of them."""
        if fault is None:
            self.faults.lift_all()
        else:
            self.faults.lift(fault)
        self._stage.strike()

    def send(self, text: str) -> None:
        """Send a frame to all connections as it is."""
        self._stage.say([text])

    # -- connections

    async def _handle(self, socket: ServerConnection) -> None:
        client = Client(next(self._numbers), socket)
        clients = self._stage.clients
        clients[client.number] = client
        self._stage.strike()
        writing = asyncio.ensure_future(client.write())
        try:
            self._stage.answer(client, self._speaker.greeting(self._stage.market))
            patience = self._speaker.patience_seconds
            await self._answer(
                client, await asyncio.wait_for(socket.recv(), patience and patience / self._pace)
            )
            async for frame in socket:
                await self._answer(client, frame)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            self.counts["slow"] += client.is_slow
            clients.pop(client.number, None)
            if not self._stage.has_subscribers:
                self._player.unheard()
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing

    async def _answer(self, client: Client, frame: str | bytes) -> None:
        text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        self.received.append((client.number, text))
        if self._stage.fault(Kind.DEAF):
            return
        answers = self._speaker.answer(text, client.seat, self._stage.market)
        if client.seat.subscriptions:
            self._player.subscribed()
        self._stage.answer(client, answers)
        is_dropped = client.seat.subscriptions and self.faults.happens(
            Kind.DROP_AT_ONCE, self.clock.position
        )
        if is_dropped:
            await asyncio.sleep(TURN_SECONDS / self._pace)  # so that the answers arrive
            client.cut(1006)

    # -- HTTP

    def _process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        """Answer a request of the HTTP API, or refuse a handshake; None lets it go on."""
        address = urlsplit(request.path)
        params = dict(parse_qsl(address.query))
        if "Upgrade" not in request.headers:
            if address.path.startswith("/replay/"):
                return self._steer(address.path, params)
            self.requests[address.path] += 1
            self._player.contact()
            return answered(address.path, params, self._speaker, self._stage.market, self.faults)
        self.connects.append(time.monotonic())
        self._player.contact()
        return refused_handshake(self.faults, self.clock.position)

    def _steer(self, path: str, params: dict[str, str]) -> Response:
        try:
            if path == "/replay/lay":
                self.lay(parse(params.get("fault", "")))
            elif path == "/replay/lift":
                self.lift(parse(params["fault"]) if "fault" in params else None)
            elif path != "/replay/state":
                return response(HTTPStatus.NOT_FOUND, "{}")
        except FaultRefused as refused:
            return response(HTTPStatus.BAD_REQUEST, json.dumps({"error": str(refused)}))
        return response(HTTPStatus.OK, json.dumps(self.state()))

    def state(self) -> dict[str, object]:
        """Say where the replay is and what has happened, as `/replay/state` does."""
        return {
            "position": self.clock.position,
            "shift": self.clock.shift,
            "moment": self.clock.moment,
            "ended": self.ended.is_set(),
            "clients": len(self.clients),
            "connects": len(self.connects),
            "received": len(self.received),
            "requests": dict(self.requests),
            "frames": self.counts["frames"],
            "slow": self.counts["slow"],
            "faults": [str(fault.kind) for fault in self.faults.laid],
        }


def _quiet() -> logging.Logger:
    """Return a logger that leaves out what clients do, which tests do on purpose."""
    quiet = logger.getChild("sockets")
    quiet.setLevel(logging.CRITICAL)
    return quiet
