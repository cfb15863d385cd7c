"""A room begins with its first socket and ends with its last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial

import pytest

from hoardrun.market.messages import MarketUpdate
from realtime import rooms
from realtime.hub import rooms as members
from realtime.hub.socket import Socket
from realtime.protocol.answers import RoomJoined
from realtime.publish import Ephemeral
from realtime.rooms import RoomKind
from tests.realtime.rig import Node, Notebook
from tests.services.ports import until

pytestmark = pytest.mark.django_db(transaction=True)


class Fed(RoomKind):
    """A room with a source of its own, whose snapshot takes until `may_answer`."""

    topic = "fed"

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked = 0
        self.running = 0

    def was_asked(self, times: int) -> bool:
        return self.asked == times

    def matches(self, room: str) -> bool:
        return room == "fed"

    def may_join(self, user_id: int, room: str) -> bool:
        return True

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        self.asked += 1
        self.may_answer.wait(10)
        return ()

    def source(self, room: str) -> AsyncGenerator[Sequence[Ephemeral], None]:
        return self._values()

    async def _values(self) -> AsyncGenerator[Sequence[Ephemeral], None]:
        self.running += 1
        try:
            while True:
                await asyncio.sleep(0.01)
                yield ()
        finally:
            self.running -= 1


class Broken(Fed):
    """A room whose source cannot be started the first time."""

    def source(self, room: str) -> AsyncGenerator[Sequence[Ephemeral], None]:
        self.asked += 10
        if self.asked < 20:
            raise RuntimeError("no feed yet")
        return super().source(room)


class Ending(Fed):
    """A room whose source yields once and then ends, the second time with an error."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer.set()
        self.begun = 0

    async def _values(self) -> AsyncGenerator[Sequence[Ephemeral], None]:
        self.begun += 1
        yield ()
        if self.begun == 2:
            raise RuntimeError("the feed broke")


class Counting(Fed):
    """A room whose keys never end, of which a node keeps three."""

    max_keys = 3

    def __init__(self) -> None:
        super().__init__()
        self.may_answer.set()

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        return [value(number) for number in range(5)]


def value(number: int) -> Ephemeral:
    return Ephemeral(
        ("fed",), f"{number}", RoomJoined(room="fed", rate="realtime", snapshot=number)
    )


@pytest.fixture
def fed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fed]:
    """The only kind of room: `Fed`, or the class that a test names."""
    kind: Fed = getattr(request, "param", Fed)()
    monkeypatch.setattr(rooms, "kind_of", lambda room: kind)
    monkeypatch.setattr(members, "FIRST_PAUSE_SECONDS", 0.001)
    yield kind
    kind.may_answer.set()


async def join(node: Node, socket: Socket) -> None:
    await node.rooms.join(socket, "fed", "realtime", None)


async def test_a_room_that_is_left_before_it_is_ready_starts_no_source(fed: Fed) -> None:
    node = Node()

    for visits in range(1, 4):
        socket, _ = node.join()
        socket.spawn(join(node, socket))
        await until(partial(fed.was_asked, visits))
        socket.gone()
        await until(lambda: not node.rooms.joined)
    fed.may_answer.set()
    socket, notebook = node.join()
    await join(node, socket)
    await until(lambda: fed.running)
    await until(lambda: notebook.messages())
    assert fed.running == 1
    node.rooms.leave(socket, "fed")
    await until(lambda: fed.running == 0)


@pytest.mark.parametrize("fed", [Broken], indirect=True)
async def test_a_source_that_cannot_be_started_is_started_again(fed: Fed) -> None:
    fed.may_answer.set()
    node = Node()
    socket, notebook = node.join()
    await join(node, socket)
    assert socket.connection.rooms == {"fed": "realtime"}
    await until(lambda: fed.running == 1)
    await until(lambda: notebook.messages())
    node.rooms.leave(socket, "fed")
    await until(lambda: fed.running == 0)


async def test_a_socket_closed_during_its_join_is_not_in_the_room(fed: Fed) -> None:
    node = Node()
    node.cycle._not_before = float("inf")  # the turn rests: what it has waits for a settle
    node.cycle.add(node.join()[0])
    socket, _ = node.join()
    joining = asyncio.ensure_future(join(node, socket))
    await until(lambda: fed.asked)
    node.cycle.fan_out_later(socket.gone)  # as when it says that the rights of a user have ended
    fed.may_answer.set()
    await joining
    assert not node.rooms.joined
    assert not socket.connection.rooms


@pytest.mark.parametrize("fed", [Ending], indirect=True)
async def test_a_source_that_ends_or_fails_restarts_while_the_room_is_joined(fed: Ending) -> None:
    node = Node()
    socket, _ = node.join()
    await join(node, socket)
    await until(lambda: fed.begun >= 4)
    node.rooms.leave(socket, "fed")
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "_run_source" in repr(task)]


@pytest.mark.parametrize("fed", [Counting], indirect=True)
async def test_a_node_keeps_the_newest_keys_of_a_room_and_no_more(fed: Counting) -> None:
    node = Node()
    socket, _ = node.join()
    await join(node, socket)
    newest = node.rooms.joined["fed"].newest
    assert list(newest) == ["2", "3", "4"]
    for number in (3, 5, 6):
        node.rooms.deliver("fed", [value(number)])
    assert list(newest) == ["4", "5", "6"]


class Whole(RoomKind):
    """Rooms `part:<x>` with one value each, and `whole`, which has those of its parts."""

    topic = "parts"
    name = "whole"
    is_composed = True

    def __init__(self, *parts: str) -> None:
        self.chosen = parts

    def matches(self, room: str) -> bool:
        return True

    def parts(self, room: str) -> Sequence[str] | None:
        return [f"part:{each}" for each in self.chosen] if room == "whole" else None

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        return [priced(each, "0") for each in self.chosen if room in ("whole", f"part:{each}")]


def priced(part: str, price: str, room: str = "") -> Ephemeral:
    return Ephemeral((room or f"part:{part}",), part, MarketUpdate(symbol=part, price=price))


def came(notebook: Notebook) -> list[tuple[str, str, str]]:
    found = [each for each in notebook.messages() if each["type"] == "market_update"]
    return [(each["room"], each["data"]["symbol"], each["data"]["price"]) for each in found]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Whole:
    kind = Whole("A", "B")
    monkeypatch.setattr(rooms, "kind_of", lambda room: kind)
    return kind


async def test_a_composed_room_has_the_messages_of_its_parts(whole: Whole) -> None:
    node = Node()
    first, notebook = node.join()
    second, other = node.join()
    await node.rooms.join(first, "whole", "realtime", None)
    await node.rooms.join(second, "part:A", "realtime", None)
    node.rooms.deliver("parts", [priced("A", "1"), priced("B", "2"), priced("C", "3")])
    node.rooms.deliver("other", [priced("A", "9")])
    await until(lambda: len(came(notebook)) == 4)
    begun, updates = came(notebook)[:2], came(notebook)[2:]
    assert begun == [("part:A", "A", "0"), ("part:B", "B", "0")]
    assert updates == [("part:A", "A", "1"), ("part:B", "B", "2")]
    assert came(other) == [("part:A", "A", "0"), ("part:A", "A", "1")]
    third, late = node.join()
    await node.rooms.join(third, "whole", "realtime", None)
    await until(lambda: len(came(late)) == 2)
    assert came(late) == updates
    for socket in (first, third):
        node.rooms.leave(socket, "whole")
    assert not node.rooms._wholes


async def test_a_message_to_a_composed_room_has_its_parts_asked_for_again(whole: Whole) -> None:
    node = Node()
    socket, notebook = node.join()
    await node.rooms.join(socket, "whole", "realtime", None)
    await until(lambda: len(came(notebook)) == 2)
    whole.chosen = ("B", "C")
    node.rooms.deliver("parts", [priced("list", "7", "whole")])
    await until(lambda: len(came(notebook)) == 4)
    assert came(notebook)[2:] == [("whole", "list", "7"), ("part:C", "C", "0")]
    node.rooms.deliver("parts", [priced("A", "1"), priced("C", "2")])
    await until(lambda: len(came(notebook)) == 5)
    assert came(notebook)[4:] == [("part:C", "C", "2")]
    assert set(node.rooms.joined["whole"].newest) == {"B", "C", "list"}


class Slow(Whole):
    """A composed room whose parts take until `may_answer`; the first `failures` are no answer."""

    def __init__(self, *parts: str) -> None:
        super().__init__(*parts)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = self.failures = 0

    def parts(self, room: str) -> Sequence[str] | None:
        found = super().parts(room)
        self.asked += 1
        self.may_answer.wait(10)
        if self.asked <= self.failures:
            raise OSError("no database yet")
        return found


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    kind = Slow("A", "B")
    monkeypatch.setattr(rooms, "kind_of", lambda room: kind)
    monkeypatch.setattr(members, "READ_AGAIN_SECONDS", 0.01)
    yield kind
    kind.may_answer.set()


async def test_of_two_changes_of_a_composed_room_the_later_one_holds(slow: Slow) -> None:
    node = Node()
    socket, notebook = node.join()
    await node.rooms.join(socket, "whole", "realtime", None)
    slow.may_answer.clear()
    node.rooms.deliver("parts", [priced("list", "1", "whole")])
    await until(lambda: slow.asked == 2)
    slow.chosen = ("C",)
    node.rooms.deliver("parts", [priced("list", "2", "whole")])
    await asyncio.sleep(0)
    assert slow.asked == 2  # it waits for the one before, whose answer is older
    slow.may_answer.set()
    await until(lambda: came(notebook)[-1:] == [("part:C", "C", "0")])
    assert node.rooms.joined["whole"].parts == {"part:C"}


async def test_the_parts_of_a_room_are_asked_for_until_they_are_known(slow: Slow) -> None:
    slow.failures = 3
    node = Node()
    socket, notebook = node.join()
    await node.rooms.join(socket, "whole", "realtime", None)
    await until(lambda: len(came(notebook)) == 2)
    node.rooms.deliver("parts", [priced("A", "1")])
    await until(lambda: came(notebook)[-1:] == [("part:A", "A", "1")])
