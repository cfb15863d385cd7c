"""The small language of texts."""

from __future__ import annotations

import pytest

from notifications.texts.template import fill, names, parse, words

VALUES = {"amount": "KES 5", "party": "Acme", "reason": "", "way": "out"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Plain, with 100 %", "Plain, with 100 %"),
        ("You paid {amount}.", "You paid KES 5."),
        ("Paid{#party} to {party}{/party}.", "Paid to Acme."),
        ("Failed{#reason}: {reason}{/reason}.", "Failed."),
        ("Failed{^reason} without a reason{/reason}.", "Failed without a reason."),
        ("{#way=out}To{/way}{#way=in}From{/way} {party}", "To Acme"),
        ("{^way=in}not in{/way}", "not in"),
        ("{#party}{#reason}both{/reason}one{/party}", "one"),
        ("{#party}a{/party}\n{#party}b{/party}", "a\nb"),
    ],
)
def test_it_fills_values_and_sections_in(text: str, filled: str):
    assert fill(parse(text), VALUES) == filled


def test_a_value_is_never_read_as_a_text():
    assert fill(parse("{party}"), {"party": "{amount} {#x}"}) == "{amount} {#x}"


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(KeyError, match="nobody"):
        fill(parse("{nobody}"), VALUES)


def test_it_lists_what_a_text_uses():
    template = parse("{amount}{#party=Acme}{^reason}{way}{/reason}{/party}")
    assert set(names(template)) == {"amount", "party", "reason", "way"}
    assert list(words(template)) == [("party", "Acme")]


@pytest.mark.parametrize(
    "text", ["{", "a } b", "{#party}open", "{/party}", "{#party}a{/reason}", "{two words}", "{}"]
)
def test_it_refuses_braces_that_are_nothing(text: str):
    with pytest.raises(ValueError, match="a brace stands alone"):
        parse(text)
