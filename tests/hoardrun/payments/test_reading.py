"""JSON of providers, read strictly."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from hoardrun.payments import reading
from hoardrun.payments.reading import Unreadable, read_object


def test_numbers_stay_as_they_were_written():
    found = read_object(b'{"Amount": 1.00, "At": 20231210133416, "Big": 0.1}')
    assert str(found["Amount"]) == "1.00"
    assert found["At"] == 20231210133416
    assert found["Big"] == Decimal("0.1")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "syntax"),
        (b"<html>403</html>", "syntax"),
        (b'{"a": 1', "syntax"),
        (b"\xff\xfe", "syntax"),
        (b'{"a": "\xe9"}', "syntax"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "syntax"),
        (b"[" * 30_000, "syntax"),
        (b'{"a":' + b"9" * 5000 + b"}", "syntax"),
        (b"[]", "shape"),
        (b"null", "shape"),
        (b'"paid"', "shape"),
        (b'{"a": NaN}', "number"),
        (b'{"a": [-Infinity]}', "number"),
        (b'{"status": "FAILED", "status": "SUCCESSFUL"}', "duplicate"),
        (b'{"x": {"a": 1, "a": 1}}', "duplicate"),
    ],
)
def test_what_is_no_object_as_we_accept_it_is_refused(raw, why):
    with pytest.raises(Unreadable, match=f"^{why}$"):
        read_object(raw)


def test_a_body_has_64_kib_at_most():
    fits = b'{"a":"' + b"x" * (65_536 - 8) + b'"}'
    assert len(read_object(fits)["a"]) == 65_528
    with pytest.raises(Unreadable, match="size"):
        read_object(fits + b" ")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ('"5000"', "5000"),
        ('"12.50"', "12.50"),
        ("5000", "5000"),
        ("1.00", "1.00"),
        ("5e3", "5000"),
        ('"5e3"', None),
        ('" 5000"', None),
        ('"5,000"', None),
        ('"-1"', None),
        ("-1", None),
        ("1e400", None),
        ("true", None),
        ("null", None),
        ('"٥"', None),
        ("{}", None),
    ],
)
def test_an_amount_is_plain_digits_or_a_number(written, amount):
    found = reading.amount(read_object(f'{{"a":{written}}}'.encode())["a"])
    assert found == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("written", ["false", "0.0", '"00"', '" 0"', "null", "[]", "-0.0", '"0 "'])
def test_only_an_exact_0_is_0(written):
    assert reading.code(read_object(f'{{"a":{written}}}'.encode())["a"]) != "0"
    assert reading.code(0) == reading.code("0") == "0"


def test_text_is_text_or_a_whole_number():
    assert reading.text(947354) == "947354"
    assert reading.text("x" * 500) == "x" * 200
    others: list[object] = [None, True, {}, [], Decimal(1)]
    assert [reading.text(value) for value in others] == [""] * 5
    assert reading.text("a\x00b") == "ab"
    assert reading.text("half of \ud83d") == "half of ?"


def test_a_code_that_no_database_stores_is_no_other_code():
    assert reading.code("0\x00") == "0\N{REPLACEMENT CHARACTER}"
    assert reading.code("0\udc00") == "0?"


def test_a_part_that_is_missing_is_empty():
    body = json.loads('{"a": {"b": {"c": 1}}, "d": "text"}')
    assert reading.part(body, "a", "b") == {"c": 1}
    assert reading.part(body, "a", "x", "b") == {}
    assert reading.part(body, "d", "b") == reading.part(body, "d") == {}
