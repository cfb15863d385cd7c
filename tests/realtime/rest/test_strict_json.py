"""Strict JSON: no repeated names, and numbers that a double holds."""

from __future__ import annotations

import pytest

from realtime.rest import strict_json


def test_json_is_read():
    assert strict_json.loads(b'{"a": [1, 2.5, "x", null, true, {"a": {}}]}') == {
        "a": [1, 2.5, "x", None, True, {"a": {}}]
    }


@pytest.mark.parametrize(
    "number", ["0.1", "0.10", "-0.0", "1e3", "1E-7", "12.50", "5e-324", "0.30000000000000004"]
    + ["0.1000000000000000055511151231257827021181583404541015625", "1.7976931348623157e308"]
)  # fmt: skip
def test_a_number_that_a_double_holds_is_read(number: str):
    assert strict_json.loads(number.encode()) == float(number)


def test_a_byte_order_mark_is_ignored():
    assert strict_json.loads(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(strict_json.Unreadable, match="UTF-8"):
        strict_json.loads(b"\xff\xfe{\x00}\x00")


@pytest.mark.parametrize(
    ("body", "about"),
    [
        (b'{"amount": "1", "amount": "1000"}', "'amount' is given twice"),
        (b'{"a": {"b": 1, "c": 2, "b": 1}}', "'b' is given twice"),
        (b'[{"a": 1}, {"a": 1, "\\u0061": 2}]', "'a' is given twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "given twice"),
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b"9" * 5000, "too many digits"),
        *(
            (number, "cannot be kept exactly")
            for number in (
                b"1e400",
                b"-1E400",
                b"1e-400",
                b"1e999999999",
                b"1e" + b"9" * 30,
                b"1e-" + b"9" * 30,
                b"0e" + b"9" * 30,
                b"0.12345678901234567890",
                b"9007199254740993.0",
                b"0." + b"3" * 60_000,
            )
        ),
        (b"[" * 100_000, "nested too deeply"),
    ],
    ids=lambda value: str(value[:30]),
)
def test_an_error_says_what_is_wrong(body: bytes, about: str):
    with pytest.raises(strict_json.Unreadable, match=about) as caught:
        strict_json.loads(body)
    assert len(str(caught.value)) < 200


def test_an_error_shows_the_beginning_of_a_long_name_only():
    name = b'"' + b"x" * 10_000 + b'"'
    with pytest.raises(strict_json.Unreadable) as caught:
        strict_json.loads(b"{%s: 1, %s: 2}" % (name, name))
    assert len(str(caught.value)) < 200
