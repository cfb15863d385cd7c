"""The shape of an older API: what it shows, and what a change of it does to the rest."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.models import Consent
from notifications.preferences import former
from notifications.preferences.selectors import consents_granted, preferences_get
from notifications.preferences.services import Origin, preferences_change, preferences_take_former
from realtime.errors import InvalidInput

BY = Origin("user:1", "api")
DEFAULTS = {
    **dict.fromkeys(former.TYPES, True),
    "marketing": False,
    "push": True,
    "sms": True,
    "email": True,
    "quiet_hours_start": None,
    "quiet_hours_end": None,
    "timezone": None,
}
NIGHT = {"quiet_hours_start": "22:00", "quiet_hours_end": "07:00", "timezone": "Africa/Kampala"}


def shown(user: User) -> dict[str, Any]:
    return former.shown(preferences_get(user.pk), consents_granted(user.pk))


def take(user: User, **wanted: Any) -> dict[str, Any]:
    preferences_take_former(user_id=user.pk, wanted=wanted, by=BY)
    return shown(user)


def test_marketing_alone_is_off_for_a_new_user(alice):
    assert shown(alice) == DEFAULTS


@pytest.mark.parametrize("name", [*former.TYPES, "push", "sms", "email"])
def test_each_switch_goes_off_and_on_and_moves_no_other(alice, name: str):
    other = not DEFAULTS[name]
    assert take(alice, **{name: other}) == {**DEFAULTS, name: other}
    assert take(alice, **{name: DEFAULTS[name]}) == DEFAULTS
    assert preferences_get(alice.pk).cells == {}


def test_the_whole_is_taken_at_once(alice):
    wanted = {**DEFAULTS, **NIGHT, "savings": False, "sms": False}
    assert take(alice, **wanted) == wanted
    assert preferences_get(alice.pk).quiet[0].days == 127


def test_what_it_does_not_show_stays(alice):
    week_end = {"start": "20:00", "end": "10:00", "days": 96}
    preferences_change(
        user_id=alice.pk,
        changes={"quiet": [week_end, {"start": "23:00", "end": "06:00"}], "zone": "UTC"}
        | {"cells": {"category:savings": {"push": False}}},
        by=BY,
    )
    now = shown(alice)
    assert (now["quiet_hours_start"], now["savings"]) == ("20:00", True)
    take(alice, **{**now, "email": False})
    found = preferences_get(alice.pk)
    assert [window.days for window in found.quiet] == [96, 127]
    assert found.cells["category:savings"] == {"push": False}


def test_marketing_is_a_consent_that_says_where_it_was_given(alice):
    take(alice, marketing=True)
    assert {channel for channel, _ in consents_granted(alice.pk)} == {"push", "sms", "email"}
    assert {row.wording for row in Consent.objects.all()} == {
        "The switch `marketing` of the settings form."
    }
    assert take(alice, marketing=False)["marketing"] is False
    assert consents_granted(alice.pk) == frozenset()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"quiet_hours_start": "22:00"}, "quiet_hours_end"),
        ({**NIGHT, "quiet_hours_end": "22:00"}, "quiet_hours_end"),
        ({**NIGHT, "timezone": None}, "timezone"),
        ({"timezone": "Nowhere"}, "timezone"),
    ],
)
def test_what_is_wrong_is_called_by_the_names_of_the_older_api(alice, wanted: Any, field: str):
    with pytest.raises(InvalidInput) as refused:
        take(alice, **wanted)
    assert list(refused.value.errors) == [field]
    assert shown(alice) == DEFAULTS
