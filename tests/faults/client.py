"""A process with many devices, each of which journals what it applied.

Run as `python -m tests.faults.client` with one JSON object, what `Devices` takes; it is ready
when all devices have been greeted, and then driven as `tests.services.driven` describes.

A device resumes from its own positions, every third one from its last acknowledgement on the
server; every fourth one asks for compression, and another fourth subscribes, to all that there
is or to what these runs publish. Those of every fourth user that resume from their own
positions share the name of one device, and acknowledge too. To fidget is to change filters, to
renew and to acknowledge in any order; no filter ever leaves out what these runs publish, so
none makes a hole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    WebSocketException,
)

from realtime.client.policy import retry_after
from tests.faults.journal import Journal

ACK_EVERY = 5  # events
READY_SECONDS = 120.0  # for all devices to be greeted for the first time
PUBLISHED = "system"  # the filter type of all events that have one
FIDGET_SECONDS = 0.02  # between two commands, at most
ALL_TYPES = "transaction,security,account,payment,savings,kyc,system,marketing,reminder,balance"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0

Answer = dict[str, Any]


class Device:
    """One device of one user. Its place moves in the same step in which it is journaled."""

    def __init__(
        self, number: int, user: dict[str, Any], urls: Sequence[str], journal: Journal
    ) -> None:
        self.name = f"d{number}"
        self.user = user
        self.acks = number % 3 == 2
        # Its name on the server: "" is none, and some share a name with others.
        self.device = self.name if self.acks else f"of{user['id']}" if user["id"] % 4 == 3 else ""
        self._compression = "deflate" if number % 4 == 1 else None
        self.types = "" if number % 4 != 2 else ALL_TYPES if number % 8 == 2 else PUBLISHED
        self.places: dict[str, tuple[str, int]] = {}
        self.greeted = asyncio.Event()
        self.stalled_until = 0.0
        self.socket: ClientConnection | None = None
        self.urls = urls
        self._next = number
        self._epochs = ""
        self._journal = journal
        self._connection = 0
        self._unacked: dict[str, int] = {}
        self._unanswered: dict[str, int] = {}  # the offset of the last ack, by stream
        self._rng = random.Random(number)

    async def run(self) -> None:
        """Stay connected for ever."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            self._connection += 1
            code: int | str = 0
            hint = 0.0
            try:
                async with connect(
                    self._url(), compression=self._compression, proxy=None, max_size=None,
                    max_queue=4, open_timeout=10, close_timeout=1, ping_interval=5, ping_timeout=5,
                ) as socket:  # fmt: skip
                    self.socket = socket
                    async for frame in socket:
                        pause = FIRST_PAUSE_SECONDS
                        await self._take(json.loads(frame))
                    code = socket.close_code or 1006
            except ConnectionClosed as error:
                code = error.rcvd.code if error.rcvd is not None else 1006
            except InvalidStatus as error:
                code = error.response.status_code
                hint = retry_after(error.response.headers.get("Retry-After")) or 0.0
            except (OSError, WebSocketException, InvalidHandshake, EOFError) as error:
                code = type(error).__name__
            if self.socket is not None:
                self._journal.note("close", self.name, self._connection, code)
            self.socket = None
            self._next += 1
            await asyncio.sleep(hint + self._rng.uniform(0, pause))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    @property
    def waits(self) -> bool:
        """True while an ack of this connection has no answer: `acked` follows once it is stored."""
        return self.socket is not None and bool(self._unanswered)

    def drop(self) -> None:
        """Cut the connection, without a goodbye."""
        if self.socket is not None:
            self.socket.transport.abort()

    def _url(self) -> str:
        query = {"token": self.user["token"]}
        if self.device:
            query["device"] = self.device
        if self.places and not self.acks:
            query["since"] = ",".join(f"{name}:{at}" for name, (_, at) in self.places.items())
            query["epoch"] = self._epochs
        if self.types:
            query["types"] = self.types
        return f"{self.urls[self._next % len(self.urls)]}?{urlencode(query)}"

    async def _take(self, message: dict[str, Any]) -> None:
        data: dict[str, Any] = message.get("data") or {}
        loop = asyncio.get_running_loop()
        if self.stalled_until > loop.time():
            await asyncio.sleep(self.stalled_until - loop.time())
        match message["type"]:
            case "connection_established":
                self._greet(data)
            case "resync_required":
                stream, place = data["stream"], data["position"]
                self.places[stream] = (place["epoch"], place["offset"])
                self._epochs = data["epoch"]
                self._note("resync", stream, data["reason"], place["epoch"], place["offset"])
            case "acked":
                stream = data["stream"]
                epoch = self.places[stream][0]
                self._journal.note(
                    "acked", self.device, self._connection, stream, epoch, data["offset"]
                )
                if data["offset"] >= self._unanswered.get(stream, 0):
                    self._unanswered.pop(stream, None)
            case "error":
                self._unanswered.clear()  # one of them may have been refused
            case _ if "offset" in message:
                await self._apply(message["stream"], message["offset"], data)

    def _greet(self, data: dict[str, Any]) -> None:
        told = {name: (at["epoch"], at["offset"]) for name, at in data["positions"].items()}
        mode = "device" if self.acks else "since" if self.places else "new"
        if not self.places:
            self.places = dict(told)
        self._epochs = data["epoch"]
        self._unacked = dict.fromkeys(told, 0)
        self._unanswered.clear()
        self._note("open", int(data["user_id"]), told, mode, self.user["id"])
        self.greeted.set()

    async def _apply(self, stream: str, offset: int, data: dict[str, Any]) -> None:
        if stream not in self.places:
            self._note("foreign", stream, "", offset, data.get("title"))
            return
        epoch, at = self.places[stream]
        if self.acks and offset <= at:
            self._note("again", stream, epoch, offset, data["title"])
            return
        self._note("event", stream, epoch, offset, data["title"])
        self.places[stream] = (epoch, offset)
        if not self.device:
            return
        self._unacked[stream] += 1
        if self._unacked[stream] >= ACK_EVERY and self.socket is not None:
            self._unacked[stream] = 0
            self._unanswered[stream] = offset
            ack = {"type": "ack", "stream": stream, "offset": offset}
            await self.socket.send(json.dumps(ack))

    async def fidget(self, seconds: float) -> None:
        """Change the filter, renew the login, and acknowledge older offsets, for a while."""
        loop, rng = asyncio.get_running_loop(), self._rng
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(rng.uniform(0, FIDGET_SECONDS))
            command: dict[str, Any] = {"types": rng.sample(("balance", "security", "kyc"), 2)}
            command["type"] = rng.choice(("subscribe_notifications", "unsubscribe_notifications"))
            if rng.random() < 0.1:
                command = {"type": "authenticate", "token": self.user["token"]}
            elif self.device and rng.random() < 0.2:
                stream = rng.choice(list(self.places))
                offset = max(0, self.places[stream][1] - rng.randrange(5))
                command = {"type": "ack", "stream": stream, "offset": offset}
            with contextlib.suppress(ConnectionClosed):
                if self.socket is not None:
                    await self.socket.send(json.dumps(command))

    def _note(self, kind: str, *content: Any) -> None:
        self._journal.note(kind, self.name, self._connection, *content)


class Devices:
    """The devices of this process, and the commands. `users` is a file that `cluster` wrote."""

    def __init__(
        self,
        *,
        folder: str,
        name: str,
        urls: Sequence[str],
        users: str,
        first: int,
        count: int,
        seed: int,
    ) -> None:
        known = json.loads(Path(users).read_text())
        journal = Journal(Path(folder) / f"journal-{name}.jsonl")
        self._rng = random.Random(seed)
        self._tasks: list[asyncio.Task[None]] = []
        self._devices = [
            Device(number, known[number % len(known)], urls, journal)
            for number in range(first, first + count)
        ]

    async def serve(self) -> None:
        """Run the devices, and answer commands until the input closes."""
        for device in self._devices:
            self._tasks.append(asyncio.create_task(device.run()))
            await asyncio.sleep(0.005)
        async with asyncio.timeout(READY_SECONDS):
            await asyncio.gather(*(device.greeted.wait() for device in self._devices))
        _say({"ready": True})
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := await reader.readline():
            command = json.loads(line)
            _say(getattr(self, command.pop("do"))(**command))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> Answer:
        for device in self._devices:
            device.drop()
        return {}

    def connect(self, *, urls: Sequence[str]) -> Answer:
        """Go to these addresses from now on, at once."""
        for device in self._devices:
            device.urls = urls
        return self.drop()

    def online(self) -> Answer:
        """Return how many devices have a connection, and how many there are."""
        found = sum(device.socket is not None for device in self._devices)
        return {"online": found, "devices": len(self._devices)}

    def waiting(self) -> Answer:
        """Return how many devices wait for the answer to an ack."""
        return {"waiting": sum(device.waits for device in self._devices)}

    def stall(self, *, seconds: float, count: int) -> Answer:
        stalled = self._rng.sample(self._devices, min(count, len(self._devices)))
        for device in stalled:
            device.stalled_until = asyncio.get_running_loop().time() + seconds
        users = sorted({device.user["id"] for device in stalled})
        return {"users": users, "devices": [device.name for device in stalled]}

    def fidget(self, *, seconds: float, count: int) -> Answer:
        filtered = [device for device in self._devices if device.types]
        chosen = self._rng.sample(filtered, min(count, len(filtered)))
        self._tasks += [asyncio.create_task(device.fidget(seconds)) for device in chosen]
        return {"users": sorted({device.user["id"] for device in chosen})}

    def positions(self) -> Answer:
        for task in self._tasks:
            if task.done():
                task.result()  # raises what has ended it; a device never ends by itself
        return {"devices": {device.name: device.places for device in self._devices}}


def _say(answer: Answer) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(Devices(**json.loads(sys.argv[1])).serve())
