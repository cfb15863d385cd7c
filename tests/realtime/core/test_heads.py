"""Which headers can be parsed without an error, with any bytes."""

from __future__ import annotations

from random import Random

import pytest
from django.utils.http import parse_header_parameters

from realtime.core.heads import flaw


@pytest.mark.parametrize(
    "value",
    [
        b"a/b;x*=nope''y",
        b"a/b;x*=idna''%ff",
        b"a/b; x*=utf-8''a; x*0=b",
        b"a/b;\nx*0*=punycode''%ff",
    ],
)
def test_a_content_type_with_an_encoded_parameter_is_refused(value: bytes) -> None:
    assert flaw([(b"content-type", value)]).startswith("Content-Type:")


@pytest.mark.parametrize("value", [b"a/b;x*=nope''y", b"a/*, a/b;q=1; x*=idna''%ff, */*"])
def test_an_accept_with_an_encoded_parameter_is_refused(value: bytes) -> None:
    assert flaw([(b"accept", value)]).startswith("Accept:")


@pytest.mark.parametrize("charset", [b"latin-1", b"nope", b'"utf-7"', b"utf-16", b"utf-8x", b""])
def test_a_charset_is_refused_before_python_looks_it_up(charset: bytes) -> None:
    for text in (b"a/b;charset=%s", b"a/b; x=y; Charset = %s ; z=1"):
        assert flaw([(b"content-type", text % charset)]) == "Content-Type: Send text in UTF-8."


def test_two_content_types_are_refused() -> None:
    assert flaw([(b"content-type", b"a/b"), (b"content-type", b"a/b")])


def test_a_query_that_is_not_utf_8_is_refused() -> None:
    assert flaw([], b"a=\xff").startswith("Query:")
    assert flaw([], "a=é".encode()) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"accept", b"text/html, text/*;q=0.9, image/avif;q=0.8, */*;q=0.7"),
        (b"accept", b"application/json; indent=4"),
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-type", b'application/json;charset="UTF-8"'),
        (b"content-type", b"application/json;"),
        (b"content-type", b"text/plain; charset=us-ascii; format=flowed"),
        (b"content-type", b"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
        (b"content-type", b"nonsense"),
        (b"content-type", b""),
    ],
)
def test_headers_of_real_clients_are_accepted(name: bytes, value: bytes) -> None:
    assert flaw([(name, value)]) == ""


@pytest.mark.parametrize("name", [b"content-type", b"accept"])
def test_no_accepted_header_makes_the_parser_raise(name: bytes) -> None:
    random, passed = Random(7), 0
    parts = [b"a/b", b";", b"x", b"*", b"0", b"=", b'"', b"\\", b"'", b"nope", b"%ff", b",", b" "]
    for _ in range(20_000):
        value = b"".join(random.choices(parts, k=random.randint(0, 12)))
        if flaw([(name, value)]):
            continue
        passed += 1
        for token in value.decode("latin-1").split(",") if name == b"accept" else [value.decode()]:
            parse_header_parameters(token)
    assert passed > 1000
