"""The hub: one per process, between the channel layer and the sockets.

It joins one layer group per stream and topic, whatever the number of sockets,
encodes once and writes to all. Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from realtime import computed
from realtime.access import tickets
from realtime.core.frames import Frame
from realtime.core.limits import Buckets
from realtime.core.pace import Pace
from realtime.core.records import Ephemeral
from realtime.core.roster import Roster
from realtime.core.wheel import Wheel
from realtime.db import threads
from realtime.db.batch import BatchedLoader
from realtime.hub import login_data
from realtime.hub.acks import Acks
from realtime.hub.lapses import Lapses
from realtime.hub.recheck import AccessRecheck
from realtime.hub.replay_budgets import ReplayBudgets
from realtime.hub.rooms import INTERVALS, JoinedRooms
from realtime.hub.socket import Socket
from realtime.hub.streams import FollowedStreams
from realtime.hub.writes import WriteCycle
from realtime.layer import groups, send
from realtime.layer.receive import LayerReceiver
from realtime.log import StoredEvent
from realtime.options import Options, options
from realtime.protocol import codec
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import ServerShutdown
from realtime.streams import stream_user, streams_of

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
# What may come at once: so many seconds' worth, and never less than that.
BURST_SECONDS = 4
MIN_BURST = 10
STOP_SECONDS = 5.0  # for the last acknowledgements, when the database may be away
COMPUTE_WAIT_SECONDS = 0.5  # at most, to gather users in a storm
COMPUTE_RETRY_SECONDS = 1.0


class Hub:
    """The sockets of this node, and what they follow."""

    def __init__(self, opts: Options) -> None:
        self.options = opts
        self.node_id = secrets.token_hex(8)
        self.cycle = WriteCycle(asyncio.get_running_loop())
        self.traffic = self.cycle.traffic
        self.login_data = BatchedLoader(login_data.begin)
        self.tickets = BatchedLoader(tickets.redeem)
        self.recheck = AccessRecheck(self)
        self.sockets: set[Socket] = set()
        self.users: dict[int, dict[Socket, None]] = {}  # in the order of their logins
        self.roster: Roster[Socket] = Roster()  # those of `users`, for the node's reports
        self.streams = FollowedStreams(
            self.cycle,
            self._delivered,
            self._replayed,
            page_bytes=opts.max_buffer_bytes // 2,
            replays=ReplayBudgets(
                opts.max_replayed_per_second_per_user, opts.max_replayed_per_second_per_address
            ),
            on_reset=self._reset,
        )
        self.rooms = JoinedRooms(self.cycle, self.join_topic)
        self.acks = Acks()
        self.wheel = Wheel(TICK_SECONDS, time.monotonic())
        self.draining = False
        self.anonymous: Counter[str] = Counter()  # sockets without a login, by network
        self.refusals = _buckets(opts.max_refused_per_second_per_address)
        self.logins = _buckets(opts.max_logins_per_second_per_user)
        self.asking = _buckets(opts.max_messages_per_second_per_user)
        self.reached: Counter[tuple[str, int]] = Counter()
        self.lag_ms = 0.0
        self._reconcile_early = asyncio.Event()
        self.receiver = LayerReceiver(self.node_id, self._receive, self._reconcile_now)
        self._compute_for: set[int] = set()
        self._compute_pace = Pace(COMPUTE_WAIT_SECONDS)
        self._computing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- lifetime

    async def start(self) -> None:
        """Join the layer and begin to work."""
        send.sender.attach(asyncio.get_running_loop())
        self._every(1.0, self._sweep)
        for rate, seconds in INTERVALS.items():
            self._every(seconds, partial(self.rooms.flush, rate))
        self.receiver.start()
        lapses = Lapses(self.users, self.compute)
        for loop in (self._tick(), self._reconcile(), self.recheck.run(), lapses.run()):
            self.spawn(loop)

    async def stop(self) -> None:
        """End all work of this hub."""
        await asyncio.to_thread(send.sender.flush)  # which this very loop empties
        send.sender.detach(asyncio.get_running_loop())
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.acks.flush()
        except TimeoutError:
            logger.warning("the last acknowledgements are not stored: the database does not answer")
        self.rooms.stop()
        await self.receiver.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send_away(self, socket: Socket) -> None:
        """Tell a client to come back, to this node or another, and close."""
        spread = self.options.reconnect_after_ms
        socket.reply(ServerShutdown(reconnect_after_ms=random.randint(min(1, spread), spread)))
        socket.close(CloseCode.RESTART)

    def spawn(self, work: Awaitable[Any]) -> None:
        """Run work that ends with the hub."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- sockets

    def admit(self, socket: Socket) -> None:
        """Keep a new socket in sight, whoever it may belong to."""
        self.sockets.add(socket)
        if socket.is_anonymous:
            self.anonymous[socket.peer.network] += 1
        if socket.writer.needs_pings:
            self._beat_later(socket)

    def _beat_later(self, socket: Socket) -> None:
        socket.heartbeat = self.wheel.at(
            time.monotonic() + self.options.heartbeat_seconds, partial(self._beat, socket)
        )

    def _beat(self, socket: Socket) -> None:
        """Ping; who gave no sign of life since the last one is gone."""
        if socket.writer.heard:
            socket.writer.heard = False
            socket.writer.ping()
            self._beat_later(socket)
        else:
            socket.close(CloseCode.TIMEOUT, at_once=True)

    def attach(self, socket: Socket) -> None:
        """Count a socket whose user is known; the user's oldest gives way to it."""
        user_id = socket.connection.user_id
        assert user_id is not None
        self._known(socket)
        own = self.users.setdefault(user_id, {})
        own[socket] = None
        self.roster.add(socket.connection.id, socket)
        surplus = max(0, len(own) - self.options.max_connections_per_user)
        for oldest in list(own)[:surplus]:
            self._unlist(oldest, own)
            oldest.close(CloseCode.TOO_MANY_CONNECTIONS)

    def detach(self, socket: Socket) -> None:
        """Forget a socket and all it followed. Idempotent."""
        socket.gone()
        self.sockets.discard(socket)
        self._known(socket)
        connection = socket.connection
        if connection.user_id is not None:
            own = self.users.get(connection.user_id, {})
            if socket in own:
                self._unlist(socket, own)
            if not own:
                self.users.pop(connection.user_id, None)
        for room in list(connection.rooms):
            self.rooms.leave(socket, room)
        if connection.user_id is not None:
            streams = streams_of(connection.user_id)
            idle = [stream for stream in streams if self.streams.remove(stream, socket)]
            self.join_streams(idle)

    def _unlist(self, socket: Socket, own: dict[Socket, None]) -> None:
        del own[socket]
        self.roster.remove(socket.connection.id)

    def _known(self, socket: Socket) -> None:
        """Count a socket among those without a login no longer. Idempotent."""
        if socket.is_anonymous:
            socket.is_anonymous = False
            network = socket.peer.network
            self.anonymous[network] -= 1
            if not self.anonymous[network]:
                del self.anonymous[network]

    def compute(self, user_ids: Iterable[int]) -> None:
        """Compute the messages of these users soon, all in one query each."""
        self._compute_for.update(user_ids)
        if self._computing is None or self._computing.done():
            self._computing = asyncio.ensure_future(self._compute())
            self._tasks.add(self._computing)
            self._computing.add_done_callback(self._tasks.discard)

    async def _compute(self) -> None:
        while self._compute_for:
            await asyncio.sleep(self._compute_pace.wait(time.monotonic()))
            users = [user_id for user_id in self._compute_for if user_id in self.users]
            self._compute_for.clear()
            self._compute_pace.began(time.monotonic(), len(users))
            for kind in computed.messages():
                try:
                    found = await threads.run(kind.load, users) if users else {}
                except Exception as error:  # a database that is away comes back
                    logger.warning("%s not computed: %r", kind.name, error)
                    self._compute_for.update(users)
                    await asyncio.sleep(COMPUTE_RETRY_SECONDS)
                    continue
                for user_id, payload in found.items():
                    frame = Frame(codec.encode(payload))
                    for socket in self.users.get(user_id, ()):
                        socket.put_newest(kind.name, frame)

    def _delivered(self, entry: StoredEvent, sockets: int) -> None:
        user_id = stream_user(entry.stream)
        if user_id is None:
            self.reached[entry.stream, entry.offset] += sockets
        else:
            self.recheck.receive(user_id, entry)
            if computed.after(entry.type):
                self.compute([user_id])

    def _reset(self, name: str) -> None:
        user_id = stream_user(name)
        if user_id is not None:
            self.recheck.recheck_soon([user_id])  # what was passed over may have been about rights

    def _replayed(self, entry: StoredEvent) -> None:
        if stream_user(entry.stream) is None:
            self.reached[entry.stream, entry.offset] += 1

    # -- the layer

    def join_streams(self, streams: Iterable[str]) -> None:
        """Join the groups of streams that are followed now, leave those that no longer are."""
        for name in streams:
            self.receiver.join(
                groups.stream_group(name), partial(self.streams.followed.__contains__, name)
            )

    async def join_topic(self, topic: str) -> None:
        """Join or leave the layer group of a topic, as its rooms come and go."""
        self.receiver.join(groups.topic_group(topic), partial(self.rooms.wants, topic))
        await self.receiver.settled()

    def _receive(self, message: dict[str, Any]) -> None:
        if message["type"] == send.EVENTS:
            self.streams.receive(message["events"])
        elif message["type"] == send.EPHEMERAL:
            self.rooms.receive(message["topic"], message["messages"])

    def deliver(self, topic: str, messages: Sequence[Ephemeral]) -> None:
        """Send ephemeral messages to this node's sockets only, without the layer."""
        self.rooms.deliver(topic, messages)

    # -- time

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            late = max(0.0, now - before - TICK_SECONDS) * 1000
            self.lag_ms += (late - self.lag_ms) * 0.1
            for action in self.wheel.advance(now):
                try:
                    action()
                except Exception:  # one deadline must not stop the clock for all
                    logger.exception("a deadline failed")
            if self.acks.due(now):
                self.spawn(self.acks.flush())

    def _every(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` from the wheel again and again."""

        def turn() -> None:
            self._every(seconds, action)
            action()

        self.wheel.at(time.monotonic() + seconds, turn)

    def _sweep(self) -> None:
        """Send those away who have stopped reading."""
        now = time.monotonic()
        patience = self.options.stuck_after_seconds
        for socket, since in list(self.cycle.held.items()):
            if now - since > patience and socket.is_open and socket.close_code is None:
                self.traffic.slow_closed += 1
                logger.info("connection %s: reads too slowly", socket.connection.id)
                socket.close(CloseCode.SLOW_CONSUMER, at_once=True)
            elif now - since > patience * 1.5:
                socket.writer.abort()

    async def _reconcile(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.options.reconcile_seconds):
                    await self._reconcile_early.wait()
            self._reconcile_early.clear()
            try:
                await self.streams.reconcile()
            except Exception as error:  # a database that is away comes back
                logger.warning("reconcile: %r", error)

    def _reconcile_now(self) -> None:
        """Read the log at once: the layer may have lost something."""
        self._reconcile_early.set()


def _buckets(rate: float) -> Buckets:
    return Buckets(rate, max(rate * BURST_SECONDS, MIN_BURST))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub | None:
    """Return the hub of the running event loop, if it has one."""
    return _hubs.get(asyncio.get_running_loop())


async def ensure() -> Hub:
    """Return the hub of the running event loop, and start it if need be."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub(options())
        try:
            await hub.start()
        except BaseException:  # half a hub must not serve: the next one tries anew
            _hubs.pop(loop, None)
            await hub.stop()
            raise
    return hub


async def close() -> None:
    """Stop the hub of the running event loop."""
    hub = _hubs.pop(asyncio.get_running_loop(), None)
    if hub is not None:
        await hub.stop()
