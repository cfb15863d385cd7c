"""A node or two with their clients, and all else replaced by what a seed decides."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from channels.layers import channel_layers

from hoardrun.ledger.messages import BalanceUpdate
from hoardrun.market.messages import MarketUpdate
from notifications.messages import Notification, SystemAnnouncement
from realtime.cluster.epoch_watch import EpochWatch
from realtime.core.identity import Identity
from realtime.hub import hub
from realtime.hub.hub import Hub
from realtime.layer import send
from realtime.options import Options
from realtime.protocol.messages import Payload
from realtime.protocol.published import AccessChanged
from realtime.publish import Ephemeral, payload_from, publish_ephemeral
from realtime.servers import door
from tests.simulation import ending
from tests.simulation.arrivals import Arrival, crowd
from tests.simulation.device import Device, Writer
from tests.simulation.loop import Loop
from tests.simulation.outside import Air, Database, Ear
from tests.simulation.stage import ROOM, SIZES, Playing, Silent
from tests.simulation.stored import MOMENT, Stored

EPOCH_SECONDS = 1_800_000_000.0  # the wall clock when the loop's clock shows zero
LOGIN_SECONDS = 3600.0
PATIENCE_SECONDS = 30.0  # until everything must have arrived once all works again
TURN_SECONDS = 0.2
STREAMS = ("announcements", "user:1", "user:2")


@dataclass(frozen=True)
class Setting:
    """The setting of a schedule. `quiet`: nothing fails, and the layer alone must do."""

    seed: int
    quiet: bool
    shuffled: bool
    hasty: bool
    page: int
    piece: int
    inline: int
    buffer: int
    devices: tuple[tuple[int, str, int, str], ...]  # user, mode, capacity, types
    most: int = 4  # sockets of a user
    nodes: int = 1  # to any of which a client may come
    renewed: int = 500  # streams that begin anew at once
    logins: int = 1000  # under way, and as many in the line
    line: float = 3600.0  # seconds that a handshake may wait in it


class World:
    """The nodes, their clients, and what they talk to; to be played within `replaced()`."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.rng = random.Random(setting.seed)
        self.failures: list[tuple[str, str]] = []
        self.loop = Loop(self.rng, shuffled=setting.shuffled, hasty=setting.hasty)
        self.stored = Stored(self.loop.time)
        self.database = Database(self.loop)
        self.loop.database = self.database.call
        self.air = Ear.air = Air(self.loop)
        self.writers: list[Writer] = []
        self.barred: set[int] = set()
        self._number = 0
        self._values = 0
        self._applied: dict[tuple[int, str], dict[str, tuple[str, int]]] = {}
        self._acked: dict[tuple[int, str], dict[str, tuple[str, int]]] = {}
        Playing.now = self
        for key, where in SIZES.items():
            setattr(*where, getattr(setting, key))
        self.devices = [Device(self, number, *each) for number, each in enumerate(setting.devices)]
        self.hubs: list[Hub] = []
        self.door: door.Door  # of all nodes, which share a loop
        self.line: list[Arrival] = []  # at the door, in the order in which they came
        self.options = Options(
            max_connections_per_user=setting.most,
            max_messages_per_second=10_000,
            max_message_burst=10_000,
            max_messages_per_second_per_user=10_000,
            max_logins_per_second_per_user=10_000,
            max_buffer_bytes=setting.buffer,
            stuck_after_seconds=3,
            heartbeat_seconds=4,
            recheck_seconds=3600 if setting.quiet else 2,
            reconcile_seconds=3600 if setting.quiet else 1,
            reconcile_calm_seconds=3600 if setting.quiet else 3,
            max_logins_under_way=setting.logins,
            login_wait_seconds=setting.line,
        )
        self._start()

    def _start(self) -> None:
        channel_layers.backends = {}
        send.sender = send.Sender()

        async def start() -> None:
            self.door, self.line = door.Door(self.options), []
            door._doors[self.loop] = self.door
            for _ in range(self.setting.nodes):
                node = Hub(self.options)
                await node.start()
                node.spawn(EpochWatch(node).run())
                self.hubs.append(node)

        task = self.loop.create_task(start())
        # Before a node has joined its first groups, a login does not wait for its own.
        self.loop.run_until(self.loop.time() + (0.1 if self.setting.quiet else 0.0))
        task.result()

    async def arrive(self) -> dict[str, Any]:
        """Begin a handshake, at any of the nodes; nothing may wait before it has its node."""
        while not self.hubs:
            await asyncio.sleep(0.01)
        hub._hubs[self.loop] = self.hubs[self.rng.randrange(len(self.hubs))]
        return {"type": "websocket.connect"}

    # -- what others ask

    def number(self) -> int:
        self._number += 1
        return self._number

    def wall(self) -> float:
        return EPOCH_SECONDS + self.loop.time()

    def identity(self, device: Device, seconds: float = LOGIN_SECONDS) -> Identity:
        """Make a login of its own for a device."""
        device.session = f"s{self.number()}"
        return Identity(device.user_id, self.wall() + seconds, device.session)

    def token(self, device: Device, seconds: float = LOGIN_SECONDS) -> str:
        it = self.identity(device, seconds)
        return f"{it.user_id}/{it.expires_at}/{it.session}"

    def fail(self, verdict: str, text: str) -> None:
        self.failures.append((verdict, f"at {self.loop.time() - 1000:.4f} s, {text}"))

    def note_applied(self, device: Device) -> None:
        if device.mode != "device":
            return
        own = self._applied.setdefault((device.user_id, device.name), {})
        for name, (epoch, offset) in device.at.items():
            life = self.stored.streams[name].order
            before = own.get(name, ("", -1))
            if (life(before[0]), before[1]) < (life(epoch), offset):
                own[name] = (epoch, offset)

    def applied_by(self, device: Device) -> dict[str, tuple[str, int]]:
        return self._applied.get((device.user_id, device.name), {})

    def note_acked(self, device: Device, stream: str, epoch: str, offset: int) -> None:
        own = self._acked.setdefault((device.user_id, device.name), {})
        if stream not in own or own[stream][0] != epoch or own[stream][1] < offset:
            own[stream] = (epoch, offset)

    def acked_by(self, device: Device) -> dict[str, tuple[str, int]]:
        return dict(self._acked.get((device.user_id, device.name), {}))

    # -- what may happen; each takes numbers, of which any will do

    def act(self, name: str, *arguments: Any) -> None:
        getattr(self, f"do_{name}")(*arguments)

    def _device(self, number: int) -> Device:
        return self.devices[number % len(self.devices)]

    def _named(self, number: int) -> Device | None:
        """Return the first from there on that the server knows by its name."""
        later = self.devices[number % len(self.devices) :]
        return next((it for it in later if it.mode == "device"), None)

    def do_together(self, name: str, arguments: Sequence[Any]) -> None:
        """Let something happen in the turn in which the node next hears of something."""
        self.air.together.append(lambda: self.act(name, *arguments))

    def do_connect(self, device: int, anonymous: bool) -> None:
        self._device(device).connect(anonymous=anonymous)

    def _commit(self, messages: Sequence[tuple[str, Payload]], delay: float = 0.0) -> None:
        """Store events in one transaction, and wake the nodes a moment later."""
        self.loop.outside(delay, send.wake, self.stored.append(messages))

    def do_drop(self, device: int, back: bool) -> None:
        it = self._device(device)
        it.wanted = back
        it.cut()

    def do_leave(self, device: int, back: bool) -> None:
        it = self._device(device)
        it.wanted = back
        if it.writer is not None:
            it.writer.leave()

    def do_publish(self, stream: int, count: int, pad: int, kinds: int, delay: float) -> None:
        """Commit some events in one transaction, and wake the nodes a moment later."""
        user_id = stream % 3
        payloads = [self._payload(user_id, kinds >> i & 3, pad) for i in range(count)]
        self._commit([(STREAMS[user_id], payload) for payload in payloads], delay)

    def _payload(self, user_id: int, kind: int, pad: int) -> Payload:
        text = f"{self.number()}-{'x' * pad}"
        if not user_id:
            return SystemAnnouncement(id="1", title="t", message=text)
        if kind == 3:
            return BalanceUpdate(
                account_id=text, currency="UGX", available_balance="1", current_balance="1"
            )
        filter_type: Any = ("system", "transaction", "security")[kind]
        return Notification(id="1", title="t", message=text, type=filter_type, created_at=MOMENT)

    def do_filter(self, device: int, adds: bool, types: str) -> None:
        it = self._device(device)
        if it.writer is None:
            return
        now = set(filter(None, it.types.split(",")))
        now = now | set(types.split(",")) if adds else now - set(types.split(","))
        it.types = ",".join(sorted(now))
        command = "subscribe_notifications" if adds else "unsubscribe_notifications"
        it.writer.say(type=command, types=types.split(","))

    def do_stall(self, device: int, stalled: bool) -> None:
        self._device(device).stall(stalled)

    def do_ack(self, device: int, how: str) -> None:
        it = self._device(device)
        if it.writer is not None and it.greeted:
            it.ack(how)

    def do_ping(self, device: int) -> None:
        self._device(device).say(type="ping")

    def do_renew(self, device: int, good: bool, seconds: float = LOGIN_SECONDS) -> None:
        it = self._device(device)
        if it.writer is not None:
            token = self.token(it, seconds) if good else f"{it.user_id}"
            it.say(type="authenticate", token=token)

    def do_logout(self, device: int) -> None:
        """End the login of the last token that a device has shown."""
        it = self._device(device)
        if it.session:
            self.stored.ended.add(it.session)
            change = AccessChanged(change="logout", session=it.session)
            self._commit([(f"user:{it.user_id}", change)])

    def do_vanish(self, device: int, deaf: bool) -> None:
        """Let a client read nothing any more; a deaf one still answers pings."""
        it = self._device(device)
        if it.writer is not None:
            it.writer.vanished, it.writer.deaf = not deaf, deaf
            it.writer.stall(True)

    def do_join(self, device: int, rate: str) -> None:
        self._device(device).say(type="join_room", room=ROOM, rate=rate)

    def do_part(self, device: int) -> None:
        self._device(device).say(type="leave_room", room=ROOM)

    def do_tick(self, count: int, keys: int) -> None:
        for number in range(count):
            self._values += 1
            key = f"K{number % keys}"
            payload = payload_from(
                MarketUpdate, {"symbol": key, "price": str(self._values), "timestamp": None}
            )
            publish_ephemeral(ROOM, [Ephemeral((ROOM,), key, payload)])

    def do_trim(self, stream: int, keep: int) -> None:
        self.stored.trim(STREAMS[stream % 3], keep)

    def do_bump(self, stream: int) -> None:
        self.stored.bump_epoch(STREAMS[stream % 3])

    def do_anew(self, lost: int) -> None:
        """Begin a new epoch of the deployment, as a process that notices a failover does."""
        self.stored.begin_deployment(lost)

    def do_crowd(self, count: int, seconds: float, leaves: bool) -> None:
        crowd(self, count, seconds, leaves)

    def do_restore(self, stream: int, lost: int) -> None:
        self.stored.restore(STREAMS[stream % 3], lost)

    def do_failover(self, device: int, lost: int) -> None:
        """Lose a client's newest events while it reads nothing, and give their numbers again.

        It acknowledges what it had read before it can know, and comes back.
        """
        it = self._device(device)
        if (writer := it.writer) is None:
            return
        after = self.loop.outside
        self.do_publish(it.user_id, lost + 1, 0, 0, 0.0)
        after(0.1, writer.stall, True)
        after(0.1, self.stored.restore, f"user:{it.user_id}", lost)
        after(0.1, self.do_publish, it.user_id, 1, 0, 0, 0.0)
        after(0.2, self.do_publish, it.user_id, lost, 0, 0, 0.0)
        after(0.3, self.do_ack, device, "newest")
        after(0.4, writer.cut)

    def do_turnover(self, stream: int, seconds: float) -> None:
        """Begin a stream anew while its last events are on their way."""
        self.do_publish(stream, 1, 0, 0, 0.0)
        self.do_publish(stream, 2, 0, 0, 0.002)
        self.loop.outside(seconds, self.do_restore, stream % 3, 1)
        self.loop.outside(seconds, self.do_publish, stream, 1, 0, 0, 0.0)

    def do_acks(self, device: int, seconds: float) -> None:
        """Have a client acknowledge more while the database fails to store less."""
        it, after = self._device(device), self.loop.outside

        def fall() -> None:  # and rise after it, also when both are late
            self.do_database(0.0, True)
            after(0.4, self.do_database, 0.0, False)

        self.do_publish(it.user_id, 3, 0, 0, 0.0)
        after(0.1, self.do_ack, device, "older")
        after(0.1, fall)
        after(0.1 + seconds, self.do_ack, device, "newest")

    def do_hop(self, device: int, seconds: float) -> None:
        """Let a client come back at once, and leave, while what all acknowledge is stored."""
        it = self._named(device) or self._device(device)
        if it.writer is None:
            return
        for each in self.devices:
            self.do_ack(each.number, "newest")
        it.wanted = True
        it.cut()
        self.loop.outside(0.001, it.come_back)
        self.loop.outside(0.001 + seconds, it.cut)

    def do_reinstall(self, device: int, seconds: float) -> None:
        """Let a client begin under a new name, and be cut and come back, as events go on."""
        it, after = self._named(device), self.loop.outside
        if it is None or it.writer is None:
            return
        it.wanted = True
        it.cut()

        def begin() -> None:
            if it.writer is None:
                it.name, it.at = f"n{self.number()}", {}
                it.come_back()

        def cut() -> None:
            if it.writer is not None:
                it.writer.cut()
                after(0.001, it.come_back)

        after(0.001, begin)
        after(seconds, self.do_publish, it.user_id, 1, 0, 0, 0.0)
        after(seconds, cut)
        after(seconds + 0.1, self.do_publish, it.user_id, 1, 0, 0, 0.0)
        after(seconds + 0.3, cut)

    def do_rights(self, user_id: int, change: str, told: bool = True) -> None:
        """Take a user's rights away, or give them back, and say so in its stream.

        Not `told`: something that bypasses the product does.
        """
        kind: Any = "account"
        if change == "bar":
            self.barred.add(user_id)
            kind = "rights"
        elif change == "deactivate":
            self.stored.inactive.add(user_id)
        elif change == "closed":
            kind = "closed"
        else:
            self.barred.discard(user_id)
            self.stored.inactive.discard(user_id)
        if not told:
            return
        reconnect = change == "closed" and self.rng.random() < 0.5
        self._commit([(f"user:{user_id}", AccessChanged(change=kind, reconnect=reconnect))])

    def do_layer(self, loss: float, doubling: float, reorders: bool, down: bool) -> None:
        self.air.loss, self.air.doubling = loss, doubling
        self.air.reorders, self.air.down = reorders, down

    def do_deaf(self) -> None:
        for ear in self.air.ears:
            ear.deaf = True

    def do_database(self, flaky: float, down: bool) -> None:
        self.database.flaky, self.database.down = flaky, down

    def do_hang(self, hangs: bool) -> None:
        self.database.hang(hangs)

    def do_sleep(self, seconds: float) -> None:
        self.loop.jump(seconds)

    def do_kill(self) -> None:
        """Let the node's process die, and another one start."""
        self._cut_all()
        self._end_node()
        self._cut_all()  # and those that came while it ended
        self.air.groups.clear()
        self.hubs.clear()
        self._start()

    def _cut_all(self) -> None:
        for writer in self.writers:
            writer.dead = True
            writer.cut()

    def _end_node(self) -> None:
        send.sender.detach(self.loop)
        send.sender = Silent()
        self.loop.cancel_all()
        hub._hubs.pop(self.loop, None)
        door._doors.pop(self.loop, None)  # which would keep the loop, and all that it ran

    # -- a whole schedule

    def play(self, actions: Sequence[tuple[float, str, tuple[Any, ...]]]) -> list[tuple[str, str]]:
        """Let everything happen, then let it work again, and return what was wrong."""
        try:
            for gap, name, arguments in actions:
                if gap:
                    self.loop.run_until(self.loop.time() + gap)
                if name == "kill":
                    self.loop.run_until(self.loop.time())
                    self.do_kill()
                else:
                    self.loop.call_soon(self.act, name, *arguments)
                if self.failures:
                    return self.failures
            self.loop.run_until(self.loop.time())
            self.loop.call_soon(self._heal)
            self._wait(lambda: not ending.outstaying(self), lambda: ending.tell_outstaying(self))
            self.loop.call_soon(self._forgive)
            self._wait(lambda: ending.is_quiet(self), lambda: ending.tell_stuck(self))
            if not self.failures:
                self.loop.run_until(self.loop.time() + 1.5)
                ending.look_at_the_end(self)
        finally:
            for writer in self.writers:
                writer.dead = True
            self._end_node()
            self.failures += [("traceback", text) for text in self.loop.problems]
            self.loop.end()
        return self.failures

    def _wait(self, done: Callable[[], bool], give_up: Callable[[], None]) -> None:
        gives_up_at = self.loop.time() + PATIENCE_SECONDS
        while not self.failures and not self.loop.problems:
            self.loop.run_until(self.loop.time() + TURN_SECONDS)
            if done():
                break
            if self.loop.time() > gives_up_at:
                give_up()
                break

    def fingerprint(self) -> str:
        """Tell one run from another: equal for two that went the same way."""
        return f"{self.loop.steps} steps, then {self.rng.random()}"

    def _heal(self) -> None:
        self.air.together.clear()
        self.do_layer(0.0, 0.0, False, False)
        self.do_database(0.0, False)
        self.do_hang(False)
        for device in self.devices:
            device.stall(False)

    def _forgive(self) -> None:
        """Give rights back, once every device that may not stay has gone."""
        self.barred.clear()
        self.stored.inactive.clear()
        for device in self.devices:
            if device.writer is None and device.wanted:
                device.come_back()
