"""When a client comes back, and whether."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from realtime.client.policy import Action, Backoff, on_close, on_refusal, retry_after
from realtime.client.tokens import life, margin
from realtime.protocol.codes import CloseCode

STOP = {
    CloseCode.PROTOCOL_ERROR,
    CloseCode.BINARY,
    CloseCode.INVALID_TEXT,
    CloseCode.TOO_LARGE,
    CloseCode.PROTOCOL,
    CloseCode.REVOKED,
    CloseCode.TOO_MANY_CONNECTIONS,
}
RETRY = {CloseCode.RESTART, CloseCode.TIMEOUT, CloseCode.SLOW_CONSUMER}


def test_every_close_code_has_the_consequence_that_the_protocol_names() -> None:
    expected = dict.fromkeys(STOP, Action.STOP) | dict.fromkeys(RETRY, Action.RETRY)
    expected[CloseCode.UNAUTHORIZED] = Action.RENEW
    expected[CloseCode.RATE_LIMITED] = Action.SLOWER
    assert {code: on_close(code) for code in CloseCode} == expected


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 3000, 4999])
def test_any_other_end_is_a_broken_line(code: int) -> None:
    assert on_close(code) is Action.RETRY


def test_refusals_of_the_handshake() -> None:
    assert {on_refusal(status) for status in (400, 403, 414, 431)} == {Action.STOP}
    assert on_refusal(401) is Action.RENEW
    assert on_refusal(429) is Action.SLOWER
    assert {on_refusal(status) for status in (404, 500, 502, 503)} == {Action.RETRY}


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("7") == 7
    assert retry_after(None) is retry_after("soon") is retry_after("-1") is None
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < (retry_after(later) or 0) <= 60
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0


def test_the_limit_doubles_up_to_half_a_minute_and_any_time_below_is_chosen() -> None:
    longest, shortest = Backoff(lambda: 1.0), Backoff(lambda: 0.0)
    expected = [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [longest.seconds() for _ in expected] == expected
    assert [shortest.seconds() for _ in expected] == [0.0] * len(expected)
    longest.attempts = 10_000
    assert longest.seconds() == 30


def test_too_many_messages_are_answered_by_a_longer_wait_which_is_never_nothing() -> None:
    assert Backoff(lambda: 0.0).seconds(slower=True) == 4
    assert Backoff(lambda: 1.0).seconds(slower=True) == 8


def test_a_hint_is_never_undercut() -> None:
    assert Backoff(lambda: 0.0).seconds(hint=5) == 5
    assert Backoff(lambda: 1.0).seconds(hint=5) == 5.5
    assert Backoff(lambda: 0.0).seconds(hint=60) == 60


def test_only_the_first_return_is_at_once() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.seconds(at_once=True) for _ in range(3)] == [0, 1, 2]


def test_only_a_connection_that_held_begins_anew() -> None:
    backoff = Backoff(lambda: 1.0)
    for _ in range(3):
        backoff.seconds()
    backoff.connected(100)
    backoff.lost(109.9)
    assert backoff.seconds() == 4
    backoff.lost(1000)  # an attempt that never connected
    assert backoff.seconds() == 8
    backoff.connected(2000)
    backoff.lost(2010)
    assert backoff.seconds() == 0.5


def test_a_token_is_replaced_a_fifth_of_its_life_before_its_end() -> None:
    assert [margin(seconds) for seconds in (10, 300, 900)] == [2, 60, 60]


def test_a_life_is_told_by_the_servers_clock_alone() -> None:
    assert life("2001-01-01T00:00:00.000Z", "2001-01-01T00:15:00.500Z") == 900.5
    assert life("2001-01-01T00:00:00.000Z", None) is None
