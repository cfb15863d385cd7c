"""What `serve` lets a request cost: its head, its body, and the time that both take."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn.server import ServerState

from hoardrun.refused import refuse
from realtime.cluster import serve
from realtime.core import bodies, refusals
from realtime.core.heads import MAX_HEAD_BYTES, MAX_HEADERS
from realtime.servers.http import PIECE_BYTES, HttpProtocol

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HANDSHAKE = (
    b"GET /ws/notifications HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


class Site:
    """A server in this process whose application says what it has read."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []  # path and body
        self.scopes: list[Any] = []
        self.left: list[str] = []  # paths of those who left before their body was whole
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.answer = b"ok"
        self.waits_for_the_end = False
        self.refuses = False  # handshakes
        self.port = 0
        self.state = ServerState()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            self.scopes.append(scope)
            await receive()
            await self.may_answer.wait()
            if self.refuses:
                await send({"type": "websocket.http.response.start", "status": 503, "headers": []})
                await send({"type": "websocket.http.response.body", "body": b"later"})
                return
            await send({"type": "websocket.accept"})
            await receive()
            return
        if refusals.EXTENSION in scope:
            await refuse(scope[refusals.EXTENSION], scope, send)
            return
        body, message = b"", {"more_body": True}
        while message["more_body"]:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.append(scope["path"])
                return
            body += message["body"]
        self.requests.append((scope["path"], body))
        self.scopes.append(scope)
        if self.waits_for_the_end:
            assert (await receive())["type"] == "http.disconnect"
            self.left.append(scope["path"])
            return
        await self.may_answer.wait()
        headers = [(b"content-length", str(len(self.answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.answer})

    async def ask(self, data: bytes, *, rest: bytes = b"") -> list[tuple[int, Any]]:
        """Send bytes, and return what is answered until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            if rest:
                await writer.drain()
                writer.write(rest)
            async with asyncio.timeout(20):
                return answers(await reader.read())
        finally:
            writer.close()


def answers(data: bytes) -> list[tuple[int, Any]]:
    """Read a sequence of answers: their statuses and bodies."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().lower().split("\r\n")
        length = int(dict(line.split(": ", 1) for line in lines).get("content-length", 0))
        body, data = data[:length], data[length:]
        is_problem = b"application/problem+json" in head
        found.append((int(status.split()[1]), json.loads(body) if is_problem else body))
    return found


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    site = Site()
    config = serve.config(app=site, lifespan="off")
    config.load()
    state = site.state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpProtocol(config, state, {}), host="127.0.0.1", port=0
    )
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await server.wait_closed()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as found:
        yield found


def post(body: bytes, path: str = "/", *, last: bool = True) -> bytes:
    close = b"Connection: close\r\n" if last else b""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    return head + close + b"\r\n" + body


def in_chunks(*chunks: bytes, path: str = "/", last: bool = True) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n".encode()
    close = b"Connection: close\r\n" if last else b""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + close + b"\r\n" + body + b"0\r\n\r\n"


def refused(found: Sequence[tuple[int, Any]], status: int, code: str) -> None:
    [(answered, problem)] = found
    assert (answered, problem["status"], problem["code"]) == (status, status, code)


# -- the head


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: " + b"eyJ" * 34_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        HANDSHAKE + b"Cookie: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n",
        HANDSHAKE + b"A: b\r\n" * MAX_HEADERS + b"\r\n",
    ],
    ids=["header", "url", "count", "handshake", "handshake count"],
)
async def test_a_head_that_is_too_large_is_refused_and_its_answer_arrives(
    site: Site, head: bytes
) -> None:
    refused(await site.ask(head, rest=b"x" * 1_000_000), 431, "headers_too_large")
    assert site.requests == []


async def test_a_head_without_end_is_refused_when_its_bytes_are_too_many(site: Site) -> None:
    refused(
        await site.ask(b"GET / HTTP/1.1\r\nA: ", rest=b"a" * 1_000_000), 431, "headers_too_large"
    )
    refused(await site.ask(b"GET /", rest=b"a" * 1_000_000), 431, "headers_too_large")


async def test_a_head_of_the_largest_size_is_served(site: Site) -> None:
    room = MAX_HEAD_BYTES - 1000
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nA: " + b"a" * room + b"\r\n\r\n"
    assert await site.ask(head) == [(200, b"ok")]


async def test_headers_behind_a_body_are_neither_believed_nor_without_limit(site: Site) -> None:
    trailed = in_chunks(b"x").removesuffix(b"\r\n")
    assert await site.ask(trailed + b"X-Forwarded-For: 1.2.3.4\r\n\r\n") == [(200, b"ok")]
    assert b"x-forwarded-for" not in dict(site.scopes[-1]["headers"])
    assert (await site.ask(trailed + b"A: b\r\n" * 10_000))[0][0] == 431


# -- the body


async def test_a_length_that_is_too_large_is_refused_at_once(site: Site) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n"
    refused(await site.ask(head), 413, "too_large")
    refused(await site.ask(head, rest=b"x" * 5_000_000), 413, "too_large")
    assert site.requests == site.left == []


async def test_a_client_that_asks_first_is_not_told_to_go_on(site: Site) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
    refused(await site.ask(head), 413, "too_large")


async def test_chunks_are_counted_and_refused(site: Site) -> None:
    refused(await site.ask(in_chunks(*[b"x" * 10_000] * 500)), 413, "too_large")
    assert site.requests == []
    assert site.left == ["/"]


async def test_a_body_of_the_largest_size_is_served_whichever_way_it_comes(site: Site) -> None:
    body = b"x" * bodies.MAX_BODY_BYTES
    assert await site.ask(post(body)) == [(200, b"ok")]
    assert await site.ask(in_chunks(body[:1], body[1:])) == [(200, b"ok")]
    assert site.requests == [("/", body)] * 2


async def test_the_table_of_paths_counts_as_the_application_reads_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_limits", {"/large/": 100_000, "/large/small/": 10})
    large, small = b"x" * 100_000, b"x" * 11
    assert await site.ask(post(large, "/large/")) == [(200, b"ok")]
    assert await site.ask(post(large, "/l%61rge/?a=/x/")) == [(200, b"ok")]
    refused(await site.ask(post(large, "/large")), 413, "too_large")
    refused(await site.ask(post(small, "/large/small/?a")), 413, "too_large")
    refused(await site.ask(in_chunks(small, path="/large/small/")), 413, "too_large")


async def test_a_handshake_has_no_body(site: Site) -> None:
    refused(await site.ask(HANDSHAKE + b"Content-Length: 1000\r\n\r\n"), 400, "bad_request")
    refused(await site.ask(HANDSHAKE + b"Transfer-Encoding: chunked\r\n\r\n"), 400, "bad_request")


async def test_a_broken_chunk_is_refused_and_the_application_told(site: Site) -> None:
    broken = in_chunks(b"x").replace(b"1\r\nx", b"nonsense\r\nx")
    refused(await site.ask(broken), 400, "bad_request")
    assert site.left == ["/"]
    assert (await site.ask(b"nonsense\r\n\r\n", rest=b"x" * 1_000_000))[0][0] == 400


# -- time


async def test_a_body_that_does_not_end_in_time_is_refused(site: Site, settings: Any) -> None:
    settings.HTTP_BODY_SECONDS = 0.2
    refused(await site.ask(post(b"x" * 1000)[:-1]), 408, "too_late")
    refused(await site.ask(in_chunks(b"x" * 1000)[:-5]), 408, "too_late")
    assert site.left == ["/", "/"]


async def test_a_body_that_trickles_is_refused_too(site: Site, settings: Any) -> None:
    settings.HTTP_BODY_SECONDS = 0.2
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(post(b"")[:-2].replace(b"Length: 0", b"Length: 1000") + b"\r\n")
    async with asyncio.timeout(20):
        while not reader.at_eof():
            writer.write(b"x")
            try:
                async with asyncio.timeout(0.01):
                    found = await reader.read()
            except TimeoutError:
                continue
            refused(answers(found), 408, "too_late")
    writer.close()


async def test_empty_lines_between_requests_keep_no_connection(site: Site, settings: Any) -> None:
    settings.HTTP_HEADER_SECONDS = 0.2
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(GET)
    async with asyncio.timeout(4):  # less than an idle connection is kept for
        assert (await reader.readuntil(b"ok")).endswith(b"ok")
        await asyncio.sleep(0.01)  # until the next request is waited for
        writer.write(b"\r\n")
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


async def test_a_websocket_is_none_of_these_any_more(site: Site, settings: Any) -> None:
    settings.HTTP_HEADER_SECONDS = settings.HTTP_BODY_SECONDS = 0.1
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(HANDSHAKE + b"\r\n")
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await reader.read()
    writer.close()


@pytest.mark.parametrize("request_", [GET, post(b"x", last=False)], ids=["get", "post"])
async def test_neither_a_slow_answer_nor_a_pause_between_requests_is_late(
    site: Site, settings: Any, request_: bytes
) -> None:
    settings.HTTP_HEADER_SECONDS = settings.HTTP_BODY_SECONDS = 0.1
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    site.may_answer.clear()
    writer.write(request_)
    await asyncio.sleep(0.3)
    site.may_answer.set()
    for _ in range(2):
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.3)
        writer.write(request_)
    writer.close()


async def test_who_waits_for_us_is_not_late(site: Site, settings: Any) -> None:
    """A request behind another is read no further while that one is at work."""
    settings.HTTP_BODY_SECONDS = settings.HTTP_HEADER_SECONDS = 0.1
    site.may_answer.clear()
    asked = asyncio.create_task(
        site.ask(GET + post(b"x" * 10, last=False)[:-5], rest=b"xxxxx" + post(b""))
    )
    await asyncio.sleep(0.3)
    settings.HTTP_BODY_SECONDS = 20
    site.may_answer.set()
    assert [status for status, _ in await asked] == [200, 200, 200]


# -- several requests on one connection


async def test_many_requests_are_answered_in_their_order(site: Site) -> None:
    asked = [
        post(b"1", last=False),
        in_chunks(b"x" * 40_000, last=False),
        GET,
        post(b"x" * 60_000, last=False),
        post(b"2"),
    ]
    assert await site.ask(b"".join(asked)) == [(200, b"ok")] * 5
    assert [len(body) for _, body in site.requests] == [1, 40_000, 0, 60_000, 1]


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (in_chunks(*[b"x" * 10_000] * 10), 413),
    ],
    ids=["length", "head", "chunks"],
)
async def test_a_refusal_waits_for_the_answers_before_it(
    site: Site, last: bytes, status: int
) -> None:
    site.may_answer.clear()
    asked = asyncio.create_task(site.ask(GET + last, rest=b"x" * 1_000_000))
    while not site.requests:
        await asyncio.sleep(0)
    site.may_answer.set()
    first, second = await asked
    assert first == (200, b"ok")
    assert (second[0], second[1]["status"]) == (status, status)
    assert [path for path, _ in site.requests] == ["/"]


async def test_what_cannot_be_read_ends_a_connection_behind_its_good_requests(site: Site) -> None:
    site.may_answer.clear()
    asked = asyncio.create_task(site.ask(GET + GET + b"nonsense\r\n\r\n"))
    while not site.requests:
        await asyncio.sleep(0)
    site.may_answer.set()
    *good, (status, problem) = await asked
    assert good == [(200, b"ok")] * 2
    assert (status, problem["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "garbage", [b"nonsense\r\n\r\n", b"\x16\x03\x01", b"GET /\xff HTTP/1.1\r\n"]
)
async def test_what_is_no_http_is_refused_in_the_form_of_all_refusals(
    site: Site, garbage: bytes
) -> None:
    refused(await site.ask(garbage), 400, "bad_request")
    found = await site.ask(GET, rest=garbage)
    assert [status for status, _ in found] == [200, 400]


class Sending:
    """A client that sends as long as the server reads."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __aenter__(self) -> Sending:
        self.socket = socket.create_connection(("127.0.0.1", self._site.port))
        self.socket.setblocking(False)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.socket.close()

    async def fill(self, data: bytes) -> int:
        """Send `data` again and again until nothing is taken any more; return the bytes."""
        sent = turns = 0
        while turns < 100:
            turns += 1
            try:
                sent += self.socket.send(data)
                turns = 0
            except BlockingIOError:
                await asyncio.sleep(0)
        return sent


def queued(site: Site) -> int:
    [protocol] = site.state.connections
    assert isinstance(protocol, HttpProtocol)
    return len(protocol.pipeline)


@pytest.mark.parametrize("first", [GET, post(b"x", last=False)], ids=["get", "post"])
async def test_requests_behind_one_at_work_are_not_read_for_ever(site: Site, first: bytes) -> None:
    site.may_answer.clear()
    async with Sending(site) as client:
        client.socket.send(first)
        while not site.requests:
            await asyncio.sleep(0)
        sent = await client.fill(b"GET / HTTP/1.1\r\n\r\n" * 1000)
        assert queued(site) <= PIECE_BYTES // 18
        [protocol] = site.state.connections
        assert protocol.flow.read_paused  # type: ignore[union-attr]
        # The kernel's buffers take some; what the server has read is a piece of what they read.
        assert await client.fill(GET) == 0, sent
        assert len(site.requests) == 1


async def test_a_client_that_reads_no_answers_is_read_no_further(site: Site) -> None:
    site.answer = b"x" * 100_000
    async with Sending(site) as client:
        await client.fill(b"GET / HTTP/1.1\r\n\r\n" * 1000)
        asked = len(site.requests)
        assert await client.fill(GET) == 0
        assert len(site.requests) == asked
        assert queued(site) <= PIECE_BYTES // 18


async def test_many_requests_in_one_read_are_all_answered(site: Site) -> None:
    many = GET * 2000 + post(b"x" * 5000)
    assert await site.ask(many) == [(200, b"ok")] * 2001


async def test_a_request_to_become_what_we_are_not_loses_none_behind_it(site: Site) -> None:
    upgrade = b"GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    assert await site.ask(upgrade + post(b"x", "/b")) == [(200, b"ok")] * 2
    assert site.requests == [("/a", b""), ("/b", b"x")]


@pytest.mark.parametrize("asks", [b"h2c", b"foo, websocket"])
@pytest.mark.parametrize("size", [len(GET), 40 * PIECE_BYTES])
async def test_a_body_behind_an_upgrade_that_is_ignored_is_no_request(
    site: Site, asks: bytes, size: int
) -> None:
    body = (GET * (size // len(GET) + 1))[:size]
    upgrade = b"Upgrade: %b\r\nConnection: Upgrade\r\n" % asks
    for whole in (post(body, "/a", last=False), in_chunks(body, body, path="/a", last=False)):
        site.requests.clear()
        line, _, rest = whole.partition(b"\r\n")
        asked = line + b"\r\n" + upgrade + rest
        assert await site.ask(asked * 2 + post(b"x", "/b")) == [(200, b"ok")] * 3
        read = body if b"Content-Length" in whole else body * 2
        assert site.requests == [("/a", read), ("/a", read), ("/b", b"x")]


async def test_a_body_behind_an_upgrade_has_the_limits_of_every_body(site: Site) -> None:
    head = b"POST / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nTransfer-Encoding: "
    much = b"%x\r\n" % (bodies.MAX_BODY_BYTES + 1) + b"x" * (bodies.MAX_BODY_BYTES + 1)
    refused(await site.ask(head + b"chunked\r\n\r\n" + much), 413, "too_large")
    refused(await site.ask(head + b"gzip\r\n\r\n" + GET), 400, "bad_request")
    assert site.requests == []


async def test_a_head_that_comes_in_pieces_is_counted_once(site: Site) -> None:
    headers = b"".join(b"A%d: %s\r\n" % (each, b"a" * 1000) for each in range(31))
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    for byte in range(0, len(head := b"GET / HTTP/1.1\r\n" + headers + b"\r\n"), 700):
        writer.write(head[byte : byte + 700])
        await writer.drain()
        await asyncio.sleep(0)
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_header_without_end_behind_a_body_is_refused(site: Site, monkeypatch: Any) -> None:
    monkeypatch.setattr(bodies, "_limits", {"/": 10_000_000})
    trailed = in_chunks(b"x").removesuffix(b"\r\n")
    refused(await site.ask(trailed + b"A: ", rest=b"b" * 1_000_000), 431, "headers_too_large")


# -- handshakes


async def shake(site: Site, *headers: bytes, before: bytes = b"") -> tuple[Any, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(before + HANDSHAKE + b"".join(headers) + b"\r\n")
    return reader, writer


async def test_a_handshake_waits_for_the_answers_before_it(site: Site) -> None:
    site.may_answer.clear()
    reader, writer = await shake(site, before=GET)
    while not site.requests:
        await asyncio.sleep(0)
    [protocol] = site.state.connections
    assert isinstance(protocol, HttpProtocol)  # still
    site.may_answer.set()
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.close()


async def test_a_handshake_has_the_limits_of_every_head(site: Site) -> None:
    reader, writer = await shake(site, b"Cookie: " + b"a" * 20_000 + b"\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.close()


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_handshake_at_work_when_the_node_ends_is_answered_once(
    site: Site, refuses: bool, caplog: pytest.LogCaptureFixture
) -> None:
    site.refuses = refuses
    site.may_answer.clear()
    asking = asyncio.create_task(site.ask(HANDSHAKE + b"\r\n"))
    async with asyncio.timeout(20):
        while not site.scopes:
            await asyncio.sleep(0.01)
        [connection] = site.state.connections
        serving = [*site.state.tasks]
        site.may_answer.set()  # the application answers in the turn in which the node ends
        connection.shutdown()
        await asyncio.gather(*serving)
    assert [status for status, _ in await asking] == [500]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


async def test_a_handshake_may_name_its_connection_in_two_headers(site: Site) -> None:
    reader, writer = await shake(site, b"Connection: keep-alive\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.close()


async def test_headers_of_a_handshake_arrive_as_they_were_sent(site: Site) -> None:
    _, writer = await shake(site, b"A: caf\xe9 \xff\r\n")
    while not site.scopes:
        await asyncio.sleep(0)
    assert (b"a", b"caf\xe9 \xff") in site.scopes[0]["headers"]
    writer.close()


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"GET", b"POST", 405),
        (b"Version: 13", b"Version: 12", 400),
        (b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: x", 400),
        (b"Sec-WebSocket-Key", b"A", 400),
    ],
)
async def test_a_handshake_against_the_rules_is_refused_in_the_form_of_all_refusals(
    site: Site, old: bytes, new: bytes, status: int
) -> None:
    refused(await site.ask(HANDSHAKE.replace(old, new) + b"\r\n"), status, "bad_handshake")


# -- the end of a connection


@pytest.mark.parametrize("asked", [GET, GET * 2 + post(b"x" * 1000, last=False)])
async def test_a_client_that_has_sent_all_gets_its_answers(site: Site, asked: bytes) -> None:
    site.may_answer.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(asked)
    writer.write_eof()
    while not site.requests:
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    site.may_answer.set()
    found = answers(await reader.read())
    assert found == [(200, b"ok")] * asked.count(b"HTTP/1.1")
    writer.close()


async def test_a_body_that_cannot_come_any_more_is_told_of(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(post(b"x" * 1000)[:-1])
    writer.write_eof()
    assert await reader.read() == b""
    while not site.left:
        await asyncio.sleep(0)
    writer.close()


async def test_a_request_at_work_hears_that_its_client_is_gone_though_others_wait(
    site: Site,
) -> None:
    site.waits_for_the_end = True
    async with Sending(site) as client:
        client.socket.send(post(b"x", "/first", last=False) + GET * 2)
        while not site.requests:
            await asyncio.sleep(0)
        [protocol] = site.state.connections
        protocol.transport.abort()
        while site.state.tasks:
            await asyncio.sleep(0)
    assert site.left == ["/first"]
    assert len(site.requests) == 1  # those behind it have gone with the client
