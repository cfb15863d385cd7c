"""Which pages may open a socket, checked with real handshakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from realtime.core.origin import MAX_TOLD
from tests.nodes import ALICE, node, token_for
from tests.services import web
from tests.services.handshake import shake, status_of
from tests.services.server import Server

pytestmark = pytest.mark.servers

OWN = "http://127.0.0.1:{port}"
VERDICTS: list[tuple[list[str], bool]] = [
    # our own pages, and those of the settings
    ([OWN], True),
    (["https://app.example.com"], True),
    (["https://app.example.com:8443"], True),
    (["http://localhost:3000"], True),
    (["https://xn--bcher-kva.example"], True),  # as browsers write bücher.example
    (["https://[2001:db8::1]:444"], True),
    (["capacitor://localhost"], True),  # a page within an app
    (["capacitor://localhost/"], False),
    (["tauri://localhost"], False),
    # another port, scheme or host
    (["http://127.0.0.1"], False),
    (["http://127.0.0.1:1"], False),
    (["https://127.0.0.1:{port}"], False),
    (["http://localhost:{port}"], False),  # a name of ours, and yet not where this page came from
    (["http://app.example.com"], False),
    (["https://app.example.com:443"], False),  # no browser writes a default port
    (["https://app.example.com:444"], False),
    (["https://example.com"], False),
    (["https://evil.app.example.com"], False),
    (["https://evil-app.example.com"], False),
    (["https://app.example.com.evil.com"], False),
    (["https://app.example.comevil.com"], False),
    (["https://app-example.com"], False),
    (["wss://app.example.com"], False),
    (["ftp://app.example.com"], False),
    # other ways to write it
    (["https://APP.example.com"], False),
    (["HTTPS://app.example.com"], False),
    (["https://app.example.com/"], False),
    (["https://app.example.com/ws"], False),
    (["https://app.example.com."], False),
    (["https://user@app.example.com"], False),
    (["https://app.example.com@evil.com"], False),
    (["https://app.example.com#evil.com"], False),
    (["https://bücher.example"], False),
    (["app.example.com"], False),
    (["//app.example.com"], False),
    (["null"], False),
    (["file://"], False),
    (["*"], False),
    ([""], False),
    (["https://app.example.com https://evil.com"], False),
    (["https://app.example.com, https://evil.com"], False),
    # more than one, even of the same
    (["https://app.example.com", "https://evil.com"], False),
    (["https://app.example.com", "https://app.example.com"], False),
]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    with node(
        WS_ALLOWED_ORIGINS="https://app.example.com, https://app.example.com:8443,"
        "http://localhost:3000,https://bücher.example,https://[2001:DB8::1]:444,capacitor://localhost"
    ) as server:
        yield server


@pytest.mark.parametrize(("origins", "welcome"), VERDICTS)
@pytest.mark.parametrize("has_token", [True, False])
async def test_an_origin_must_match_exactly_with_a_token_and_without(
    guarded: Server, origins: list[str], welcome: bool, has_token: bool
) -> None:
    headers = [("Origin", origin.format(port=guarded.port)) for origin in origins]
    if has_token:
        headers.append(("Authorization", f"Bearer {token_for(ALICE)}"))
    # More than one is no handshake at all (RFC 6455, 4.2.1).
    refused = 400 if len(origins) > 1 else 403
    assert await status_of(guarded, *headers) == (101 if welcome else refused)


@pytest.mark.parametrize(
    ("path", "headers", "welcome"),
    [
        ("", [("Authorization", "Bearer {token}")], True),
        ("", [("Sec-WebSocket-Protocol", "hoardrun.v1, bearer.{token}")], True),
        ("?ticket=any", [], True),
        ("?token={token}", [], True),
        ("", [], False),
        ("", [("Cookie", "sessionid=abc; token={token}")], False),
        ("?device=phone", [], False),
    ],
)
async def test_a_handshake_without_an_origin_needs_a_credential(
    guarded: Server, path: str, headers: list[tuple[str, str]], welcome: bool
) -> None:
    token = token_for(ALICE)
    written = [(name, value.format(token=token)) for name, value in headers]
    path = "/ws/notifications" + path.format(token=token)
    assert await status_of(guarded, *written, path=path) == (101 if welcome else 403)


async def test_a_page_of_another_host_that_resolves_to_this_server_is_refused(
    guarded: Server,
) -> None:
    rebound = f"evil.example:{guarded.port}"  # whose name now leads to this server
    assert await status_of(guarded, ("Origin", f"http://{rebound}"), host=rebound) == 403


@pytest.mark.parametrize("port", ["1" * 5000, "1" * 6, "0", ""])
async def test_an_invalid_port_is_refused(guarded: Server, port: str) -> None:
    origin = ("Origin", f"http://127.0.0.1:{port}")
    assert await status_of(guarded, origin, host=f"127.0.0.1:{port}") == 403
    assert "Traceback" not in guarded.log()


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        ("/ws/notifications", [("Origin", "https://a.example")], 403, "Pages of this origin may"),
        ("/ws/notifications", [], 403, "There is neither a credential nor an Origin"),
        ("/ws/nothing", [("Origin", "https://a.example")], 404, "There is no socket here"),
        ("/", [], 404, "There is no socket here"),
    ],
)
async def test_a_refusal_says_why(
    guarded: Server, path: str, headers: list[tuple[str, str]], status: int, reason: str
) -> None:
    found, _, text = await shake(guarded.port, path, headers)
    assert found == status
    assert reason in text


async def test_a_refused_page_is_logged_once() -> None:
    with node() as server:
        long = "https://" + "a" * 5000 + ".example"
        for page in ["https://mine.example"] * 3 + ["https://\x1b[2J", long, long + "b"]:
            assert await status_of(server, ("Origin", page)) in {400, 403}
        for number in range(50):
            await status_of(server, ("Origin", f"https://{number}.example"))
        told = [line for line in server.log().splitlines() if "refused a page" in line]
        assert [line for line in told if "mine" in line] == [told[0]]
        assert "refused a page from 'https://mine.example'; add it to WS_ALLOWED" in told[0]
        assert 2 <= len(told) <= MAX_TOLD
        assert all(len(line) < 300 and line.isprintable() for line in told)


LOCAL_PAGES = [
    ("http://localhost:5173", True),
    ("http://localhost", True),
    ("https://127.0.0.1:1", True),
    ("http://[::1]:8080", True),
    ("http://localhost.evil.example:5173", False),
    ("http://evil.example#localhost", False),
    ("http://localhost:5173/", False),
    ("http://localhost:", False),
    ("http://user@localhost:1", False),
    ("http://127.0.0.1.example", False),
    ("http://127x0x0x1", False),
    ("file://localhost", False),
    ("null", False),
]


async def test_debug_allows_pages_of_this_machine_from_any_port() -> None:
    with node(DEBUG="1") as server:
        for page, welcome in LOCAL_PAGES:
            assert await status_of(server, ("Origin", page)) == (101 if welcome else 403), page
            answer = web.request("GET", f"{server.url}/api/v1/auth/me", headers={"Origin": page})
            assert (answer.headers.get("access-control-allow-origin") == page) is welcome, page


async def test_production_allows_no_page_of_this_machine(guarded: Server) -> None:
    page = "http://localhost:5173"
    assert await status_of(guarded, ("Origin", page)) == 403
    answer = web.request("GET", f"{guarded.url}/api/v1/auth/me", headers={"Origin": page})
    assert "access-control-allow-origin" not in answer.headers


async def test_behind_a_proxy_the_scheme_is_that_of_its_header() -> None:
    env = {"BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": "app.example.com,127.0.0.1"}
    with Server(env=env) as server:
        for told, origin, status in [
            ("https", "https://app.example.com", 101),
            ("http", "https://app.example.com", 403),
            ("https", "http://app.example.com", 403),
        ]:
            headers = [("Origin", origin), ("X-Forwarded-Proto", told)]
            found, *_ = await shake(server.port, headers=headers, host="app.example.com")
            assert found == status, (told, origin)
