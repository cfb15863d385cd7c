"""Devices that hide, go away, acknowledge late, and see; each writes down what it applied.

Run as `python -m tests.centre.devices` with one JSON object, what `Devices` takes; then driven as
`tests.services.driven` describes. The connection is that of `tests.faults.client`.
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

import httpx
from websockets.exceptions import ConnectionClosed

from tests.centre.ledger import Ledger
from tests.faults import client

READY_SECONDS = 120.0
Answer = dict[str, Any]


class Device(client.Device):
    """One device. Every third is a phone; a third of all hide, leave, or acknowledge late."""

    def __init__(
        self, number: int, user: dict[str, Any], urls: Sequence[str], log: Ledger, web: Any
    ) -> None:
        super().__init__(number, user, urls, log)  # type: ignore[arg-type]  # it notes as well
        self.device, self.acks, self.types = self.name, True, ""
        self.habits = random.Random(number)
        self.kind = "phone" if number % 3 == 0 else "desktop"
        self.state = "active" if self.kind == "phone" or number % 3 == 1 else "away"
        self.hides = number % 9 in {0, 4}
        self.wavers = number % 9 == 1
        self.is_late = number % 9 == 3
        self.is_mute = False  # it applies, and says nothing of it
        self.web = web
        self._unsent: set[asyncio.Task[None]] = set()
        self.online: asyncio.Task[None] | None = None

    def _url(self) -> str:
        return f"{super()._url()}&device_class={self.kind}"

    def _greet(self, data: dict[str, Any]) -> None:
        super()._greet(data)
        self._later(0, self._say_presence())

    async def _say_presence(self) -> None:
        self._note("presence", self.state)
        await self._say({"type": "presence", "state": self.state})

    async def _say(self, command: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionClosed):
            if self.socket is not None:
                await self.socket.send(json.dumps(command))

    def _later(self, seconds: float, work: Any) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await work

        task = asyncio.create_task(wait())
        self._unsent.add(task)
        task.add_done_callback(self._unsent.discard)

    async def _apply(self, stream: str, offset: int, data: dict[str, Any]) -> None:
        if stream not in self.places:
            self._note("foreign", stream, "", offset, data.get("id"))
            return
        epoch, at = self.places[stream]
        self.places[stream] = (epoch, max(at, offset))
        if not stream.startswith("user:"):
            return
        is_notice = "kind" in data and "created_at" in data
        self._note("event", stream, epoch, offset, int(data["id"]) if is_notice else None)
        if self.is_mute:
            return
        pause = self.habits.uniform(1, 5) if self.is_late else 0.0
        self._later(pause, self._acknowledge(stream, epoch, offset))
        if is_notice and self.state == "active" and self.habits.random() < 0.3:
            self._later(self.habits.uniform(0, 3), self._see(int(data["id"])))

    async def _acknowledge(self, stream: str, epoch: str, offset: int) -> None:
        if self.socket is None or self.places.get(stream, ("", 0))[0] != epoch:
            return
        self._note("ack", epoch, offset)
        await self._say({"type": "ack", "stream": stream, "offset": offset})

    async def _see(self, notification: int) -> None:
        base = self.urls[0].replace("ws://", "http://").replace("/ws/notifications", "")
        self._note("seeing", self.user["id"], notification)
        token = {"Authorization": f"Bearer {self.user['token']}"}
        with contextlib.suppress(httpx.HTTPError):
            url = f"{base}/api/v1/notifications/{notification}/seen"
            if (await self.web.post(url, headers=token)).is_success:
                self._note("seen", self.user["id"], notification)

    async def live(self) -> None:
        """Come and go, and be there or not."""
        while True:
            await asyncio.sleep(self.habits.uniform(3, 12))
            if self.wavers:
                self.state = "away" if self.state == "active" else "active"
                await self._say_presence()
            if self.hides:
                await self.hide()
                await asyncio.sleep(self.habits.uniform(2, 8))
                self.come()

    def come(self) -> None:
        """Connect, and stay so."""
        if self.online is None:
            self.online = asyncio.create_task(self.run())

    async def hide(self) -> None:
        """Disconnect."""
        if self.online is not None:
            self.online.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.online
            self.online, self.socket = None, None
            self._note("close", 0)


class Devices:
    """The devices of this process, and the commands."""

    def __init__(
        self, *, folder: str, name: str, urls: Sequence[str], world: str, first: int, count: int,
        seed: int,
    ) -> None:  # fmt: skip
        people = json.loads(Path(world).read_text())
        log = Ledger(Path(folder) / f"devices-{name}.jsonl")
        self._web = httpx.AsyncClient(timeout=5, trust_env=False)
        self._lives: list[asyncio.Task[None]] = []
        self._devices = [
            Device(number, people[number % len(people)], urls, log, self._web)
            for number in range(first, first + count)
        ]

    async def serve(self) -> None:
        """Run the devices, and answer commands until the input closes."""
        for device in self._devices:
            device.come()
            await asyncio.sleep(0.005)
        async with asyncio.timeout(READY_SECONDS):
            await asyncio.gather(*(device.greeted.wait() for device in self._devices))
        self._lives = [asyncio.create_task(device.live()) for device in self._devices]
        print(json.dumps({"ready": True}), flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := await reader.readline():
            command = json.loads(line)
            answer = await getattr(self, command.pop("do"))(**command)
            print(json.dumps(answer), flush=True)

    async def mute(self, *, users: Sequence[int]) -> Answer:
        """Let the devices of some users acknowledge and see nothing any more."""
        for device in self._devices:
            device.is_mute |= device.user["id"] in users
        return {}

    async def calm(self) -> Answer:
        """Let all stay as they are."""
        for life in self._lives:
            life.cancel()
        return {}

    async def see(self, *, users: Sequence[int], notifications: Sequence[int]) -> Answer:
        """Let users see notifications; the answer comes when that is committed."""
        for device in self._devices:
            if device.user["id"] in users:
                for notification in notifications:
                    await device._see(notification)
        return {}


if __name__ == "__main__":
    asyncio.run(Devices(**json.loads(sys.argv[1])).serve())
