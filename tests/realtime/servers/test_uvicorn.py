"""The writes of `serve`: compression, order, large bursts, and clients that are gone."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations, product
from typing import Any

import pytest

from realtime.core.frames import WINDOW_BITS
from realtime.core.transport import EXTENSION
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, broadcast, connect, node, push_balance, token_for
from tests.realtime.servers.conftest import GOING, HANDSHAKE, Site
from tests.services.frames import CLOSE, PING, PONG, frame
from tests.services.ports import until
from tests.services.raw import RawClient, RawFrame
from tests.services.server import Server

pytestmark = pytest.mark.servers
LONG = "The market is closed until further notice. " * 20


def message(frame: RawFrame) -> dict[str, object]:
    """Read a message as a client does that keeps no context between messages."""
    data = frame.payload
    if frame.compressed:
        data = zlib.decompressobj(-WINDOW_BITS).decompress(data + b"\x00\x00\xff\xff")
    return dict(json.loads(data))


def announced(client: RawClient) -> RawFrame:
    """Return the next announcement, as it came."""
    return _next(client, "system_announcement")


def greeted(client: RawClient) -> None:
    """Wait until the client is logged in: it gets what is announced from then on."""
    _next(client, "connection_established")


def _next(client: RawClient, kind: str) -> RawFrame:
    while True:
        frame = client.receive()
        if frame.opcode == 1 and message(frame)["type"] == kind:
            return frame


def test_clients_with_compression_share_bytes_and_others_get_plain_ones(served: Server) -> None:
    offer = "permessage-deflate; client_max_window_bits"
    with (
        RawClient(served.ws_url, token_for(ALICE), offer=offer) as alice,
        RawClient(served.ws_url, token_for(BOB), offer=offer) as bob,
        RawClient(served.ws_url, token_for(BOB)) as plain,
    ):
        assert alice.extensions.startswith("permessage-deflate")
        assert "server_no_context_takeover" in alice.extensions
        assert plain.extensions == ""
        for client in (alice, bob, plain):
            greeted(client)
        broadcast(served, "announcement", {"title": "Closed", "message": LONG})
        one, other, third = announced(alice), announced(bob), announced(plain)
    assert one.compressed and not third.compressed
    assert one.payload == other.payload
    assert message(one) == message(third)
    assert len(one.payload) < len(third.payload) / 3


def test_a_client_with_a_smaller_window_gets_plain_frames(served: Server) -> None:
    offer = "permessage-deflate; server_max_window_bits=9"
    with RawClient(served.ws_url, token_for(ALICE), offer=offer) as client:
        assert "server_max_window_bits=9" in client.extensions
        greeted(client)
        broadcast(served, "announcement", {"title": "Closed", "message": LONG})
        assert not announced(client).compressed


@pytest.fixture(scope="module")
def terse() -> Iterator[Server]:
    """A node that does not compress, and pings every second."""
    with node(DEBUG="1", WS_COMPRESSION="0", WS_HEARTBEAT_SECONDS="1") as server:
        yield server


def test_compression_can_be_switched_off(terse: Server) -> None:
    with RawClient(terse.ws_url, token_for(ALICE), offer="permessage-deflate") as client:
        assert client.extensions == ""
        assert message(client.receive())["type"] == "connection_established"


def test_a_client_that_answers_no_ping_closes_with_4408(terse: Server) -> None:
    with RawClient(terse.ws_url, token_for(ALICE)) as silent:
        frames = [silent.receive()]
        while frames[-1].opcode != CLOSE:
            frames.append(silent.receive())
    assert [frame.opcode for frame in frames].count(PING) == 1
    assert int.from_bytes(frames[-1].payload[:2], "big") == CloseCode.TIMEOUT


async def test_a_client_that_answers_pings_stays(terse: Server) -> None:
    async with await connect(terse, ALICE) as alice:
        await alice.expect_nothing(3.5, type="error")  # its library answers the pings
        await alice.ping()


async def test_no_pong_is_ahead_of_the_events_that_it_counts(served: Server) -> None:
    bob = await connect(served, BOB)
    stream = f"user:{BOB}"
    had = bob.greeting["positions"][stream]["offset"]
    last = had + 40

    def publish() -> None:
        for number in range(40):
            push_balance(served, BOB, number)

    async with bob:
        publishing = asyncio.create_task(asyncio.to_thread(publish))
        pongs = 0
        while had < last:
            await bob.send({"type": "ping"})
            while (found := await bob.receive())["type"] != "pong":
                if found.get("stream") == stream:
                    assert found["offset"] == had + 1
                    had = found["offset"]
            assert found["data"]["positions"][stream]["offset"] == had
            pongs += 1
            await asyncio.sleep(0.06)  # below the rate that a client may ask at
        await publishing
    assert pongs > 1


_BURST = """
import base64, os
from notifications.messages import Notification
from realtime.publish import publish_many
publish_many([("user:2", Notification(
    id=str(number), title="t", message="m", created_at="",
    metadata={"pad": base64.b64encode(os.urandom(30_000)).decode()},
)) for number in range(250)])
"""


async def test_a_burst_beyond_every_buffer_arrives_whole_and_in_order(served: Server) -> None:
    bob = await connect(served, BOB)
    position = bob.greeting["positions"][f"user:{BOB}"]["offset"]
    async with bob:
        await asyncio.to_thread(served.shell, _BURST)
        for number in range(250):
            found = await bob.receive("notification", timeout=10)
            assert (found["offset"], found["data"]["id"]) == (position + 1 + number, str(number))


_GO_BACK = """
from realtime.models import Event, Stream
Event.objects.filter(stream__name="user:2", offset__gt={offset}).delete()
Stream.objects.filter(name="user:2").update(head={offset})
"""


async def test_a_database_restored_to_the_past_makes_sockets_resynchronise(served: Server) -> None:
    bob = await connect(served, BOB)
    position = bob.greeting["positions"][f"user:{BOB}"]["offset"]
    async with bob:
        for number in range(3):
            push_balance(served, BOB, number)
            await bob.receive("balance_update")
        # The same as after a restored backup without a new epoch.
        back = _GO_BACK.format(offset=position + 1)
        await asyncio.to_thread(served.shell, back)
        required = await bob.receive("resync_required", timeout=10)
        assert required["data"]["reason"] == "ahead"
        assert required["data"]["position"]["offset"] == position + 1
        push_balance(served, BOB, 9)
        assert (await bob.receive("balance_update"))["offset"] == position + 2


@pytest.mark.operated(number=19)
async def test_pings_and_pongs_that_race_with_a_close_harm_nothing(site: Site) -> None:
    """Every order of what both sides send, in one turn of the loop and in several."""
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
    orders = [o for o in permutations(range(5)) if o.index(4) > max(o.index(2), o.index(3))]
    for turns, order in product((False, True), orders):
        reader, writer = await site.open(HANDSHAKE + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        socket = site.scopes[-1]["extensions"][EXTENSION]
        acts: list[Callable[[], None]] = [
            socket.ping,
            partial(socket.close, CloseCode.RESTART),
            partial(writer.write, frame(PING)),
            partial(writer.write, frame(PONG)),
            partial(writer.write, frame(CLOSE, GOING)),  # a client says nothing after it
        ]
        for index in order:
            acts[index]()
            if turns:
                await asyncio.sleep(0)
        async with asyncio.timeout(30):
            told = await reader.read()
        writer.close()
        assert bytes([0x80 | CLOSE]) in told, order
    assert troubles == []


async def test_a_ping_is_waited_for_until_its_pong_says_how_long_it_took(site: Site) -> None:
    site.may_read.clear()
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    socket = site.scopes[0]["extensions"][EXTENSION]
    assert socket.last_ping() == (None, None)
    socket.ping()
    round_trip, waits = socket.last_ping()
    assert round_trip is None and waits >= 0
    writer.write(frame(PONG))
    await until(lambda: socket.last_ping()[1] is None)
    assert socket.last_ping()[0] >= 0
