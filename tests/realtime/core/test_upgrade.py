"""The usual form of a handshake: what is taken for it, the library accepts with the same answer."""

from __future__ import annotations

import pytest
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.http11 import Request
from websockets.server import ServerProtocol

from realtime.core import upgrade

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
USUAL = {
    b"host": b"a.example",
    b"upgrade": b"websocket",
    b"connection": b"Upgrade",
    b"sec-websocket-key": KEY,
    b"sec-websocket-version": b"13",
}
Pairs = list[tuple[bytes, bytes]]


def changed(more: Pairs | None = None, **values: bytes | None) -> Pairs:
    """Return the usual headers with other values, without those that are None, and more."""
    named = {name.replace("_", "-").encode(): value for name, value in values.items()}
    pairs = (USUAL | named).items()
    return [(name, value) for name, value in pairs if value is not None] + (more or [])


def of_library(method: bytes, version: str, headers: Pairs) -> bytes | None:
    """Return the proof with which the library accepts; None if it does not."""
    try:
        pairs = Headers((name.decode(), value.decode("latin-1")) for name, value in headers)
    except Exception:
        return None
    request = Request("/", pairs, method.decode(), f"HTTP/{version}")
    response = ServerProtocol(extensions=enable_server_permessage_deflate(None)).accept(request)
    accepted = response.headers.get("Sec-WebSocket-Accept")
    return accepted.encode() if accepted is not None else None


@pytest.mark.parametrize(
    "headers",
    [
        changed(),
        changed(connection=b"keep-alive, Upgrade", origin=b"https://a.example"),
        changed(upgrade=b"WebSocket", sec_websocket_protocol=b"hoardrun.v1, bearer.a-b_c.d"),
        changed([(b"cookie", b"a=\xff"), (b"cookie", b"b=2")]),
    ],
)
def test_a_usual_handshake_is_accepted_as_the_library_does(headers: Pairs) -> None:
    assert upgrade.read_usual(b"GET", "1.1", headers) == (KEY, b"")
    assert upgrade.accept_key(KEY) == of_library(b"GET", "1.1", headers)


ODD = {
    "no key": changed(sec_websocket_key=None),
    "short key": changed(sec_websocket_key=b"dGhlIHNhbXBsZQ=="),
    "key of other characters": changed(sec_websocket_key=b"dGhlIHNhbXBsZSBub25-ZQ=="),
    "two keys": changed([(b"sec-websocket-key", KEY)]),
    "no version": changed(sec_websocket_version=None),
    "other version": changed(sec_websocket_version=b"8"),
    "two versions": changed([(b"sec-websocket-version", b"13")]),
    "no upgrade": changed(upgrade=None),
    "other upgrade": changed(upgrade=b"h2c"),
    "several upgrades": changed(upgrade=b"websocket, h2c"),
    "no connection": changed(connection=None),
    "other connection": changed(connection=b"close"),
    "two origins": changed([(b"origin", b"a"), (b"origin", b"b")]),
    "no protocol": changed(sec_websocket_protocol=b""),
    "bad protocol": changed(sec_websocket_protocol=b"a b"),
    "no extension": changed(sec_websocket_extensions=b""),
    "the end of a line in a value": changed(cookie=b"a\r\nb"),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_handshake_that_the_library_refuses_is_not_usual(odd: str) -> None:
    assert of_library(b"GET", "1.1", ODD[odd]) is None
    assert upgrade.read_usual(b"GET", "1.1", ODD[odd]) is None


@pytest.mark.parametrize(("method", "version"), [(b"POST", "1.1"), (b"GET", "1.0"), (b"GET", "2")])
def test_another_method_or_version_is_not_usual(method: bytes, version: str) -> None:
    assert of_library(method, version, changed()) is None
    assert upgrade.read_usual(method, version, changed()) is None


def test_an_answer_holds_no_header_with_the_end_of_a_line() -> None:
    with pytest.raises(ValueError, match="end of a line"):
        upgrade.answer(b"x", [(b"a", b"b\r\nc: d")])
