"""The forms with which staff broadcasts from the console."""

from __future__ import annotations

from hoardrun.broadcasts.console import LEFT_OUT
from hoardrun.broadcasts.kinds import KINDS
from realtime.console.forms import staff_forms


def test_choices_stand_in_the_order_in_which_they_are_declared() -> None:
    forms = {form["type"]: form["fields"] for form in staff_forms()}
    severity = forms["announcement"]["severity"]
    assert severity["enum"] == ["info", "maintenance", "service", "emergency"]
    assert forms["notification"]["priority"]["enum"] == ["low", "medium", "high", "urgent"]


def test_each_form_asks_for_what_its_endpoint_takes() -> None:
    """A field more would be refused by the API, a field less could not be sent."""
    offered = {form["type"]: form for form in staff_forms()}
    assert offered.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        fields = kind.serializer().fields
        assert offered[name]["fields"].keys() == fields.keys() - LEFT_OUT
        required = {field for field, about in fields.items() if about.required}
        if name in {"transaction", "balance"}:
            required.add("user_id")  # as a parameter or as a field
        if name == "notification":
            required |= {"title", "message"}  # programs may leave them to the texts of a kind
        assert set(offered[name]["required"]) == required
