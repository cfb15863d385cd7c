"""More handshakes than a node can take: some are refused, and no work is done in vain."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import time
import weakref
from collections.abc import Iterator

import pytest

from realtime.options import options
from realtime.servers import door, peers
from realtime.servers.door import Door
from tests.nodes import ALICE, BOB, broadcast, connect, node, token_for
from tests.realtime.servers.conftest import GET, HANDSHAKE, Site
from tests.services.frames import CLOSE, TEXT, frame
from tests.services.handshake import offer
from tests.services.ports import until
from tests.services.server import Server

CROWD = 300
BROKEN = b"\xff\xff\xff"  # no frame
servers = pytest.mark.servers


@pytest.fixture(scope="module")
def short() -> Iterator[Server]:
    """A node at whose door no login waits for longer than a moment."""
    with node(
        DEBUG="1",
        WS_LOGIN_WAIT_SECONDS="0.05",
        WS_MAX_LOGINS_PER_SECOND_PER_USER="1000",
        WS_MAX_CONNECTIONS_PER_USER="1000",
    ) as server:
        yield server


def knock(server: Server) -> list[socket.socket]:
    """Offer many handshakes of Bob at once, to a node that is stopped and will find them all."""
    request = offer(server.port, headers=[("Authorization", f"Bearer {token_for(BOB)}")])
    found = []
    for _ in range(CROWD):
        client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        client.sendall(request)
        found.append(client)
    return found


def head_of(client: socket.socket) -> bytes:
    """Read what the server answers to a handshake, up to the end of its head."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(4096)
        assert more, f"it ended after {data!r}"
        data += more
    return data.partition(b"\r\n\r\n")[0]


@servers
async def test_who_would_wait_for_too_long_is_told_when_to_come_back(short: Server) -> None:
    alice = await connect(short, ALICE)
    short.signal(signal.SIGSTOP)
    crowd = await asyncio.to_thread(knock, short)
    short.signal(signal.SIGCONT)
    heads = [await asyncio.to_thread(head_of, client) for client in crowd]
    refused = [head for head in heads if head.startswith(b"HTTP/1.1 503 ")]
    let_in = [head for head in heads if head.startswith(b"HTTP/1.1 101 ")]
    assert len(refused) + len(let_in) == CROWD
    assert refused and let_in, (len(refused), len(let_in))
    for head in refused:
        names = {line.partition(b":")[0] for line in head.split(b"\r\n")[1:]}
        assert {b"retry-after", b"x-request-id", b"cache-control", b"content-length"} <= names
    # No connected client has noticed.
    await asyncio.to_thread(broadcast, short, "announcement", {"title": "Hi", "message": "all"})
    await alice.receive("system_announcement")
    # Those who come when the crowd has been answered are let in.
    bob = await connect(short, BOB)
    await bob.close()
    await alice.close()
    for client in crowd:
        client.close()
    assert "refused 1 login(s)" in short.log()  # once, not for each of them


@servers
async def test_nobody_is_logged_in_who_has_left_at_the_door() -> None:
    with node(DEBUG="1", WS_LOGIN_WAIT_SECONDS="60") as server:
        server.signal(signal.SIGSTOP)
        for client in await asyncio.to_thread(knock, server):
            client.close()
        server.signal(signal.SIGCONT)
        alice = await connect(server, ALICE)  # the one that waited behind all of them
        await alice.close()
        assert server.log().count("opened ") == 1


async def test_one_who_has_left_takes_a_single_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, turns = door.of_this_loop(), []

    def done() -> None:
        turns.append(here.under_way)
        Door.done(here)

    monkeypatch.setattr(here, "done", done)
    monkeypatch.setattr(peers, "has_left", lambda transport: True)
    reader, _ = await site.open(HANDSHAKE + b"\r\n")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    await until(lambda: not here.waiting)
    assert (turns, here.under_way, site.scopes) == ([1], 0, [])


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("last", [frame(CLOSE, b"\x03\xe8"), BROKEN], ids=["close", "broken"])
async def test_a_client_that_ends_its_handshake_before_the_answer_breaks_nothing(
    site: Site, last: bytes, refuses: bool, caplog: pytest.LogCaptureFixture
) -> None:
    site.refuses = refuses
    site.may_answer.clear()
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    await until(lambda: site.scopes)
    [connection] = site.state.connections
    writer.write(last)
    await until(lambda: connection.transport.is_closing())
    site.may_answer.set()
    async with asyncio.timeout(20):
        await reader.read()
        await until(lambda: not site.state.tasks)
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_message_that_came_with_the_handshake_is_not_lost(site: Site) -> None:
    here = door.of_this_loop()
    taken = here._admission._most  # white box: no login has a turn for now
    here._admission._most = 0
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    await until(lambda: here.waiting)
    writer.write(frame(TEXT, b"hello"))
    await writer.drain()
    [connection] = site.state.connections
    await until(lambda: connection._unread.endswith(b"hello") or connection.flow.read_paused)  # type: ignore[union-attr]
    here._admission._most = taken
    await reader.readuntil(b"\r\n\r\n")
    assert [scope["path"] for scope in site.scopes] == ["/ws/notifications"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HANDSHAKE + b"\r\n", True),
        (HANDSHAKE.replace(b"Upgrade: websocket", b"upgrade:WebSocket") + b"\r\n", True),
        (HANDSHAKE, False),
        (HANDSHAKE + b"\r\n" + GET, False),
        (GET, False),
        (GET.replace(b"GET", b"POST"), False),
        (HANDSHAKE + b"X: " + b"a" * 40_000 + b"\r\n\r\n", False),
    ],
    ids=["one", "other case", "a part", "more", "plain", "post", "large"],
)
def test_only_a_whole_handshake_waits_unread(data: bytes, expected: bool) -> None:
    assert door.is_handshake(data) is expected


def test_a_head_of_many_lines_is_looked_at_in_no_time() -> None:
    data = b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 6000 + b"\r\n"
    began = time.process_time()
    assert not door.is_handshake(data)
    assert time.process_time() - began < 0.1


def test_a_door_without_its_guard_accepts_all_again_and_forgets_it() -> None:
    class Node:
        def shut_for(self) -> str:
            return "draining"

    node, line = Node(), Door(options())
    line.guard(node.shut_for)
    assert not line.has_room()
    line.unguard()
    assert line.has_room()
    kept = weakref.ref(node)
    del node
    assert kept() is None


def test_a_door_does_not_keep_its_event_loop() -> None:
    loop = asyncio.new_event_loop()

    async def login() -> None:
        async with door.of_this_loop().turn() as has_turn:
            assert has_turn

    loop.run_until_complete(login())
    loop.close()
    kept = weakref.ref(loop)
    del loop
    gc.collect()
    assert kept() is None
