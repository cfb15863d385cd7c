"""Too large input is refused before its parts are checked, and described briefly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework import serializers

from realtime.rest.serializers import MAX_NAMED, StrictSerializer, UserIdInput, WholeNumber


class Looked(serializers.CharField):
    """Counts how often it is looked at."""

    count = 0

    def run_validation(self, *args: Any) -> Any:
        type(self).count += 1
        return super().run_validation(*args)


class Ids(StrictSerializer):
    ids = serializers.ListField(child=Looked(max_length=3), max_length=100)


def refused(data: Any) -> dict[str, Any]:
    given = Ids(data=data)
    assert not given.is_valid()
    return dict(given.errors)


class Chosen(StrictSerializer):
    color = serializers.ChoiceField(["red", "blue"])
    number = serializers.ChoiceField(range(MAX_NAMED + 1))


def test_a_word_that_is_none_of_a_few_is_answered_with_them():
    given = Chosen(data={"color": "green", "number": "x"})
    assert not given.is_valid()
    assert given.errors == {
        "color": ['"green" is not a valid choice. Known are: red, blue.'],
        "number": ['"x" is not a valid choice.'],
    }


def test_a_list_that_is_too_long_is_refused_before_its_children():
    Looked.count = 0
    assert refused({"ids": [""] * 800_000}) == {
        "ids": ["Give no more than 100 elements, not 800000."]
    }
    assert Looked.count == 0


@pytest.mark.parametrize("count", [MAX_NAMED + 1, 200_000])
def test_unknown_names_are_counted_and_few_are_listed(count: int):
    errors = refused({f"k{number}" * 30: 1 for number in range(count)})
    assert len(errors) == MAX_NAMED
    assert str(count) in errors["non_field_errors"][0]
    assert len(json.dumps(errors)) < 3000


def test_a_few_unknown_names_are_all_listed():
    errors = refused({f"k{number}": 1 for number in range(MAX_NAMED)})
    assert errors.keys() == {f"k{number}" for number in range(MAX_NAMED)}
    assert errors["k0"] == ["Unknown field. Known are: ids."]


@pytest.mark.parametrize("field", [WholeNumber(), UserIdInput()])
def test_a_whole_number_is_an_integer_or_plain_digits(field: serializers.Field):
    assert field.run_validation(20) == field.run_validation("20") == 20
    for wrong in (20.0, 2.5, True, "20.0", "2_0", "\u0662\u0660", " 20", "20\n", "", [20]):
        with pytest.raises(serializers.ValidationError):
            field.run_validation(wrong)
