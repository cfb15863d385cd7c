"""What may be chosen, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from notifications.preferences import values
from realtime.errors import InvalidInput

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NIGHT = {"start": "22:00", "end": "07:00"}


def test_switches_are_merged_by_name_and_null_takes_one_back():
    chosen = values.merged({}, {"category:savings": {"push": False, "email": False}})
    chosen = values.merged(chosen, {"category:savings": {"push": None}, "all": {"sms": False}})
    assert chosen == {"all": {"sms": False}, "category:savings": {"email": False}}
    assert values.merged(chosen, {"all": {"sms": None}}) == {"category:savings": {"email": False}}


def test_a_required_cell_can_be_switched_on_and_not_off():
    assert values.merged({}, {"kind:security.general": {"sms": True}})
    with pytest.raises(InvalidInput, match="it stays on"):
        values.merged({}, {"kind:security.general": {"sms": False}})
    assert values.merged({}, {"category:security": {"sms": False}})  # which changes nothing there


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ({"kind:no.such": {"push": False}}, "cells.kind:no.such"),
        ({"category:none": {"push": False}}, "cells.category:none"),
        ({"everything": {"push": False}}, "cells.everything"),
        ({"all": {"fax": False}}, "cells.all.fax"),
        ({"all": {"in_app": False}}, "cells.all.in_app"),
        ({"all": {"push": 0}}, "cells.all.push"),
        ({"all": {"push": "no"}}, "cells.all.push"),
        ({"all": False}, "cells.all"),
        ({"kind:savings.general": {"sms": True}}, "cells.kind:savings.general.sms"),
        ([], "cells"),
    ],
)
def test_it_refuses_switches_of_what_there_is_not(cells: Any, name: str):
    with pytest.raises(InvalidInput) as refused:
        values.merged({}, cells)
    assert list(refused.value.errors) == [name]


@pytest.mark.reported(number=1)
def test_quiet_hours_stay_local_and_are_for_every_day_unless_said():
    week_end = {**NIGHT, "days": 96}
    assert values.windows([NIGHT, week_end]) == [{**NIGHT, "days": 127}, week_end]


@pytest.mark.parametrize(
    "window",
    [
        {"start": "22:00", "end": "22:00"},
        {"start": "24:00", "end": "07:00"},
        {"start": "9:00", "end": "07:00"},
        {"start": "22:00:00", "end": "07:00"},
        {"start": "22:00\n", "end": "07:00"},
        {"start": 22, "end": 7},
        {"start": "22:00"},
        {**NIGHT, "days": 0},
        {**NIGHT, "days": 128},
        {**NIGHT, "days": True},
        {**NIGHT, "zone": "UTC"},
        "22:00",
    ],
)
def test_it_refuses_quiet_hours_that_are_none(window: Any):
    with pytest.raises(InvalidInput):
        values.windows([window])


def test_it_refuses_too_many_windows():
    assert values.windows([NIGHT] * values.MAX_WINDOWS)
    with pytest.raises(InvalidInput):
        values.windows([NIGHT] * (values.MAX_WINDOWS + 1))


def test_only_what_can_wait_goes_into_a_digest():
    assert values.digests({}, {"savings": "weekly"}) == {"savings": "weekly"}
    assert values.digests({"savings": "weekly"}, {"savings": None}) == {}
    refused: list[Any] = [{"security": "daily"}, {"none": "daily"}, {"savings": "hourly"}, []]
    for wrong in refused:
        with pytest.raises(InvalidInput):
            values.digests({}, wrong)


REFUSED: dict[Callable[[Any], object], list[Any]] = {
    values.zone: ["Nairobi", "EST5EDT", "+03:00", "localtime", "Africa/Nairobi ", "../UTC", 3],
    values.locale: ["klingon", "xx", "en_UG", "sw-", "\0", "e" * 20, 7],
    values.language: ["klingon", "de", "de-DE", 7],
}


@pytest.mark.parametrize(
    ("check", "value"), [(check, value) for check, all_ in REFUSED.items() for value in all_]
)
def test_it_refuses_unknown_zones_and_languages(check: Callable[[Any], object], value: Any):
    with pytest.raises(InvalidInput):
        check(value)


def test_it_takes_zones_and_languages():
    assert [values.zone(zone) for zone in ("Africa/Kampala", "UTC", "", None)] == [
        "Africa/Kampala", "UTC", "", "",
    ]  # fmt: skip
    taken = {"sw": "sw", "lg-UG": "lg-UG", "en-ug": "en-UG", "": "", None: ""}
    assert {given: values.language(given) for given in taken} == taken
    assert values.locale("de-DE") == "de-DE"


def test_a_mute_that_is_over_is_none():
    later = NOW + timedelta(hours=1)
    assert values.muted_until(later, NOW) == later
    assert values.muted_until(NOW, NOW) is None
    assert values.muted_until(None, NOW) is None
    with pytest.raises(InvalidInput):
        values.muted_until(later.replace(tzinfo=None), NOW)


def test_a_threshold_is_an_amount_with_its_currency():
    assert values.threshold("500000", "UGX") == (Decimal(500000), "UGX")
    assert str(values.threshold("12.5", "KES")[0]) == "12.50"
    assert values.threshold(None, "") == (None, "")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.5", "UGX"), ("-1", "KES"), ("NaN", "KES"), ("Infinity", "KES"), ("1e20", "KES"),
        ("ten", "KES"), ("5", ""), (None, "KES"), ("5", "XYZ"), ("5", "kes"), (["5"], "KES"),
    ],
)  # fmt: skip
def test_it_refuses_a_threshold_that_is_no_amount(amount: Any, currency: str):
    with pytest.raises(InvalidInput):
        values.threshold(amount, currency)
