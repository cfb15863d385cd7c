"""Whether an event has reached a person, by what a device has applied and who was there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from realtime.core.devices import DeviceReach, UserReach

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def device(name: str = "d", device_class: str = "", **more: object) -> DeviceReach:
    """Make a connected device that has applied offset 5 of the epoch `e`, a second after noon."""
    given = {
        "epoch": "e",
        "acked": 5,
        "acked_at": NOON + SECOND,
        "is_open": True,
        "is_active": False,
        "active_at": None,
    }
    return DeviceReach(name=name, device_class=device_class, **{**given, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "reached"),
    [
        (device(device_class="phone"), True),
        (device(device_class="desktop"), False),
        (device(device_class=""), False),
        (device(device_class="desktop", active_at=NOON), True),
        (device(device_class="", active_at=NOON + SECOND), True),
        (device(device_class="desktop", active_at=NOON - SECOND), False),
        (device(device_class="service", active_at=NOON), False),
        (device("svc-ledger", "phone", active_at=NOON), False),
        (device(device_class="phone", acked=4), False),
        (device(device_class="phone", epoch="before"), False),
        (device(device_class="phone", epoch="", acked=-1), False),
    ],
)
def test_an_event_has_reached_a_person(found: DeviceReach, reached: bool) -> None:
    assert found.has_reached("e", 5, NOON) is reached
    user = UserReach(NOON, (found,))
    assert user.reached("e", 5, NOON) is (found if reached else None)


def test_the_device_that_had_it_first_is_the_evidence() -> None:
    late = device("late", "phone", acked_at=NOON + 9 * SECOND)
    early = device("early", "phone", acked_at=NOON + 2 * SECOND)
    desktop = device("desk", "desktop")
    user = UserReach(NOON, (late, early, desktop))
    assert user.reached("e", 5, NOON) is early
    assert user.applied("e", 5) == (late, early, desktop)
    assert user.applied("e", 6) == ()


def test_only_devices_with_a_person_are_connected_or_in_use() -> None:
    service = device("svc-tail", is_active=True)
    away = device("phone", "phone", is_open=False)
    assert not UserReach(NOON, (service, away)).is_open
    assert not UserReach(NOON, (service, away)).is_active
    assert UserReach(NOON, (service, device())).is_open
    assert UserReach(NOON, (device(is_active=True),)).is_active
