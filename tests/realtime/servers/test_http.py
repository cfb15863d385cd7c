"""The limits of a request to `serve`: its head, its body, and the time of both."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest

from realtime.core import bodies
from realtime.core.heads import MAX_HEAD_BYTES, MAX_HEADERS
from tests.realtime.servers.conftest import (
    GET,
    HANDSHAKE,
    Site,
    answers,
    in_chunks,
    post,
    refused,
)

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
async def test_a_too_large_head_is_refused_and_the_answer_arrives(site: Site, head: bytes) -> None:
    refused(await site.ask(head, rest=b"x" * 1_000_000), 431, "headers_too_large")
    assert site.requests == []
    assert await site.ask(post(b"")) == [(200, b"ok")]  # the server goes on


async def test_an_endless_head_is_refused_at_the_limit(site: Site) -> None:
    refused(
        await site.ask(b"GET / HTTP/1.1\r\nA: ", rest=b"a" * 1_000_000), 431, "headers_too_large"
    )
    refused(await site.ask(b"GET /", rest=b"a" * 1_000_000), 431, "headers_too_large")


async def test_a_head_of_the_largest_size_is_served(site: Site) -> None:
    room = MAX_HEAD_BYTES - 1000
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nA: " + b"a" * room + b"\r\n\r\n"
    assert await site.ask(head) == [(200, b"ok")]


async def test_trailers_are_ignored_and_limited(site: Site) -> None:
    trailed = in_chunks(b"x").removesuffix(b"\r\n")
    assert await site.ask(trailed + b"X-Forwarded-For: 1.2.3.4\r\n\r\n") == [(200, b"ok")]
    assert b"x-forwarded-for" not in dict(site.scopes[-1]["headers"])
    assert (await site.ask(trailed + b"A: b\r\n" * 10_000))[0][0] == 431


# -- the body


async def test_a_too_large_length_is_refused_at_once(site: Site) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n"
    refused(await site.ask(head), 413, "too_large")
    refused(await site.ask(head, rest=b"x" * 5_000_000), 413, "too_large")
    assert site.requests == site.left == []


async def test_a_too_large_body_gets_no_100_continue(site: Site) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
    refused(await site.ask(head), 413, "too_large")


async def test_chunks_are_counted_and_refused(site: Site) -> None:
    refused(await site.ask(in_chunks(*[b"x" * 10_000] * 500)), 413, "too_large")
    assert site.requests == []
    assert site.left == ["/"]


async def test_a_body_of_the_largest_size_is_served_with_a_length_or_in_chunks(site: Site) -> None:
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


async def test_a_broken_chunk_is_refused_and_ends_the_request(site: Site) -> None:
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


async def test_a_slow_body_is_refused_too(site: Site, settings: Any) -> None:
    settings.HTTP_BODY_SECONDS = 0.2
    reader, writer = await site.open(
        post(b"")[:-2].replace(b"Length: 0", b"Length: 1000") + b"\r\n"
    )
    async with asyncio.timeout(20):
        while not reader.at_eof():
            writer.write(b"x")
            try:
                async with asyncio.timeout(0.01):
                    found = await reader.read()
            except TimeoutError:
                continue
            refused(answers(found), 408, "too_late")


async def test_empty_lines_between_requests_keep_no_connection_open(
    site: Site, settings: Any
) -> None:
    settings.HTTP_HEADER_SECONDS = 0.2
    reader, writer = await site.open(GET)
    async with asyncio.timeout(4):  # less than an idle connection is kept for
        assert (await reader.readuntil(b"ok")).endswith(b"ok")
        writer.write(b"\r\n")
        with suppress(ConnectionError):
            assert await reader.read() == b""


async def test_no_http_deadline_ends_a_websocket(site: Site, settings: Any) -> None:
    settings.HTTP_HEADER_SECONDS = settings.HTTP_BODY_SECONDS = 0.4
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await reader.read()


@pytest.mark.parametrize("request_", [GET, post(b"x", last=False)], ids=["get", "post"])
async def test_neither_a_slow_answer_nor_a_pause_between_requests_is_late(
    site: Site, settings: Any, request_: bytes
) -> None:
    settings.HTTP_HEADER_SECONDS = settings.HTTP_BODY_SECONDS = 0.4
    site.may_answer.clear()
    reader, writer = await site.open(request_)
    await asyncio.sleep(0.6)
    site.may_answer.set()
    for _ in range(2):
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.6)
        writer.write(request_)


async def test_a_request_that_waits_for_the_server_is_not_late(site: Site, settings: Any) -> None:
    """A request behind another is read no further while that one is at work."""
    settings.HTTP_BODY_SECONDS = settings.HTTP_HEADER_SECONDS = 1.0  # for the rest to come
    site.may_answer.clear()
    reader, writer = await site.open(GET + post(b"x" * 10, last=False)[:-5])
    while not site.scopes:  # the server has read all of that before the rest is sent
        await asyncio.sleep(0)
    writer.write(b"xxxxx" + post(b""))
    await asyncio.sleep(1.2)
    settings.HTTP_BODY_SECONDS = settings.HTTP_HEADER_SECONDS = 20
    site.may_answer.set()
    async with asyncio.timeout(20):
        found = answers(await reader.read())
    assert [status for status, _ in found] == [200, 200, 200]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"nonsense\r\n\r\n", ("-", "-")),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ("-", "-")),
        (GET + b"nonsense\r\n\r\n", ("-", "-")),
        (b"PUT /a%3Fticket=b?ticket=c HTTP/nine\r\n\r\n", ("PUT", "/a?ticket=b")),
        (b"GET http://user:secret@x/path?a=b HTTP/nine\r\n\r\n", ("GET", "/path")),
        (b"CONNECT user:secret@x:1 HTTP/nine\r\n\r\n", ("CONNECT", "-")),
    ],
    ids=["text", "tls", "behind a request", "escaped", "absolute", "authority"],
)
async def test_what_is_refused_unread_names_neither_another_request_nor_a_secret(
    site: Site, data: bytes, named: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert (await site.ask(data))[-1][0] == 400
    assert site.refused == [named]
    # Its request has a line; strangers have no warnings written.
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
