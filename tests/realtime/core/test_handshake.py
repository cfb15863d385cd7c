"""The query of a handshake."""

from __future__ import annotations

import pytest

from realtime.core.handshake import MAX_PARAMETERS, PARAMETERS, parse_query


def test_every_parameter_may_be_given_once() -> None:
    given = dict.fromkeys(PARAMETERS, "1") | {"device_class": "phone"}
    pairs, flaw = parse_query("&".join(f"{name}={value}" for name, value in given.items()).encode())
    assert dict(pairs) == given
    assert flaw is None


def test_blank_values_are_kept() -> None:
    assert parse_query(b"token=&since=") == ([("token", ""), ("since", "")], None)
    assert parse_query(b"") == ([], None)
    assert parse_query(b"&token&&") == ([("token", "")], None)
    assert parse_query(b"token=a=b&device=a+b%20c") == (
        [("token", "a=b"), ("device", "a b c")],
        None,
    )


@pytest.mark.parametrize(
    ("query", "about"),
    [
        (
            b"sinse=user:1",
            "'sinse'. Known are: device, device_class, epoch, since, ticket, token, types.",
        ),
        (b"Since=user:1", "unknown parameter 'Since'"),
        (b"=1", "unknown parameter ''"),
        (b"%00=1", "unknown parameter '\\x00'"),
        (b"since=user:1&since=user:2", "`since` 2 times"),
        (b"token=a&device=b&token=a", "`token` 2 times"),
        (b"device=a%00", "`device` holds what is not text"),
        (b"since=\x00", "`since` holds what is not text"),
        (b"device=" + b"x" * 65, "`device` holds at most 64 printable"),
        (b"device_class=tablet", "`device_class` is one of: phone, desktop, service."),
        (b"device=a%09b", "`device` holds at most 64 printable"),
    ],
)
def test_an_error_says_what_is_wrong(query: bytes, about: str) -> None:
    _, flaw = parse_query(query)
    assert flaw is not None and about in flaw


def test_an_invalid_credential_is_left_to_the_login() -> None:
    assert parse_query(b"token=a%00")[1] is None
    assert parse_query(b"ticket=%00")[1] is None


def test_invalid_bytes_are_replaced() -> None:
    assert parse_query(b"device=%ff%ed%a0%80")[0] == [("device", "\ufffd" * 4)]


def test_a_query_with_too_many_parameters_is_not_read() -> None:
    pairs, flaw = parse_query(b"&".join([b"a=1"] * (MAX_PARAMETERS + 1)))
    assert pairs == []
    assert flaw is not None and str(MAX_PARAMETERS) in flaw
    _, flaw = parse_query(b"x" * 10_000 + b"=1")
    assert flaw is not None and len(flaw) < 300
