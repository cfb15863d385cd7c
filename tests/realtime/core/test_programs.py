"""Programs of clients have names that people know."""

from __future__ import annotations

import pytest

from realtime.core.programs import MAX_LENGTH, cleaned, name_of

LINUX = "Mozilla/5.0 (X11; Linux x86_64"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{LINUX}; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (f"{LINUX}) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome, Linux"),
        (f"{MAC} AppleWebKit/605.1 (KHTML, like Gecko) Version/18.1 Safari/605.1", "Safari, Mac"),
        (f"{MAC} {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Mac"),
        (f"{PHONE} (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        (f"{PHONE} (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; SM-A165F) Chrome/140.0 Mobile", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Windows"),
        ("Mozilla/5.0", ""),
        ("hoardrun-python/0.2.0", "hoardrun-python"),
        ("okhttp/4.12.0", "okhttp"),
        ("curl", "curl"),
        ("", ""),
        ("(nothing)", ""),
    ],
)
def test_a_program_is_named(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name


def test_what_is_kept_is_short_and_printable() -> None:
    assert cleaned("x" * 1000) == "x" * MAX_LENGTH
    assert cleaned("a\x1b[31mb\r\n") == "a[31mb"
