"""Every number that the environment sets has a range, and what the range allows works."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun.options import TABLES
from realtime.cluster import retention
from realtime.option_fields import declared
from tests.services.environment import ROOT, names_settings_read

_SETTINGS = ROOT / "hoardrun" / "settings.py"
_RANGE = re.compile(r"([A-Z_]+)='.*' is out of range: it takes ([\d.,]+) to ([\d.,]+)\.")

# The variables that are numbers, each with the type that its field has.
NUMBERS = {
    option.variable: table.__annotations__[option.field]
    for table in TABLES
    for option in declared(table)
    if option.maximum is not None
}


def _read(monkeypatch: pytest.MonkeyPatch, **values: str) -> dict[str, Any]:
    """Read the settings as a deployment with these variables does."""
    for name in names_settings_read():
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "SECRET_KEY": "k" * 50,
        "DATABASE_URL": "postgres://user@host/name",
        **values,
    }.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(_SETTINGS))


def _range(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[str, str]:
    """Return the least and the greatest value, as the error for a far greater one names them."""
    suffix = "/min" if NUMBERS[name] == "str" else ""
    with pytest.raises(ImproperlyConfigured) as caught:
        _read(monkeypatch, **{name: f"{10**18}{suffix}"})
    found = _RANGE.fullmatch(str(caught.value))
    assert found is not None, caught.value
    assert found[1] == name
    least, greatest = (found[number].replace(",", "") + suffix for number in (2, 3))
    return least, greatest


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_out_of_its_range_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    least, greatest = _range(monkeypatch, name)
    for value in (least, greatest):
        _read(monkeypatch, **{name: value})
    if NUMBERS[name] != "str":  # of a rate, what is below 1 is none
        below = str(float(least) / 2) if float(least) else "-1"
        with pytest.raises(ImproperlyConfigured, match=f"^{name}='{below}' is out of range"):
            _read(monkeypatch, **{name: below})


@pytest.mark.parametrize("name", [name for name in NUMBERS if NUMBERS[name] == "int"])
def test_half_of_what_is_counted_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    half = float(_range(monkeypatch, name)[1]) - 0.5
    with pytest.raises(ImproperlyConfigured, match=f"^{name}=.* is not a whole number"):
        _read(monkeypatch, **{name: str(half)})


def test_the_page_for_operators_lists_every_number() -> None:
    page = (ROOT / "docs" / "production.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert rows.keys() >= NUMBERS.keys()
    numeric = {name for name, default in rows.items() if re.match(r"`?\d(?!.*\.\d+\.)", default)}
    assert numeric == NUMBERS.keys()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [0, 1])
def test_retention_works_at_both_ends_of_its_settings(
    monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture, end: int
) -> None:
    names = ("EVENT_RETENTION_DAYS", "EVENT_RETENTION_COUNT", "DEVICE_RETENTION_DAYS")
    values = {name: _range(monkeypatch, name)[end] for name in names}
    settings.REALTIME = _read(monkeypatch, **values)["REALTIME"]
    retention.apply()
    assert caplog.text == ""


def test_a_million_days_of_retention_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"EVENT_RETENTION_DAYS.* 0\.01 to 36,500"):
        _read(monkeypatch, EVENT_RETENTION_DAYS="1000000")
