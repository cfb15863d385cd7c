"""The hub: one per process, between the channel layer and the sockets.

It joins one layer group per stream and topic for all sockets together, encodes once and writes
to all. It belongs to one event loop; call nothing of it from another thread.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from realtime import computed, survey
from realtime.access import tickets
from realtime.core.limits import Buckets
from realtime.core.wheel import Wheel
from realtime.db.batch import BatchedLoader
from realtime.hub import login_data
from realtime.hub.acks import Acks
from realtime.hub.computed import Computing
from realtime.hub.delays import FROZEN_SECONDS, Delays
from realtime.hub.departures import Departures
from realtime.hub.login_data import Login, LoginData
from realtime.hub.recheck import AccessRecheck
from realtime.hub.reconcile import Reconciler
from realtime.hub.replay import ReplayBudgets
from realtime.hub.rooms import INTERVALS, JoinedRooms
from realtime.hub.socket import Socket
from realtime.hub.sockets import Sockets
from realtime.hub.streams import FollowedStreams
from realtime.hub.whereabouts import Whereabouts
from realtime.hub.writes import WriteCycle
from realtime.layer import groups, send
from realtime.layer.receive import LayerReceiver
from realtime.log import StoredEvent
from realtime.meters import meters
from realtime.options import Options, options
from realtime.protocol.codes import CloseCode
from realtime.servers import descriptors, door
from realtime.streams import stream_user, streams_of

logger = logging.getLogger(__name__)

T = TypeVar("T")

TICK_SECONDS = 0.1
# Go on in one turn of the event loop once the database has answered: deliveries come in between.
LOGINS_A_TURN = 4
LOGINS_A_QUERY = 500  # a row of some 300 bytes for each stream
# Burst: BURST_SECONDS of the rate, at least MIN_BURST.
BURST_SECONDS = 4
MIN_BURST = 10
STOP_SECONDS = 5.0  # for the last acknowledgements, when the database may be away


class Hub:
    """The sockets of this node, and what they follow."""

    def __init__(self, opts: Options) -> None:
        self.options = opts
        self.max_connections = min(opts.max_connections_per_node, descriptors.room())
        self.node_id = secrets.token_hex(8)
        self.epoch: str | None = None  # the deployment's part that its streams were last told of
        self._tasks: set[asyncio.Task[Any]] = set()
        self.receiver = LayerReceiver(self.node_id, self._receive, self._missed)
        self.cycle: WriteCycle[Socket] = WriteCycle(asyncio.get_running_loop())
        self.login_data = BatchedLoader(
            self._begin_logins, per_turn=LOGINS_A_TURN, max_keys=LOGINS_A_QUERY
        )
        self.tickets = BatchedLoader(tickets.redeem, per_turn=LOGINS_A_TURN)
        self.wheel = Wheel(TICK_SECONDS, time.monotonic())
        self.sockets = Sockets(opts, self.wheel)
        self.streams = FollowedStreams(
            self.cycle,
            self.spawn,
            self.receiver,
            self._delivered,
            self._replayed,
            self._reset,
            self._lost_wakeups,
            ReplayBudgets(
                opts.max_replayed_per_second_per_user, opts.max_replayed_per_second_per_address
            ),
            page_bytes=opts.max_buffer_bytes // 2,
            crowd=self.sockets,
        )
        self.reconciler = Reconciler(self.streams, opts)
        self.rooms = JoinedRooms(self.cycle, self.spawn, self.receiver)
        self.computing = Computing(self.sockets.users, self.spawn)
        self.recheck = AccessRecheck(
            self.sockets, self.streams, self.rooms, self.spawn, opts.recheck_seconds
        )
        self.acks = Acks(self.spawn)
        self.departures = Departures()
        self.whereabouts = Whereabouts(self.node_id, self.sockets, self.streams, self.cycle)
        self.delays = Delays()
        self._listeners: dict[str, Callable[[Sequence[str]], None]] = {}  # by topic
        self.draining = False
        self.door = door.of_this_loop()
        self.door.guard(self.shut_for)
        self.refusals = _buckets(opts.max_refused_per_second_per_address)
        self.logins = _buckets(opts.max_logins_per_second_per_user)
        self.asking = _buckets(opts.max_messages_per_second_per_user)
        self.reached: Counter[tuple[str, int]] = Counter()
        self.lag_ms = 0.0

    # -- lifetime

    async def start(self) -> None:
        """Join the layer and begin to work."""
        send.sender.attach(asyncio.get_running_loop())
        survey.offer(self.node_id, self.whereabouts.of)
        now = time.monotonic()
        self.wheel.every(1.0, self._sweep, now)
        for rate, seconds in INTERVALS.items():
            self.wheel.every(seconds, partial(self.rooms.flush, rate), now)
        self.receiver.start()
        for loop in (self._tick(), self.reconciler.run(), self.recheck.run(), self.computing.run()):
            self.spawn(loop)

    async def stop(self) -> None:
        """End all work of this hub."""
        self.door.unguard()  # which would keep the hub and its loop
        await asyncio.to_thread(send.sender.flush)  # which this very loop empties
        send.sender.detach(asyncio.get_running_loop())
        survey.withdraw()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.acks.flush()
        except TimeoutError:
            logger.warning("the last acknowledgements are not stored: the database does not answer")
        await self.receiver.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run work that ends with the hub, without the log context of its caller."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- sockets and streams

    def shut_for(self) -> str:
        """Say why this node takes no further socket: `draining`, `full`, or nothing."""
        if self.draining:
            return "draining"
        return "full" if len(self.sockets) >= self.max_connections else ""

    def detach(self, socket: Socket) -> None:
        """Forget a socket and all it followed. Idempotent."""
        self.sockets.remove(socket)
        connection = socket.connection
        for room in list(connection.rooms):
            self.rooms.leave(socket, room)
        if connection.user_id is not None:
            for name in streams_of(connection.user_id):
                self.streams.remove(name, socket)

    def _delivered(self, event: StoredEvent, sockets: int) -> None:
        user_id = stream_user(event.stream)
        if user_id is None:
            self.reached[event.stream, event.offset] += sockets
        else:
            self.recheck.receive(user_id, event)
            if computed.after(event.type):
                self.computing.compute([user_id])

    def _reset(self, name: str) -> None:
        user_id = stream_user(name)
        if user_id is not None:
            self.recheck.recheck_soon([user_id])  # events passed over may have been about rights

    def _replayed(self, stream: str, events: Sequence[StoredEvent]) -> None:
        if stream_user(stream) is None:
            for event in events:
                self.reached[stream, event.offset] += 1

    def _begin_logins(self, logins: Sequence[Login]) -> dict[Login, LoginData]:
        return login_data.begin(logins, self.login_data.is_wanted)

    # -- the layer

    def listen(self, topic: str, take: Callable[[Sequence[str]], None] | None) -> None:
        """Hand the texts of a topic to a function; None: leave the topic."""
        if take is None:
            self._listeners.pop(topic, None)
        else:
            self._listeners[topic] = take
        self.receiver.join(groups.topic_group(topic), partial(self._listeners.__contains__, topic))

    def _receive(self, message: dict[str, Any]) -> None:
        if message["type"] == send.EVENTS:
            self.streams.receive(message["events"])
        elif message["type"] == send.EPHEMERAL:
            self._take(message["topic"], message["messages"], message.get("at"))
        elif message["type"] == send.LOST:
            self._lost()
        elif message["type"] == survey.QUESTION:
            sockets = self.whereabouts.of(int(message["user"]))
            self.spawn(survey.answer(self.node_id, message, sockets))

    def _take(self, topic: str, messages: Sequence[Any], sent_at: float | None) -> None:
        if listener := self._listeners.get(topic):
            listener(messages)
        else:
            self.rooms.receive(topic, messages, sent_at)

    def _missed(self) -> None:
        self.reconciler.look_now()

    def _lost(self) -> None:
        self.reconciler.doubt()

    def _lost_wakeups(self, stream: str, first: int, last: int) -> None:
        self.delays.lost(stream, first, last)
        self._lost()

    # -- time

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            late = max(0.0, now - before - TICK_SECONDS)
            meters.loop_lag_seconds.observe(late)
            if late >= FROZEN_SECONDS:
                self.delays.froze(before, now)
            self.lag_ms += (late * 1000 - self.lag_ms) * 0.1
            for action in self.wheel.advance(now):
                try:
                    action()
                except Exception:  # one deadline must not stop the clock for all
                    logger.exception("a deadline failed")
            if self.acks.due(now):
                self.spawn(self.acks.flush())

    def _sweep(self) -> None:
        """Close the sockets that have not read for too long."""
        now = time.monotonic()
        patience = self.options.stuck_after_seconds
        for socket, since in list(self.cycle.held.items()):
            if now - since > patience and socket.is_open and socket.close_code is None:
                meters.slow_closed += 1
                key = socket.connection.id
                logger.info("connection %s: reads too slowly", key, extra={"connection_id": key})
                socket.close(CloseCode.SLOW_CONSUMER, at_once=True)
            elif now - since > patience * 1.5:
                socket.writer.abort()


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
