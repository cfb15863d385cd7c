"""The texts of refusals, and their fields for programs."""

from __future__ import annotations

from typing import ClassVar

import pytest

from hoardrun.api.problems import describe
from realtime.errors import Conflict, InvalidInput, NotFound, Refused


class OutOfStock(Refused):
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
    class TooLarge(Refused):
        status = 413

    problem = describe(TooLarge("Send less."))
    assert problem is not None
    assert (problem["type"], problem["detail"]) == ("about:blank", "Send less.")
    assert problem["code"] == "too_large"


def test_a_class_that_names_its_code_keeps_it_and_its_subclasses_have_their_own() -> None:
    class Renamed(Conflict):
        code = "older_name"

    class NotThere(NotFound): ...

    assert (Renamed.code, Renamed.status) == ("older_name", 409)
    assert (NotThere.code, NotThere.status, NotFound.code) == ("not_there", 404, "not_found")


def test_a_refusal_about_one_field_names_it() -> None:
    class InvalidColour(Refused):
        field = "colour"
        text = "{!r} is no colour."

    assert InvalidColour("{x}").extra == {"errors": {"colour": ["'{x}' is no colour."]}}


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
