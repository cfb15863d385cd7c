"""Several requests on one connection are answered in order, and read as they fit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.core import bodies
from realtime.core.heads import MAX_HEAD_BYTES
from realtime.servers.http import PIECE_BYTES, HttpProtocol
from tests.realtime.servers.conftest import (
    GET,
    Site,
    fill,
    in_chunks,
    post,
    refused,
    sending,
)


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
    await site.asked()
    site.may_answer.set()
    first, second = await asked
    assert first == (200, b"ok")
    assert (second[0], second[1]["status"]) == (status, status)
    assert [path for path, _ in site.requests] == ["/"]


async def test_an_invalid_request_ends_the_connection_after_its_good_ones(site: Site) -> None:
    site.may_answer.clear()
    asked = asyncio.create_task(site.ask(GET + GET + b"nonsense\r\n\r\n"))
    await site.asked()
    site.may_answer.set()
    *good, (status, problem) = await asked
    assert good == [(200, b"ok")] * 2
    assert (status, problem["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "garbage", [b"nonsense\r\n\r\n", b"\x16\x03\x01", b"GET /\xff HTTP/1.1\r\n"]
)
async def test_bytes_that_are_no_http_are_refused_with_a_problem(
    site: Site, garbage: bytes
) -> None:
    refused(await site.ask(garbage), 400, "bad_request")
    found = await site.ask(GET, rest=garbage)
    assert [status for status, _ in found] == [200, 400]


def queued(site: Site) -> int:
    [protocol] = site.state.connections
    assert isinstance(protocol, HttpProtocol)
    return len(protocol.pipeline)


@pytest.mark.parametrize("first", [GET, post(b"x", last=False)], ids=["get", "post"])
async def test_only_a_piece_of_the_requests_behind_a_running_one_is_read(
    site: Site, first: bytes
) -> None:
    site.may_answer.clear()
    with sending(site) as client:
        client.send(first)
        await site.asked()
        sent = await fill(client, b"GET / HTTP/1.1\r\n\r\n" * 1000)
        assert queued(site) <= PIECE_BYTES // 18
        [protocol] = site.state.connections
        assert protocol.flow.read_paused  # type: ignore[union-attr]
        # The kernel's buffers take some; what the server has read is a piece of what they read.
        assert await fill(client, GET) == 0, sent
        assert len(site.requests) == 1


async def test_a_client_that_reads_no_answers_is_read_no_further(site: Site) -> None:
    site.answer = b"x" * 100_000
    with sending(site) as client:
        await fill(client, b"GET / HTTP/1.1\r\n\r\n" * 1000)
        asked = len(site.requests)
        assert await fill(client, GET) == 0
        assert len(site.requests) == asked
        assert queued(site) <= PIECE_BYTES // 18


async def test_many_requests_in_one_read_are_all_answered(site: Site) -> None:
    many = GET * 2000 + post(b"x" * 5000)
    assert await site.ask(many) == [(200, b"ok")] * 2001


async def test_an_unknown_upgrade_loses_no_request_behind_it(site: Site) -> None:
    upgrade = b"GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    assert await site.ask(upgrade + post(b"x", "/b")) == [(200, b"ok")] * 2
    assert site.requests == [("/a", b""), ("/b", b"x")]


@pytest.mark.parametrize("asks", [b"h2c", b"foo, websocket"])
@pytest.mark.parametrize("size", [len(GET), 40 * PIECE_BYTES])
async def test_a_body_behind_an_ignored_upgrade_is_no_request(
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
    reader, writer = await site.open()
    for byte in range(0, len(head := b"GET / HTTP/1.1\r\n" + headers + b"\r\n"), 700):
        writer.write(head[byte : byte + 700])
        await writer.drain()
        await asyncio.sleep(0)
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")


async def test_a_header_without_end_behind_a_body_is_refused(site: Site, monkeypatch: Any) -> None:
    monkeypatch.setattr(bodies, "_limits", {"/": 10_000_000})
    trailed = in_chunks(b"x").removesuffix(b"\r\n")
    refused(await site.ask(trailed + b"A: ", rest=b"b" * 1_000_000), 431, "headers_too_large")
