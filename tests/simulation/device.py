"""A client: it connects, reads when it likes, says what a schedule tells it, and comes back."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from realtime.consumer.consumer import NotificationConsumer
from realtime.core.frames import Frame
from realtime.core.transport import EXTENSION, Listener
from realtime.protocol.codes import CloseCode
from tests.simulation.arrivals import Arrival
from tests.simulation.judge import Asked, Judge, Message, messages

if TYPE_CHECKING:
    from tests.simulation.world import World

REFUSED, RETRY_AFTER = 503, (1.0, 5.0)  # seconds until one who was refused comes back
CLIENT_READS = (0.0, 0.001, 0.02)  # seconds from a write to when the client has it


class Writer:
    """The server's end of one connection: a transport, whose client reads or does not."""

    needs_pings = True
    has_left = False
    deflates = False

    def __init__(self, world: World, device: Device, judge: Judge, capacity: int) -> None:
        self.paused = False
        self.heard = True
        self.listener: Listener | None = None
        self.pipe: Any = None
        self.judge = judge
        self.arrival: Arrival | None = None
        self.over = False  # the connection is cut, or a close frame was written
        self.dead = False  # the node's process is gone
        self.stalled = False
        self.vanished = self.deaf = False  # it reads nothing any more; deaf, it answers pings
        self.expected: dict[str, str] = {}  # commands without an answer, by id
        self._world = world
        self._device = device
        self._capacity = capacity
        self._unread: list[Message] = []
        self._bytes = 0
        self._reading = False
        self._said: deque[str] = deque()

    # -- the Writer

    def take_over(self, listener: Listener) -> None:
        self.listener = listener
        self.pipe = self._take
        if self.over:
            self._tell(1006)
            return
        if not listener.busy:
            self.resume_reading()

    def last_ping(self) -> tuple[float | None, float | None]:
        return None, None

    def write(self, frames: Sequence[Frame]) -> None:
        if not self.over:
            self._take(b"".join([frame.wire for frame in frames]))

    def _take(self, data: bytes) -> None:
        if self.dead or self.over:
            return
        if self.paused:
            self.judge.fail("written", "it is paused")
            return
        for message, text in messages(data):
            self.judge.take(message, text)
            self._unread.append(message)
            if message.id is not None:
                self.expected.pop(message.id, None)
        self._bytes += len(data)
        if self._bytes > self._capacity:
            self.paused = True
            if self.listener is not None:
                self.listener.held()
        self._read_soon()

    def ping(self) -> None:
        if self.deaf or not self.stalled:
            self.heard = True

    def resume_reading(self) -> None:
        if self._said:
            self._world.loop.call_soon(self._hand_over)

    def close(self, code: CloseCode) -> None:
        if self.over:
            return
        self.over = True
        assert self.listener is not None
        self.listener.put_nowait({"type": "websocket.disconnect", "code": int(code)})
        if not self.stalled or self._world.rng.random() < 0.5:
            self._world.loop.outside(0.001, self._read)
        self._world.loop.outside(0.002, self._device.lost, self, int(code))

    def abort(self) -> None:
        self.cut()

    @property
    def serving(self) -> asyncio.Task[None] | None:
        """The task that logs the client in, or did."""
        return None if self.arrival is None else self.arrival.serving

    # -- the client's end

    def refused(self) -> None:
        """Be told to come back, in place of a socket."""
        if not self.over:
            self.over = True
            self._world.loop.outside(0.001, self._device.lost, self, REFUSED)

    def cut(self) -> None:
        """Lose the connection, with all that the client has not read."""
        if self.over:
            return
        self.over = True
        self._unread = []
        self._world.loop.outside(0.0, self._device.lost, self, 1006)
        if self.listener is not None and not self.dead:
            self._world.loop.outside(0.0, self._tell, 1006)

    def leave(self) -> None:
        """Close politely, with all read that was written so far."""
        if not self.over:
            self._read()
            self.cut()

    def _tell(self, code: int) -> None:
        assert self.listener is not None
        self.listener.put_nowait({"type": "websocket.disconnect", "code": code})

    def say(self, **command: Any) -> None:
        """Send a command."""
        number = self._world.number()
        command["id"] = str(number)
        self._said.append(json.dumps(command))
        self._hand_over()

    def _hand_over(self) -> None:
        while self._said and self.listener is not None and not self.listener.busy:
            if self.over or self.dead:
                return
            text = self._said.popleft()
            command = json.loads(text)
            self.expected[command["id"]] = command["type"]
            self.judge.said(command)
            self.heard = True
            self.listener.put_nowait({"type": "websocket.receive", "text": text})

    def stall(self, stalled: bool) -> None:
        self.stalled = stalled or self.vanished or self.deaf
        if not self.stalled:
            self._read_soon()

    def _read_soon(self) -> None:
        if not self._reading and not self.stalled:
            self._reading = True
            self._world.loop.outside(self._world.rng.choice(CLIENT_READS), self._arrived)

    def _arrived(self) -> None:
        self._reading = False
        if not self.stalled and not self.over:
            self._read()

    def _read(self) -> None:
        unread, self._unread, self._bytes = self._unread, [], 0
        for message in unread:
            self._device.take(message)
        if self.paused and not self.over and not self.dead:
            self.paused = False
            assert self.listener is not None
            self.listener.resumed()
            if not self.listener.busy:
                self.resume_reading()


class Device:
    """One client. `mode`: it resumes by its own position, by its name alone, or not at all."""

    def __init__(
        self, world: World, number: int, user_id: int, mode: str, capacity: int, types: str
    ) -> None:
        self.number = number
        self.user_id = user_id
        self.mode = mode
        self.name = f"d{number % 2}" if mode == "device" else ""  # two of a user may share one
        self.types = types
        self.at: dict[str, tuple[str, int]] = {}  # its events, by stream
        self.greeted = False
        self.writer: Writer | None = None
        self.wanted = False
        self.session = ""  # of the last token that it has shown
        self._world = world
        self._capacity = capacity

    # -- connecting

    def connect(self, *, anonymous: bool = False) -> None:
        if self.writer is not None:
            return
        world, streams = self._world, world_streams(self.user_id)
        self.wanted, self.greeted = True, False
        known = bool(self.at)  # it has been greeted before
        query = {"types": self.types, "device": self.name}
        since: dict[str, tuple[str | None, int]] = {}
        if self.mode == "since" and self.at:
            since = {name: self.at[name] for name in streams}
            query["since"] = ",".join(f"{name}:{offset}" for name, (_, offset) in since.items())
            query["epoch"] = ".".join(str(epoch) for epoch, _ in since.values())
        elif self.mode == "new":
            self.at = {}
        asked = Asked(
            user_id=self.user_id,
            device=self.name,
            since=since,
            types=frozenset(filter(None, self.types.split(","))),
            at=world.loop.time(),
            heads={
                name: (stream.epoch, stream.head) for name, stream in world.stored.streams.items()
            },
            applied=lambda: world.applied_by(self) if known else {},
            acked=world.acked_by(self) if self.mode == "device" else {},
        )
        name = f"device {self.number} of {self.user_id}, connection {world.number()}"
        judge = Judge(name, world.stored, asked, world.fail)
        writer = self.writer = Writer(world, self, judge, self._capacity)
        world.writers.append(writer)
        identity = world.identity(self)
        scope: dict[str, Any] = {
            "type": "websocket",
            "extensions": {EXTENSION: writer},
            "query": {name: value for name, value in query.items() if value},
            "query_flaw": None,
            "identity": None if anonymous else identity,
            "ticket": None,
            "credential": False,
            "subprotocols": [],
            "headers": [],
            "client": ("127.0.0.1", 1),
        }
        writer.arrival = Arrival(
            world,
            lambda: NotificationConsumer()(scope, world.arrive, _accepts),
            lambda: writer.over,
            writer.refused,
            writer.cut,
        )
        writer.arrival.come()
        if anonymous and not writer.over:
            writer.say(type="authenticate", token=world.token(self))

    def lost(self, writer: Writer, code: int) -> None:
        """Note the end of a connection, and come back soon."""
        if self.writer is writer:
            self.writer = None
            if code == CloseCode.TOO_MANY_CONNECTIONS:
                self.wanted = False  # another of this user has taken its place
            if self.wanted:
                after = RETRY_AFTER if code == REFUSED else (0.05, 1.0)
                self._world.loop.outside(self._world.rng.uniform(*after), self.come_back)

    def come_back(self) -> None:
        if self.wanted and self.user_id not in self._world.stored.inactive:
            self.connect()

    # -- what it does while it is connected

    def say(self, **command: Any) -> None:
        if self.writer is not None:
            self.writer.say(**command)

    def cut(self) -> None:
        if self.writer is not None:
            self.writer.cut()

    def stall(self, stalled: bool) -> None:
        if self.writer is not None:
            self.writer.stall(stalled)

    # -- reading

    def take(self, message: Message) -> None:
        """Apply what came, as the protocol's page tells clients to."""
        if message.offset is not None and message.stream in self.at:
            epoch, at = self.at[message.stream]
            self.at[message.stream] = (epoch, max(at, message.offset))
        elif message.type == "connection_established":
            self.greeted = True
            told = {
                name: (at["epoch"], at["offset"])
                for name, at in message.content()["positions"].items()
            }
            self.at = self.at if self.mode == "since" and self.at else told
        elif message.type == "resync_required":
            data = message.content()
            self.at[data["stream"]] = (data["position"]["epoch"], data["position"]["offset"])
        elif message.type == "acked":
            data = message.content()
            self._world.note_acked(self, data["stream"], self.at[data["stream"]][0], data["offset"])
        self._world.note_applied(self)

    def ack(self, how: str) -> None:
        """Acknowledge in the streams what was read; or less than that, or more."""
        for name, (_, offset) in self.at.items():
            less = {"older": 2, "bogus": -1000}.get(how, 0)
            if offset - less >= 0:
                self.say(type="ack", stream=name, offset=offset - less)


def world_streams(user_id: int) -> tuple[str, str]:
    return (f"user:{user_id}", "announcements")


async def _accepts(message: Any) -> None:
    await asyncio.sleep(0)
