"""Origins of the settings, those of pages and of apps, and invalid ones."""

from __future__ import annotations

import pytest

from realtime.core.origin import Told, allowed, is_allowed, parse_allowed

APPS = [
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "app://-",
    "app://obsidian.md",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://5d6b8a3e-1c2d-4e3f-8a9b-0c1d2e3f4a5b",
    "safari-web-extension://E3449EA7-10F3-4C1B-9D7C-52C3B2B7C3E1",
    "com.example.app://localhost:3000",
]


@pytest.mark.parametrize("text", APPS)
def test_the_origin_of_an_app_must_match_exactly(text: str) -> None:
    assert parse_allowed(text) == text
    among = allowed((text, "https://app.example.com"))

    def may(origin: str) -> bool:
        return is_allowed([origin.encode()], allowed=among, own=None, has_credential=True)

    assert may(text)
    for other in (
        text + "/",
        text + ".",
        text + ":1",
        text.swapcase(),
        text[:-1],
        f" {text}",
        "null",
    ):
        assert not may(other), other


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "*",
        "https://*.example.com",
        "https://app.example.com/ws",
        "https://user@app.example.com",
        "https://",
        "https://app.example.com:port",
        "app.example.com",
        "capacitor:",
        "capacitor://",
        "capacitor:localhost",
        "capacitor://*",
        "capacitor://localhost/",
        "capacitor://localhost/index.html",
        "capacitor://localhost?a",
        "capacitor://localhost#a",
        "capacitor://user@localhost",
        "capacitor://localhost:0",
        "capacitor://localhost:123456",
        "capacitor://local host",
        "capacitor://localhöst",
        "capacitor://localhost\n",
        "Capacitor://localhost",
        "1app://localhost",
        "chrome-extension://*",
        "file://",
        "file:///home",
        "FILE://x",
        "data://x",
        "blob://x",
        "javascript://x",
        "about://blank",
        "ws://app.example.com",
        "wss://app.example.com",
        "ftp://example.com",
    ],
)
def test_a_setting_that_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no origin; write it as|value as 'port'"):
        parse_allowed(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("HTTPS://app.example.com:443/", "https://app.example.com"),
        ("http://localhost", "http://localhost"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_the_origin_of_a_page_is_read_as_browsers_write_it(text: str, read: str) -> None:
    assert parse_allowed(text) == read


def test_a_refused_page_is_logged_again_after_a_minute() -> None:
    told = Told()
    assert told.tell(b"https://a.example", 0.0) == "'https://a.example'"
    assert told.tell(b"https://a.example", 59.0) is None
    assert told.tell(b"https://a.example", 61.0) is not None
    assert told.tell(b"https://a\nb\xff", 61.0) == r"'https://a\nb\xff'"
