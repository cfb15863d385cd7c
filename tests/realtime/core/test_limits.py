"""Limits count text by its bytes, clients by their networks, and messages by buckets."""

from __future__ import annotations

import pytest

from realtime.core.limits import Buckets, network_of, utf8_size


@pytest.mark.parametrize("text", ["", "abc", "é", "€uro", "🙂" * 3, "a\ud800"])
def test_the_size_of_a_text_is_that_on_the_wire(text: str) -> None:
    assert utf8_size(text) == len(text.encode(errors="surrogatepass"))


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_address_is_counted_as_the_network_of_one_customer(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_full_buckets_are_not_kept() -> None:
    buckets = Buckets(rate=1, burst=2)
    for second in range(100):
        for number in range(100):
            assert buckets.take((second, number), float(second))
    assert len(buckets) < 3000


def test_a_bucket_is_kept_until_it_is_full() -> None:
    buckets = Buckets(rate=0.001, burst=1)
    assert buckets.take("me", 0.0)
    for number in range(5000):
        buckets.take(number, 1.0)
    assert not buckets.take("me", 2.0)
