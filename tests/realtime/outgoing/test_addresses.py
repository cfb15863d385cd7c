"""No URL leads inside: not by its text, and not by what its host resolves to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from realtime.outgoing.addresses import Parts, Rules, UnsafeAddress, check, is_public, resolve

PUBLIC = Rules()
LOCAL = Rules(loopback=True)
PUSH = Rules(hosts=("push.example.com", "notify.example.net"))

REFUSED = [
    # Schemes, and what is no URL.
    "", "https://", "https:///path", "example.com", "//example.com/", "http://example.com/",
    "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)",
    "https://exa mple.com/", "https://example.com/\n", "https://example.com\\@evil.example/",
    "https://example.com/\x00", "https://exämple.com/", "https://例え.jp/",
    # A user, a fragment, a port.
    "https://user@example.com/", "https://user:secret@example.com/", "https://@example.com/",
    "https://example.com@127.0.0.1/", "https://example.com/#part", "https://example.com:80/",
    "https://example.com:8443/", "https://example.com:0/", "https://example.com:65536/",
    "https://example.com:x/",
    # IPv4 inside, or of nobody.
    "https://127.0.0.1/", "https://127.255.255.254/", "https://0.0.0.0/", "https://10.0.0.1/",
    "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.255/",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/",
    "https://192.0.2.1/", "https://198.18.0.1/", "https://198.51.100.7/", "https://203.0.113.9/",
    "https://224.0.0.1/", "https://240.0.0.1/", "https://255.255.255.255/", "https://192.0.0.8/",
    # IPv4 as some programs read it.
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/",
    "https://127.1/", "https://127.0.1/", "https://017700000001/", "https://127.0.0.1./",
    "https://1.1.1.1.1/", "https://1/",
    # IPv6.
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:10.0.0.1]/",
    "https://[::127.0.0.1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/", "https://[fd12:3456::1]/", "https://[ff02::1]/",
    "https://[2001:db8::1]/", "https://[2002:7f00:1::1]/", "https://[2001::7f00:1]/",
    "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/", "https://[::1/", "https://[1]/",
    # Names inside.
    "https://localhost/", "https://LOCALHOST/", "https://a.localhost/", "https://printer.local/",
    "https://metadata.google.internal/", "https://db.internal/", "https://router.home.arpa/",
    "https://intranet/", "https://example.com./", "https://localhost./", "https://-a.example.com/",
    "https://a..example.com/", "https://example.com%2f@127.0.0.1/", "https://%31%32%37.0.0.1/",
    f"https://example.com/{'x' * 1000}", f"https://{'a' * 64}.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_what_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(UnsafeAddress) as refused:
        check(url, PUBLIC, field="endpoint")
    assert refused.value.errors.keys() == {"endpoint"}
    assert not url or url not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com", Parts("https", "example.com", 443, "/")),
        ("https://EXAMPLE.com:443/A?b=C", Parts("https", "example.com", 443, "/A?b=C")),
        ("https://xn--r8jz45g.jp/x", Parts("https", "xn--r8jz45g.jp", 443, "/x")),
        ("https://1.1.1.1/", Parts("https", "1.1.1.1", 443, "/")),
        ("https://[2606:4700::1111]/", Parts("https", "2606:4700::1111", 443, "/")),
        ("https://[64:ff9b::101:101]/", Parts("https", "64:ff9b::101:101", 443, "/")),
    ],
)
def test_what_is_public_is_taken_apart(url: str, parts: Parts) -> None:
    assert check(url, PUBLIC) == parts


@pytest.mark.parametrize(
    ("url", "is_known"),
    [
        ("https://push.example.com/x", True),
        ("https://a.b.notify.example.net/x", True),
        ("https://evilpush.example.com/x", False),
        ("https://push.example.com.evil.net/x", False),
        ("https://example.com/x", False),
        ("https://1.1.1.1/x", False),
    ],
)
def test_a_list_of_hosts_takes_them_and_what_is_below(url: str, is_known: bool) -> None:
    if is_known:
        assert check(url, PUSH).target == "/x"
    else:
        with pytest.raises(UnsafeAddress):
            check(url, PUSH)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:9", "[::1]:70"])
def test_this_machine_is_for_development(host: str) -> None:
    for scheme in ("http", "https"):
        assert check(f"{scheme}://{host}/x", LOCAL).target == "/x"
    with pytest.raises(UnsafeAddress):
        check("http://example.com/x", LOCAL)
    with pytest.raises(UnsafeAddress):
        check("https://10.0.0.1/x", LOCAL)


def test_the_rules_of_a_deployment_follow_debug(settings: Any) -> None:
    with pytest.raises(UnsafeAddress):
        check("http://127.0.0.1:8000/")
    settings.DEBUG = True
    assert check("http://127.0.0.1:8000/").port == 8000


def test_names_are_resolved_and_every_address_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []

    def answer(host: str, port: int, **kind: Any) -> Sequence[Any]:
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    found[:] = ["1.1.1.1", "2606:4700::1111", "1.1.1.1"]
    assert resolve("example.com", 443, PUBLIC, 20) == ["1.1.1.1", "2606:4700::1111"]
    for inside in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1%2"):
        found[:] = ["1.1.1.1", inside]
        with pytest.raises(UnsafeAddress):
            resolve("example.com", 443, PUBLIC, 20)


def test_an_address_needs_no_dns_and_is_checked_too() -> None:
    assert resolve("1.1.1.1", 443, PUBLIC, 0.1) == ["1.1.1.1"]
    assert resolve("127.0.0.1", 443, LOCAL, 0.1) == ["127.0.0.1"]
    with pytest.raises(UnsafeAddress):
        resolve("127.0.0.1", 443, PUBLIC, 0.1)


def test_a_dns_that_hangs_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        resolve("example.com", 443, PUBLIC, 0.05)
    assert time.monotonic() - began < 30
    released.set()


def test_a_name_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match="no such name"):
        resolve("nowhere.example", 443, PUBLIC, 20)


def test_public_addresses_are_told_from_others_at_the_borders() -> None:
    for inside, outside in [
        ("9.255.255.255", "10.0.0.0"), ("11.0.0.0", "10.255.255.255"),
        ("172.15.255.255", "172.16.0.0"), ("172.32.0.0", "172.31.255.255"),
        ("100.63.255.255", "100.64.0.0"), ("223.255.255.255", "224.0.0.0"),
        ("2000::1", "1fff::1"), ("2003::1", "2002::1"),
    ]:  # fmt: skip
        assert is_public(inside)
        assert not is_public(outside)
