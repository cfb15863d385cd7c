"""When a rung is due, and what counts as having come to nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from notifications.policy.due import due_at, missed
from notifications.policy.facts import Facts, Sent
from tests.notifications.policy.support import (
    DEBIT,
    KINDS,
    NOON,
    POLICY,
    WELL,
    after,
    ladder,
    phone,
    with_channel,
)

PUSH, SMS, EMAIL = range(3)
THERE = replace(WELL, devices=(phone(is_open=True, is_active=True),))


def due(
    number: int, facts: Facts = WELL, kind: Any = DEBIT, *, at_once: bool = False, **policy: Any
) -> datetime:
    found = due_at(
        kind.ladder[number],
        ladder(kind),
        facts,
        replace(POLICY, **policy),
        at_once=at_once,
        above=False,
    )
    return found


def test_push_of_a_debit_is_due_at_once_if_nobody_is_there() -> None:
    assert due(PUSH) == NOON
    assert due(PUSH, THERE) == after(seconds=10)


def test_sms_of_a_debit_is_due_after_three_minutes() -> None:
    assert due(SMS) == due(SMS, THERE) == after(minutes=3)


def test_times_of_ladders_are_divided_by_the_scale() -> None:
    assert due(SMS, time_scale=10.0) == after(seconds=18)


def test_rung_behind_one_that_came_to_nothing_is_due_at_once() -> None:
    assert due(SMS, at_once=True) == NOON
    # An open app gets a moment: its acknowledgement would make the SMS needless.
    assert due(SMS, THERE, at_once=True) == after(seconds=10)
    assert due(SMS, THERE, at_once=True, time_scale=10.0) == after(seconds=1)


def test_required_sms_is_due_at_once_for_a_user_without_the_app() -> None:
    kind = KINDS["security.new_device"]
    number = [rung.channel for rung in kind.ladder].index("sms")
    no_push = with_channel(WELL, "push", addresses=())
    gone = replace(no_push, last_socket_at=NOON - timedelta(days=31))
    assert due(number, gone, kind) == NOON
    assert due(number, replace(gone, last_socket_at=None), kind) == NOON
    assert due(number, no_push, kind) == after(minutes=2)
    assert due(number, replace(WELL, last_socket_at=None), kind) == after(minutes=2)
    assert due(SMS, gone) == after(minutes=3)  # that of a debit is not required


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([], None),
        ([("failed", "")], True),
        ([("bounced", "")], True),
        ([("unresolved", "")], True),
        ([("cancelled", "removed")], True),
        ([("failed", ""), ("accepted", "")], False),
        ([("queued", "")], False),
        ([("unknown", "")], False),
        ([("skipped", "no_address")], True),
        ([("skipped", "suppressed(bounced)")], True),
        ([("skipped", "channel_off")], True),
        ([("skipped", "unverified")], True),
        ([("skipped", "switched_off")], None),
        ([("skipped", "reached(acked)")], None),
        ([("skipped", "unverified"), ("accepted", "")], False),
    ],
)
def test_what_came_to_nothing(deliveries: list[tuple[str, str]], expected: bool | None) -> None:
    sent = [
        Sent(rung=0, channel="push", state=state, reason=reason) for state, reason in deliveries
    ]
    assert missed(sent) is expected
