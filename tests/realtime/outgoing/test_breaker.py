"""A breaker opens after failures in a row; a host that calls all gone is not believed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from realtime import clock
from realtime.models import Host
from realtime.outgoing.breaker import (
    FAILURES,
    FIRST_PAUSE,
    GONE_AT_LEAST,
    LONGEST_PAUSE,
    Counts,
    State,
    Tally,
    gone,
    judged,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CLOSED = State(0, None)


def calls(*failures: int) -> Counts:
    counts = Counts()
    for failure in failures:
        counts.add(failure)
    return counts


def test_it_opens_after_failures_in_a_row_only() -> None:
    assert judged(CLOSED, calls(1, 1, 1, 1), NOW) == State(4, None)
    assert judged(State(4, None), calls(1), NOW) == State(5, NOW + FIRST_PAUSE)
    assert judged(State(4, None), calls(0, 1), NOW) == State(1, None)
    assert judged(State(4, None), calls(1, 1, 0), NOW) == CLOSED


def test_after_its_pause_a_failure_doubles_it_and_a_success_closes_it() -> None:
    state, now = judged(CLOSED, calls(*[1] * FAILURES), NOW), NOW
    for doubled in (2, 4, 8, 16, 32, 60, 60):
        assert state.opened_until is not None
        now = state.opened_until
        state = judged(state, calls(1, 1, 1), now)
        assert state.opened_until == now + min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
    assert judged(state, calls(0), now) == CLOSED


def test_calls_under_way_do_not_open_it_for_longer() -> None:
    state = judged(CLOSED, calls(*[1] * FAILURES), NOW)
    assert judged(state, calls(1, 1, 1), NOW + timedelta(seconds=1)) == state


@pytest.mark.django_db
def test_workers_count_together(caplog: pytest.LogCaptureFixture) -> None:
    one, other = Tally(), Tally()
    for _ in range(3):
        one.add("twilio", failed=True)
        other.add("twilio", failed=True)
    one.add("push:example.com")
    assert one.flush() == []
    with caplog.at_level(logging.ERROR):
        assert other.flush() == ["twilio"]
    assert "twilio" in caplog.text
    host = Host.objects.get(name="twilio")
    assert (host.calls, host.failures) == (6, 5)
    assert host.opened_until is not None and host.opened_until > clock.now()
    assert one.flush() == other.flush() == []
    one.add("twilio")
    one.flush()
    host.refresh_from_db()
    assert (host.failures, host.opened_until) == (0, None)


@pytest.mark.django_db
def test_mistakes_of_our_own_open_it_sooner() -> None:
    tally = Tally()
    for _ in range(3):
        tally.add("twilio", mistake=True)
    assert tally.flush() == ["twilio"]


@pytest.mark.django_db
def test_a_few_addresses_may_always_be_gone_and_two_in_a_hundred() -> None:
    few = [gone("push:example.com") for _ in range(GONE_AT_LEAST + 1)]
    assert few == [True] * GONE_AT_LEAST + [False]
    tally = Tally()
    for _ in range(400):
        tally.add("push:example.com")
    tally.flush()
    many = [gone("push:example.com") for _ in range(4)]
    assert many == [True, True, False, False]  # 8 of 400
    Host.objects.update(counted_from=clock.now() - timedelta(minutes=61))
    assert gone("push:example.com")
    assert Host.objects.get().gone == 1
