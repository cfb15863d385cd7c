"""Each close code of the protocol arrives over a real socket."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, STAFF, USERS, connect, node, token_for
from tests.services import environment
from tests.services.client import Client
from tests.services.ports import until
from tests.services.server import Server

pytestmark = pytest.mark.servers

_received: set[int] = set()  # by all tests of this file, which one process runs


async def ending(client: Client, *, seconds: float = 20) -> int:
    """Return the code that the server closes with, and remember that it came."""
    code = await client.until_closed(timeout=seconds)
    _received.add(code)
    return code


async def test_a_command_before_the_login_closes_with_4401(served: Server) -> None:
    async with await Client.open(served.ws_url) as client:
        await client.send({"type": "list_rooms"})
        assert (await client.receive("error"))["data"]["code"] == "unauthenticated"
        assert await ending(client) == CloseCode.UNAUTHORIZED


async def test_an_expired_login_closes_with_4401(served: Server) -> None:
    async with await Client.open(served.ws_url, token=token_for(ALICE, seconds=1)) as client:
        await client.receive("connection_established")
        assert await ending(client) == CloseCode.UNAUTHORIZED


async def test_a_deactivated_user_closes_with_4403(served: Server) -> None:
    served.shell(
        "from django.contrib.auth import get_user_model as g;"
        "g().objects.create(id=40, username='gone', is_active=False)",
    )
    async with await Client.open(served.ws_url, token=token_for(40)) as client:
        assert await ending(client) == CloseCode.REVOKED


async def test_a_renewal_for_another_user_closes_with_4403(served: Server) -> None:
    async with await connect(served, ALICE) as alice:
        await alice.send({"type": "authenticate", "token": token_for(BOB)})
        assert await ending(alice) == CloseCode.REVOKED


async def test_a_socket_that_does_not_log_in_closes_with_4408(strict: Server) -> None:
    async with await Client.open(strict.ws_url) as client:
        assert await ending(client) == CloseCode.TIMEOUT


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=user:-1", "`since`"),
        ("since=x", "`since`"),
        (f"device={'d' * 65}", "`device`"),
        ("device=a%00", "`device`"),
        ("types=no", "`types`"),
        ("device_class=tablet", "`device_class`"),
        ("sinse=user:1", "'sinse'"),
        ("since=user:1&since=user:2", "`since` 2 times"),
        ("ticket=a&ticket=b", "`ticket` 2 times"),
    ],
)
async def test_an_invalid_parameter_closes_with_4400(served: Server, query: str, says: str) -> None:
    headers = {"Authorization": f"Bearer {token_for(ALICE)}"}
    async with await Client.open(f"{served.ws_url}?{query}", headers=headers) as client:
        assert await ending(client) == CloseCode.PROTOCOL
        error = client.journal[0]["data"]
        assert error["code"] == "invalid_message"
        assert says in error["message"]


async def test_the_oldest_of_a_users_connections_beyond_the_limit_closes_with_4409(
    served: Server,
) -> None:
    first, *others = [await connect(served, STAFF) for _ in range(10)]
    for client in (first, *others):
        await client.ping()
    others.append(await connect(served, STAFF))
    assert await ending(first) == CloseCode.TOO_MANY_CONNECTIONS
    for client in others:
        await client.ping()
        await client.close()


async def test_a_flood_gets_errors_then_closes_with_4429(strict: Server) -> None:
    async with await connect(strict, BOB) as bob:
        for _ in range(300):
            await bob.send({"type": "ping"})
        assert await ending(bob) == CloseCode.RATE_LIMITED
        codes = [m["data"]["code"] for m in bob.journal if m["type"] == "error"]
        assert set(codes) == {"rate_limited"}
        assert len([m for m in bob.journal if m["type"] == "pong"]) < 100


async def test_a_message_that_is_too_long_closes_with_1009(served: Server) -> None:
    for text in ("x" * 65_536, "é" * 32_768):
        alice = await connect(served, ALICE)
        assert len(text.encode()) == alice.greeting["limits"]["max_message_bytes"]
        async with alice:
            await alice.send(text)
            assert (await alice.receive("error"))["data"]["code"] == "invalid_json"
            await alice.send(text + "x")
            assert await ending(alice) == CloseCode.TOO_LARGE


@pytest.mark.parametrize("fragments", [1, 400])
async def test_a_message_that_unpacks_to_too_much_closes_with_1009(
    served: Server, fragments: int
) -> None:
    async with await Client.open(served.ws_url, token=token_for(ALICE)) as client:
        await client.receive("connection_established")
        assert client.connection.protocol.extensions, "nothing is compressed here"
        piece = " " * (4_000_000 // fragments)
        with suppress(ConnectionClosed):
            await client.connection.send(piece for _ in range(fragments))
        assert await ending(client) == CloseCode.TOO_LARGE


async def test_a_binary_message_closes_with_1003(served: Server) -> None:
    async with await connect(served, ALICE) as alice:
        await alice.connection.send(b'{"type":"ping"}')
        assert (await alice.receive("error"))["data"]["code"] == "binary_not_supported"
        assert await ending(alice) == CloseCode.BINARY


async def test_text_that_is_not_utf8_closes_with_1007(served: Server) -> None:
    async with await connect(served, ALICE) as alice:
        async with alice.connection.send_context():
            alice.connection.protocol.send_text(b"\xff\xfe")
        assert await ending(alice) == CloseCode.INVALID_TEXT


async def test_a_frame_that_breaks_the_rules_closes_with_1002(served: Server) -> None:
    for frame in (
        b"\xb1\x80\x00\x00\x00\x00",  # reserved bits
        b"\x83\x80\x00\x00\x00\x00",  # a reserved opcode
        b"\x80\x80\x00\x00\x00\x00",  # nothing to continue
        b"\x81\x00",  # not masked
        b"\x09\x80\x00\x00\x00\x00",  # a ping in fragments
    ):
        alice = await connect(served, ALICE)
        alice.connection.transport.write(frame)
        assert await ending(alice) == CloseCode.PROTOCOL_ERROR, frame
        await alice.close()


async def test_daphne_closes_after_long_and_binary_messages_too() -> None:
    with Server("daphne", env={"DEBUG": "1"}, prepare=USERS) as server:
        for message, code in (("x" * 65_537, CloseCode.TOO_LARGE), (b"x", CloseCode.BINARY)):
            async with await connect(server, ALICE) as alice:
                await alice.connection.send(message)
                # Its library sends no codes below 3000.
                assert await alice.until_closed() == code.private == CloseCode.PROTOCOL


def test_the_product_closes_with_codes_of_the_catalogue_only() -> None:
    number = re.compile(r"""\.close\(\s*(code=)?\d|["']code["']:\s*\d|send_close\(\d""")
    found = [
        f"{path}: {match[0]}"
        for package in ("realtime", "hoardrun", "notifications")
        for path in (environment.ROOT / package).rglob("*.py")
        for match in [number.search(path.read_text())]
        if match
    ]
    assert found == []


_LARGE = """
import base64, os
from notifications.messages import Notification
from realtime.publish import publish
for number in range(300):
    publish("user:2", Notification(
        id=str(number), title="t", message="m", created_at="",
        metadata={"pad": base64.b64encode(os.urandom(45_000)).decode()},  # nothing to compress
    ))
"""


async def test_a_reader_that_stops_closes_with_4503_and_loses_nothing(strict: Server) -> None:
    bob = await connect(strict, BOB)
    position = bob.greeting["positions"][f"user:{BOB}"]["offset"]
    bob.connection.transport.pause_reading()
    # More than kernels buffer. It may go on while the reader is sent away.
    publishing = asyncio.create_task(asyncio.to_thread(strict.shell, _LARGE))
    await until(lambda: "reads too slowly" in strict.log(), seconds=60)
    bob.connection.transport.resume_reading()
    assert await ending(bob, seconds=15) == CloseCode.SLOW_CONSUMER
    had = [m["offset"] for m in bob.journal if m["type"] == "notification"]
    assert had == list(range(position + 1, position + 1 + len(had)))
    assert len(had) < 300
    await publishing
    back = await connect(
        strict, BOB, since=f"user:{position + len(had)}", epoch=bob.greeting["epoch"]
    )
    async with back:
        rest = [(await back.receive("notification"))["offset"] for _ in range(300 - len(had))]
        assert had + rest == list(range(position + 1, position + 301))


async def test_a_stopping_server_warns_and_closes_with_1012() -> None:
    with node(DEBUG="1") as server:
        alice = await connect(server, ALICE)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        shutdown = await alice.receive("server_shutdown")
        assert shutdown["data"]["reconnect_after_ms"] > 0
        assert await ending(alice) == CloseCode.RESTART
        log = await stopping
        assert "Traceback" not in log


@pytest.mark.operated(number=18)
def test_every_code_of_the_catalogue_has_arrived(request: pytest.FixtureRequest) -> None:
    """Stand last; skip when only some of the tests of this file run."""
    here = {
        item.originalname
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == Path(__file__)
    }
    if {name for name in globals() if name.startswith("test_")} - here:
        pytest.skip("only some tests of this file were selected")
    assert set(map(int, CloseCode)) - _received == set()
