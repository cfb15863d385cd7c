"""Letters and segments of SMS, against another's table and a slow count."""

from __future__ import annotations

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as some

from notifications.channels.sms import gsm

CODEC = gsm0338.Codec()


def theirs(text: str) -> bytes | None:
    """Return the septets of a text by the other table, one a byte; None if it cannot."""
    try:
        found: bytes = CODEC.encode(text)[0]
    except UnicodeEncodeError:
        return None
    return found


def test_the_table_is_that_of_another_for_every_character():
    known = 0
    for code in (*range(0xD800), *range(0xE000, 0x10000)):
        character = chr(code)
        septets = theirs(character)
        if character == "\x1b":
            continue  # the escape is no character of its own
        assert gsm.is_gsm(character) == (septets is not None), hex(code)
        known += septets is not None
        if septets is not None and len(septets) == 1:
            assert gsm.BASIC[septets[0]] == character
        elif septets is not None:
            assert septets == bytes([0x1B, gsm.EXTENDED[character]])
    assert known == 127 + len(gsm.EXTENDED) == 137


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # 76 pairs fill 152 of 153: the 77th is not divided between two segments.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ŋ" * 70, 1),
        ("ŋ" * 71, 2),
        ("ŋ" * 134, 2),
        ("ŋ" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("a" * 69 + "ç", 1),
        ("a" * 70 + "ç", 2),
        ("a" * 70 + "Ç", 1),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, count: int):
    assert gsm.segments(text) == count


LETTERS = some.text(alphabet="aé€[|ŋ😀ç", max_size=400)


@given(LETTERS)
def test_segments_are_those_of_cutting_the_message_up(text: str):
    septets = theirs(text)
    units = septets if septets is not None else text.encode("utf-16-be")
    step = 1 if septets is not None else 2
    alone, part = (160, 153) if septets is not None else (70, 67)
    if len(units) <= alone * step:
        assert gsm.segments(text) == 1
        return
    count, at = 0, 0
    while at < len(units):
        end = min(at + part * step, len(units))
        if end < len(units):
            is_escape = step == 1 and units[end - 1] == 0x1B
            is_pair = step == 2 and 0xD8 <= units[end - 2] <= 0xDB
            end -= step if is_escape or is_pair else 0
        count, at = count + 1, end
    assert gsm.segments(text) == count


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1\u00a0250,50\u202fKES", "1 250,50 KES"),
        ("7:05\u202fPM", "7:05 PM"),
        ("“Mama” ‘Mboga’ «x»", '"Mama" \'Mboga\' "x"'),
        ("a – b — c − d", "a - b - c - d"),
        ("wait…", "wait..."),
        ("cafe\u0301", "café"),  # composed: the table has é as one letter
        ("so\u00adft\u200b", "soft"),
        ("O\u02bcBrien`s", "O'Brien's"),
    ],
)
def test_blanks_quotes_and_dashes_are_replaced(text: str, written: str):
    assert gsm.replace(text) == written
    assert gsm.is_gsm(written)


def test_letters_are_kept_although_they_cost_more():
    name = "Françoise Lœuf, Ŋŋaali"
    assert gsm.replace(name) == name
    assert gsm.strangers(name) == {"ç", "œ", "Ŋ", "ŋ"}
    assert gsm.segments(name * 4) == 2


def test_what_the_reference_says_of_letters():
    assert gsm.is_gsm("éèùìòàÇ")
    assert not any(map(gsm.is_gsm, "çêâîôœ«»’–…\u00a0\u202fŋ"))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", ("GSM-7", 0, 160, 1)),
        ("a€", ("GSM-7", 3, 160, 1)),
        ("a" * 161, ("GSM-7", 161, 306, 2)),
        ("ŋ", ("UCS-2", 1, 70, 1)),
        ("ŋ" * 71, ("UCS-2", 71, 134, 2)),
        ("\U0001f600", ("UCS-2", 2, 70, 1)),
    ],
)
def test_the_size_of_a_message(text: str, size: tuple[str, int, int, int]):
    assert gsm.size(text) == size
