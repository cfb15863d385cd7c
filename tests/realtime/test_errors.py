"""The texts of refusals, and their fields for programs."""

from __future__ import annotations

from typing import ClassVar

import pytest

from hoardrun.api.problems import describe
from realtime.errors import InvalidInput, Refused


class OutOfStock(Refused):
    code = "out_of_stock"
    status = 409
    title = "Out of stock"
    text: ClassVar[str] = "There is no {}; {left} of another kind are left."


def test_positional_values_fill_the_text_and_named_ones_are_fields() -> None:
    assert describe(OutOfStock("{chair}", left=3)) == {
        "left": 3,
        "type": "urn:problem-type:hoardrun:out_of_stock",
        "title": "Out of stock",
        "status": 409,
        "detail": "There is no {chair}; 3 of another kind are left.",
        "code": "out_of_stock",
    }


def test_a_refusal_without_a_title_has_the_title_of_its_status() -> None:
    class TooBig(Refused):
        code = "too_large"
        status = 413

    problem = describe(TooBig("Send less."))
    assert problem is not None
    assert (problem["type"], problem["detail"]) == ("about:blank", "Send less.")


@pytest.mark.parametrize(
    ("refused", "text", "errors"),
    [
        (InvalidInput("name", "is {empty}"), "name: is {empty}", {"name": ["is {empty}"]}),
        (
            InvalidInput(field=["is long", "is odd"], reason=["is no text"]),
            "field: is long is odd reason: is no text",
            {"field": ["is long", "is odd"], "reason": ["is no text"]},
        ),
    ],
)
def test_invalid_input_names_each_field(refused: InvalidInput, text: str, errors: object) -> None:
    assert (str(refused), refused.errors, refused.extra) == (text, errors, {"errors": errors})
