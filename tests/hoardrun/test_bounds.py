"""A request is read whole and within bounds, on each kind of server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hoardrun.bounds import Bounded
from realtime.core import bodies
from realtime.core.heads import MAX_ACCEPT, MAX_CONTENT_TYPE, MAX_COOKIE_ESCAPES, MAX_HEADERS

KIB = 1024


class Asked:
    """One request to an application behind the bounds; `chunks` are the parts of its body."""

    def __init__(self, *chunks: bytes, ends: bool = True, **scope: Any) -> None:
        self.scope: Any = {"type": "http", "path": "/api/v1/x", "headers": [], **scope}
        self._messages = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
        ]
        if ends:
            self._messages.append({"type": "http.request", "body": b"", "more_body": False})
        self.read: list[Any] = []  # the events that the application got
        self.sent: list[Any] = []
        self.taken = 0

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = scope["headers"]
        self.read.append(await receive())

    async def receive(self) -> Any:
        if not self._messages:
            await asyncio.Event().wait()
        self.taken += 1
        return self._messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self) -> Asked:
        await Bounded(self.application)(self.scope, self.receive, self.send)
        return self

    def refused(self, status: int, code: str) -> dict[str, Any]:
        assert self.read == []
        problem: dict[str, Any] = json.loads(self.sent[1]["body"])
        assert self.sent[0]["status"] == problem["status"] == status
        assert problem["code"] == code
        return problem


async def test_a_body_in_pieces_is_handed_over_whole() -> None:
    asked = await Asked(b"a", b"b", b"c").run()
    assert asked.read == [{"type": "http.request", "body": b"abc", "more_body": False}]
    whole = b"x" * bodies.MAX_BODY_BYTES
    assert (await Asked(whole).run()).read[0]["body"] == whole


async def test_a_body_in_chunks_is_handed_over_with_its_length() -> None:
    asked = Asked(b"{}", b"\n", headers=[(b"transfer-encoding", b"chunked"), (b"host", b"x")])
    assert (await asked.run()).headers == [(b"host", b"x"), (b"content-length", b"3")]
    for body, headers in ((b"abc", [(b"content-length", b"3")]), (b"", [(b"host", b"x")])):
        assert (await Asked(body, headers=headers).run()).headers == headers


async def test_a_body_that_is_too_large_is_read_no_further() -> None:
    asked = await Asked(*[b"x" * 10 * KIB] * 1000).run()
    asked.refused(413, "too_large")
    assert asked.taken == 7


@pytest.mark.parametrize("length", [b"65537", b"300000000", b"9" * 20_000])
async def test_a_length_that_is_too_large_is_refused_before_anything_is_read(length: bytes) -> None:
    asked = Asked(b"x", headers=[(b"content-length", length)])
    (await asked.run()).refused(413, "too_large")
    assert asked.taken == 0


async def test_paths_have_limits_of_their_own_and_programs_64_kib() -> None:
    assert bodies.limit_of("/admin/login/") == 1024 * KIB
    assert bodies.limit_of("/ws/broadcast/market/") == bodies.MAX_BODY_BYTES
    for path in ("/healthz", "/api/v1/auth/token", "/ws/stats", "/", "/adminx", "//admin/"):
        assert bodies.limit_of(path) == 64 * KIB
    form = b"x" * 100 * KIB
    assert (await Asked(form, path="/admin/login/").run()).read
    (await Asked(form, path="/ws/broadcast/market").run()).refused(413, "too_large")
    assert (await Asked(form, path="/under/admin/login/", root_path="/under").run()).read


async def test_a_body_that_does_not_end_is_refused(settings: Any) -> None:
    settings.HTTP_BODY_SECONDS = 0.05
    (await Asked(b"x", ends=False).run()).refused(408, "too_late")


async def test_a_client_that_left_is_told_of_at_once() -> None:
    asked = Asked(b"x", ends=False)
    asked._messages.append({"type": "http.disconnect"})
    assert (await asked.run()).read == [{"type": "http.disconnect"}]


LARGE: dict[str, list[tuple[bytes, bytes]]] = {
    "content-type": [(b"content-type", b'a;x="' + b";" * MAX_CONTENT_TYPE)],
    "content-types": [(b"content-type", b"a/b;" * (MAX_CONTENT_TYPE // 8))] * 3,
    "accept": [(b"accept", b'a/b;x="' + b";" * MAX_ACCEPT)],
    "two accepts": [(b"accept", b'a/b;x="' + b";" * (MAX_ACCEPT // 2))] * 2,
    "cookie": [(b"cookie", b'a="' + b'\\"' * (MAX_COOKIE_ESCAPES + 1) + b'"')],
    "two cookies": [(b"cookie", b'a="' + b"\\054" * 150 + b'"')] * 2,
    "size": [(b"host", b"eyJ" * 34_000)],
    "number": [(b"a", b"b")] * (MAX_HEADERS + 1),
}


@pytest.mark.parametrize("what", LARGE)
async def test_headers_that_are_large_or_take_long_to_read_are_refused(what: str) -> None:
    asked = Asked(headers=LARGE[what])
    (await asked.run()).refused(431, "headers_too_large")


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([(b"content-type", b"a/b;x*=nope''y")], b""),
        ([(b"accept", b"*/*, a/b;x*0=y;x*=y")], b""),
        ([], b"a=\xff"),
    ],
    ids=["content-type", "accept", "query"],
)
async def test_a_head_that_cannot_be_read_is_refused_before_the_body(
    headers: Any, query: bytes
) -> None:
    asked = Asked(b"x", headers=headers, query_string=query)
    (await asked.run()).refused(400, "bad_request")
    assert asked.taken == 0


async def test_the_headers_of_the_admin_are_read() -> None:
    messages = b'messages="' + b'[[\\"__json_message\\"\\0540\\05425\\054\\"Saved.\\"]]' * 20 + b'"'
    form = b"multipart/form-data; boundary=" + b"-" * 70
    assert (await Asked(headers=[(b"cookie", messages), (b"content-type", form)]).run()).read
