"""Which strings are text."""

from __future__ import annotations

import pytest

from realtime.core.text import MAX_ID, all_text, is_text, row_id, some_of


@pytest.mark.parametrize("text", ["", "plain", "\n\t", "é", "\U0001f4b6", "\ufffd", "\\u0000"])
def test_ordinary_text_is_text(text: str):
    assert is_text(text)
    assert all_text({"a": [{"b": text}], text: None})


@pytest.mark.parametrize("flaw", ["\x00", "a\x00b", "\ud800", "\udfff", "x\udc00y"])
def test_nul_and_lone_surrogates_are_no_text_at_any_place(flaw: str):
    assert not is_text(flaw)
    for value in (flaw, [flaw], {"a": flaw}, {flaw: 1}, {"a": [1, {"b": [None, flaw]}]}):
        assert not all_text(value)


def test_nesting_of_any_depth_is_checked():
    value: list = []
    for _ in range(100_000):
        value = [value]
    assert all_text(value)
    while value:  # Python would free it by recursion
        value = value.pop()


def test_a_sentence_names_the_first_few_and_counts_the_others() -> None:
    assert some_of(["a"]) == "'a'"
    assert some_of(["a", "b", "c"]) == "'a', 'b', 'c'"
    assert some_of(["a", "b", "c", "d", "e"]) == "'a', 'b', 'c' and 2 more"


@pytest.mark.parametrize("value", [1, "17", "017", MAX_ID, str(MAX_ID)])
def test_digits_are_an_id(value: int | str):
    assert row_id(value) == int(value)


@pytest.mark.parametrize("value", ["", "0", "-1", "1.0", " 1", "\u0661", MAX_ID + 1, "1" * 5000])
def test_what_no_row_has_is_zero(value: int | str):
    assert row_id(value) == 0
