"""Any order of commits, wake-ups, reads, connects and trims keeps the promise.

The machine plays the shells: a log, two nodes that read it in two steps, a layer that
loses, doubles, delays and reorders, and devices that come, go and resume. All decisions
are those of `realtime.core`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from realtime.core.continuity import Head, Heard, Reason, StreamPosition, hear, turn_page
from realtime.core.resume import decide

PAGE = 3  # small, so that most of what is missed takes several


@dataclass(frozen=True)
class Row:
    """One event of the log: a number means one event only within an epoch."""

    epoch: str
    offset: int


@dataclass(frozen=True)
class Resync:
    """A resynchronisation: where its device stood, and what the log had said by then."""

    reason: Reason
    epoch: str | None
    since: int
    head: Head

    @property
    def is_justified(self) -> bool:
        match self.reason:
            case "epoch":
                return self.epoch != self.head.epoch
            case "trimmed":
                return self.since < self.head.floor
            case "ahead":
                return self.since > self.head.head


@dataclass
class Log:
    epoch: str = "e0"
    floor: int = 0
    rows: list[Row] = field(default_factory=list)

    @property
    def head(self) -> Head:
        return Head(self.epoch, self.rows[-1].offset if self.rows else self.floor, self.floor)

    def read(self, after: int) -> tuple[Head, list[Row]]:
        return self.head, [r for r in self.rows if after < r.offset <= after + PAGE]


@dataclass
class Device:
    """A client: what it applied, with its beginnings among it, and its last ack.

    `None` is a beginning without a past.
    """

    resumes_from_ack: bool
    at: StreamPosition | None = None
    acked: tuple[str, int] | None = None
    applied: list[Row | Resync | None] = field(default_factory=list)


@dataclass(eq=False)
class Socket:
    device: Device
    at: StreamPosition  # that of the node while live
    live: bool = False
    page: tuple[int, tuple[Head, list[Row]]] | None = None  # under way from the log

    def send(self, row: Row) -> None:
        device = self.device
        assert device.at is not None
        again = row.epoch == device.at.epoch and row.offset <= device.at.offset
        if device.resumes_from_ack and again:
            return  # not acknowledged in time: such a device drops it by its number
        device.applied.append(row)
        device.at = StreamPosition(row.epoch, row.offset)

    def resync(self, why: Resync, to: StreamPosition) -> None:
        self.device.applied.append(why)
        self.device.at = StreamPosition(to.epoch, to.offset)


@dataclass(eq=False)
class Node:
    at: StreamPosition
    sockets: list[Socket] = field(default_factory=list)
    page: tuple[int, tuple[Head, list[Row]]] | None = None
    again: bool = False

    def deliver(self, row: Row) -> None:
        self.at.offset = row.offset
        for socket in self.sockets:
            if socket.live:
                socket.send(row)

    def reset(self, head: Head, reason: Reason) -> None:
        why = Resync(reason, self.at.epoch, self.at.offset, head)
        self.at.epoch, self.at.offset = head.epoch, head.head
        for socket in self.sockets:
            if socket.live:
                socket.resync(why, self.at)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.log = Log()
        self.air: list[Row] = []
        self.nodes = [Node(StreamPosition("e0", 0)) for _ in range(2)]
        self.devices = [Device(resumes_from_ack=number == 2) for number in range(3)]
        self.history: set[Row] = set()
        self.lives = itertools.count(1)

    # -- the log and the layer

    @rule(count=st.integers(1, 8), commits=st.booleans())
    def publish(self, count: int, commits: bool) -> None:
        if not commits:
            return  # rolled back: no row, no number, no wake-up
        for _ in range(count):
            row = Row(self.log.epoch, self.log.head.head + 1)
            self.log.rows.append(row)
            self.history.add(row)
            self.air.append(row)

    @rule(share=st.floats(0, 1))
    def trim(self, share: float) -> None:
        floor = self.log.floor + int(share * (self.log.head.head - self.log.floor))
        self.log.rows = [row for row in self.log.rows if row.offset > floor]
        self.log.floor = floor

    @rule(lost=st.integers(0, 3))
    def restore_and_bump(self, lost: int) -> None:
        """A failover that loses the tail; its numbers will be used again."""
        kept = self.log.rows[: max(len(self.log.rows) - lost, 0)]
        self.log.epoch = f"e{next(self.lives)}"
        self.log.rows = [Row(self.log.epoch, row.offset) for row in kept]
        self.history.update(self.log.rows)

    @rule(number=st.integers(0, 50), node=st.integers(0, 1), stays=st.booleans())
    def wake_one(self, number: int, node: int, stays: bool) -> None:
        if not self.air:
            return
        row = self.air[number % len(self.air)]
        if not stays:
            self.air.remove(row)
        self._hear(self.nodes[node], row)

    @rule(node=st.integers(0, 1))
    def wake_in_order(self, node: int) -> None:
        for row in self.air:
            self._hear(self.nodes[node], row)

    @rule(node=st.integers(0, 1), offset=st.integers(0, 50))
    def lie(self, node: int, offset: int) -> None:
        self._hear(self.nodes[node], Row("forged", offset))

    @rule()
    def lose_all_wake_ups(self) -> None:
        self.air.clear()

    def _hear(self, node: Node, row: Row) -> None:
        heard = hear(node.at, row.epoch, row.offset)
        if heard is Heard.NEXT:
            node.deliver(row)
        elif heard is not Heard.OLD:
            self._ask(node)

    # -- a node reads the log, in two steps

    @rule(node=st.integers(0, 1))
    def reconcile(self, node: int) -> None:
        self._ask(self.nodes[node])

    def _ask(self, node: Node) -> None:
        if node.page is None:
            node.page = (node.at.offset, self.log.read(node.at.offset))
        else:
            node.again = True

    @rule(node=st.integers(0, 1))
    def take_page(self, node: int) -> None:
        self._take_page(self.nodes[node])

    def _take_page(self, node: Node) -> None:
        if node.page is None:
            return
        asked_after, (head, rows) = node.page
        node.page = None
        page = turn_page(node.at, asked_after, head, rows)
        if page.resync:
            node.reset(head, page.resync)
            return
        for row in rows[page.start : page.stop]:
            node.deliver(row)
        if node.again or head.head > node.at.offset > asked_after:
            node.again = False
            self._ask(node)

    # -- devices

    @rule(device=st.integers(0, 2), node=st.integers(0, 1))
    def connect(self, device: int, node: int) -> None:
        it, here = self.devices[device], self.nodes[node]
        self._leave(it)
        head = self.log.head
        since, epoch = None, None
        if it.resumes_from_ack and it.acked:
            epoch, since = it.acked
        elif it.at is not None and not it.resumes_from_ack:
            epoch, since = it.at.epoch, it.at.offset
        start = decide(
            since=since, epoch=epoch, current_epoch=head.epoch, head=head.head, floor=head.floor
        )
        socket = Socket(it, StreamPosition(head.epoch, start.offset))
        if it.at is None or since is None:
            it.at = StreamPosition(head.epoch, start.offset)
            it.applied.append(None)
            it.acked = (head.epoch, start.offset)
        if start.resync:
            assert since is not None
            socket.at = StreamPosition(here.at.epoch, here.at.offset)
            socket.resync(Resync(start.resync, epoch, since, head), here.at)
        elif epoch == head.epoch != it.at.epoch:  # by its ack it is greeted in this epoch
            it.at = StreamPosition(head.epoch, start.offset)
        here.sockets.append(socket)

    @rule(device=st.integers(0, 2))
    def leave(self, device: int) -> None:
        self._leave(self.devices[device])

    def _leave(self, device: Device) -> None:
        for node in self.nodes:
            node.sockets = [socket for socket in node.sockets if socket.device is not device]

    @rule(device=st.integers(0, 2))
    def ack(self, device: int) -> None:
        it = self.devices[device]
        if it.at is not None:
            it.acked = (it.at.epoch, it.at.offset)

    @rule(node=st.integers(0, 1))
    def replay(self, node: int) -> None:
        for socket in self.nodes[node].sockets:
            self._replay(self.nodes[node], socket)

    def _replay(self, node: Node, socket: Socket) -> None:
        """One step of a socket that is behind: ask, or take the page and ask for the next."""
        if socket.live:
            return
        at = socket.at
        if at.epoch != node.at.epoch:
            socket.page = None
            socket.at = StreamPosition(node.at.epoch, node.at.offset)
            told = Head(node.at.epoch, node.at.offset, 0)
            socket.resync(Resync("epoch", at.epoch, at.offset, told), node.at)
        elif socket.at.offset == node.at.offset:
            socket.live, socket.page, socket.at = True, None, node.at
        elif socket.page is None:
            socket.page = (socket.at.offset, self.log.read(socket.at.offset))
        else:
            (asked_after, (head, rows)), socket.page = socket.page, None
            if head.epoch != node.at.epoch:
                node.reset(head, "epoch")
                return
            page = turn_page(socket.at, asked_after, head, rows)
            if page.resync:
                if page.resync == "ahead":
                    node.reset(head, "ahead")
                socket.at = StreamPosition(node.at.epoch, node.at.offset)
                socket.resync(Resync(page.resync, at.epoch, at.offset, head), node.at)
            elif not rows or asked_after > node.at.offset:
                self._ask(node)
            for row in rows[page.start : page.stop]:
                socket.send(row)
                socket.at.offset = row.offset

    # -- the promise

    @invariant()
    def everything_once_and_in_order(self) -> None:
        for device in self.devices:
            before: Row | None = None
            for item in device.applied:
                if isinstance(item, Row):
                    assert item in self.history, f"{item} was never committed"
                    assert before is None or item == Row(before.epoch, before.offset + 1)
                    before = item
                else:
                    before = None

    @invariant()
    def nobody_resynchronises_without_a_reason(self) -> None:
        for device in self.devices:
            for item in device.applied:
                assert not isinstance(item, Resync) or item.is_justified, item

    def teardown(self) -> None:
        """Let the layer and the database work again: all sockets must arrive at the head."""
        for _ in range(200):
            for node in self.nodes:
                self._ask(node)
                self._take_page(node)
                for socket in node.sockets:
                    self._replay(node, socket)
        head = self.log.head
        for node in self.nodes:
            for socket in node.sockets:
                at = socket.device.at
                assert at is not None
                assert (at.epoch, at.offset) == (head.epoch, head.head)


Machine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMachine = Machine.TestCase


def test_a_device_that_an_old_node_sent_back_goes_on_from_its_ack() -> None:
    machine = Machine()
    machine.restore_and_bump(lost=0)
    machine.connect(device=2, node=0)
    machine.replay(node=0)
    machine.connect(device=2, node=0)
    machine.everything_once_and_in_order()
    machine.nobody_resynchronises_without_a_reason()
    machine.teardown()
