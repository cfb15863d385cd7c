"""A handshake is refused for the cheapest reason first; signatures are checked last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime.access import tokens
from realtime.consumer import credentials, login
from realtime.consumer.credentials import JWTAuthMiddleware
from realtime.consumer.gate import Gate
from realtime.core.identity import Identity
from realtime.core.state import ConnectionState
from realtime.hub import hub
from realtime.hub.hub import Hub
from realtime.hub.socket import Peer, Socket
from realtime.protocol.codes import CloseCode
from realtime.servers.asgi import AsgiWriter
from tests.nodes import ALICE, token_for

HERE = "192.0.2.1"
_verify = tokens.verify


class Door:
    """The gate of a node, and how many signatures were checked behind it."""

    def __init__(self, node: Hub) -> None:
        self.node = node
        self.checked = 0
        self.let_in: list[Any] = []
        self._app = JWTAuthMiddleware(Gate(self._served))

    async def _served(self, scope: Any, receive: Any, send: Any) -> None:
        self.let_in.append(scope)

    def verify(self, token: str) -> Identity | None:
        self.checked += 1
        return _verify(token)

    async def knock(self, token: str = "", *, origin: str = "", address: str = HERE) -> int:
        """Offer a handshake; return the status of the refusal, or 101."""
        headers = [(b"host", b"testserver"), (b"origin", origin.encode())][: 1 + bool(origin)]
        scope = {
            "type": "websocket",
            "path": "/ws/notifications",
            "scheme": "ws",
            "client": (address, 1),
            "headers": headers + ([(b"authorization", f"Bearer {token}".encode())] * bool(token)),
            "query_string": b"",
            "extensions": {"websocket.http.response": {}},
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        before = len(self.let_in)
        await self._app(scope, receive, send)
        return 101 if len(self.let_in) > before else int(sent[0]["status"])


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    made = Door(await hub.ensure())
    monkeypatch.setattr(credentials, "verify", made.verify)
    monkeypatch.setattr(tokens, "verify", made.verify)
    yield made
    await hub.close()


async def test_a_good_token_is_checked_once(door: Door) -> None:
    assert await door.knock(token_for(ALICE)) == 101
    assert door.checked == 1
    assert door.let_in[0]["identity"].user_id == ALICE


async def test_no_signature_is_checked_of_a_handshake_refused_before(door: Door) -> None:
    assert await door.knock(token_for(ALICE), origin="https://evil.example") == 403
    door.node.draining = True
    assert await door.knock(token_for(ALICE)) == 503
    assert door.checked == 0


async def test_an_address_with_too_many_bad_tokens_has_none_checked(door: Door) -> None:
    good = token_for(ALICE)  # to make one takes the time in which the limit lets one more in
    statuses = [await door.knock("nonsense") for _ in range(200)]
    statuses.append(await door.knock(good))
    assert statuses[-2:] == [429, 429]
    assert door.checked == statuses.count(101) < 100
    assert await door.knock(good, address="192.0.2.2") == 101


async def test_good_tokens_do_not_count_against_the_limit(door: Door) -> None:
    assert {await door.knock(token_for(ALICE)) for _ in range(200)} == {101}


async def test_a_token_in_a_message_is_then_not_checked_either(door: Door) -> None:
    good = token_for(ALICE)
    while await door.knock("nonsense") == 101:
        pass
    checked = door.checked
    socket = waiting_socket(door.node, HERE)
    await login.authenticate(door.node, socket, good, None)
    assert socket.close_code is CloseCode.RATE_LIMITED
    assert door.checked == checked
    elsewhere = waiting_socket(door.node, "192.0.2.2")
    await login.authenticate(door.node, elsewhere, "nonsense", None)
    assert elsewhere.close_code is CloseCode.UNAUTHORIZED
    await asyncio.sleep(0)


def waiting_socket(node: Hub, address: str) -> Socket:
    """Make a socket that has not logged in."""

    async def send(message: Any) -> None: ...

    connection = ConnectionState("c", node.options.limits)
    return Socket(connection, AsgiWriter(send), node.cycle, 4096, Peer(address, ""))


def test_an_offered_token_is_not_shown() -> None:
    assert "eyJ" not in repr(credentials.Offered(token_for(ALICE)))
