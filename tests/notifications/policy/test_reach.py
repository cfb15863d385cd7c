"""Who counts as reached, and by what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications.kinds.kind import Reach
from notifications.policy.facts import Device, Facts, Sent
from notifications.policy.reach import best_reach, somebody_is_there
from tests.notifications.policy.support import EVENT, NOON, after, ladder, phone


def reached(**facts: Any) -> tuple[Reach, str]:
    found = best_reach(ladder(), Facts(**facts))
    return found.reach, found.how


def desktop(**rest: Any) -> Device:
    return Device(name="laptop", device_class="desktop", acked=EVENT, acked_at=NOON, **rest)


def sent(channel: Any, state: str = "accepted", **times: Any) -> Sent:
    return Sent(rung=0, channel=channel, state=state, **times)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (Reach.NONE, "")),
        ({"read_at": NOON, "seen_at": NOON}, (Reach.ACTED, "read")),
        ({"archived_at": NOON}, (Reach.ACTED, "archived")),
        ({"snoozed_at": NOON}, (Reach.ACTED, "snoozed")),
        ({"seen_at": NOON, "devices": (phone(),)}, (Reach.SEEN, "seen")),
        ({"devices": (phone(),)}, (Reach.ON_DEVICE, "acked")),
        ({"devices": (phone(EVENT - 1),)}, (Reach.NONE, "")),
        ({"devices": (phone(None),)}, (Reach.NONE, "")),
    ],
)
def test_what_the_app_says(facts: dict[str, Any], expected: tuple[Reach, str]) -> None:
    assert reached(**facts) == expected


@pytest.mark.parametrize(
    ("device", "counts"),
    [
        (desktop(), False),
        (desktop(is_open=True), False),  # a tab that its person has left
        (desktop(is_open=True, active_at=NOON - timedelta(seconds=1)), False),
        (desktop(is_open=True, active_at=NOON), True),
        (desktop(is_open=True, is_active=True), True),
        (desktop(is_active=True), False),  # the socket has closed since
        (Device(name="old client", acked=EVENT), False),
        (Device(name="svc-ledger", device_class="phone", acked=EVENT), False),
        (
            Device(name="robot", device_class="service", acked=EVENT, is_open=True, is_active=True),
            False,
        ),
    ],
)
@pytest.mark.reported(number=11)
def test_desktop_counts_only_with_its_person_and_a_service_never(
    device: Device, counts: bool
) -> None:
    assert reached(devices=(device,)) == (
        (Reach.ON_DEVICE, "acked") if counts else (Reach.NONE, "")
    )


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (sent("push", accepted_at=NOON), (Reach.ACCEPTED, "accepted")),
        (sent("push", accepted_at=NOON, displayed_at=NOON), (Reach.ON_DEVICE, "displayed")),
        (sent("push", dismissed_at=NOON), (Reach.SEEN, "dismissed")),
        (sent("push", clicked_at=NOON, dismissed_at=NOON), (Reach.ACTED, "clicked")),
        (sent("sms", "delivered", delivered_at=NOON), (Reach.ON_DEVICE, "delivered")),
        (sent("email", "delivered", delivered_at=NOON), (Reach.MAILBOX, "delivered")),
        (sent("email", "delivered", clicked_at=NOON), (Reach.NONE, "")),  # a proxy, perhaps
        (sent("email", "bounced", accepted_at=NOON, delivered_at=NOON), (Reach.NONE, "")),
        (sent("sms", "failed", accepted_at=NOON), (Reach.NONE, "")),
    ],
)
def test_what_deliveries_say(delivery: Sent, expected: tuple[Reach, str]) -> None:
    assert reached(sent=(delivery,)) == expected


def test_evidence_is_the_first_of_those_that_say_the_same() -> None:
    late = Device(name="tablet", device_class="phone", acked=EVENT, acked_at=after(seconds=9))
    early = Device(name="phone", device_class="phone", acked=EVENT + 5, acked_at=after(seconds=3))
    found = best_reach(ladder(), Facts(devices=(late, early)))
    assert (found.device, found.at) == ("phone", after(seconds=3))


def test_somebody_is_there_on_an_open_active_socket_that_is_no_service() -> None:
    assert somebody_is_there(Facts(devices=(phone(is_open=True, is_active=True),)))
    assert not somebody_is_there(Facts(devices=(phone(is_open=True),)))
    assert not somebody_is_there(Facts(devices=(phone(is_active=True),)))
    service = Device(name="svc-1", is_open=True, is_active=True)
    assert not somebody_is_there(Facts(devices=(service,)))
