"""A client reconnects, or not, by the reason of its close, after the right pause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from realtime.client.policy import Action, Backoff, Lost, on_close, on_refusal, retry_after
from realtime.client.tokens import life, margin
from realtime.protocol.codes import CloseCode
from tests.realtime.client.conftest import CASES

BROKEN = Lost(Action.RETRY, "the connection broke")


def test_the_table_has_every_close_code() -> None:
    assert {*CloseCode} <= {case["code"] for case in CASES["closes"]}


@pytest.mark.parametrize("case", CASES["closes"], ids=lambda case: case["code"])
def test_a_close_code_has_the_consequence_of_the_table(case: dict[str, Any]) -> None:
    assert on_close(case["code"]) is Action[case["then"].upper()]


@pytest.mark.parametrize("case", CASES["backoff"], ids=lambda case: case["name"])
def test_the_wait_is_that_of_the_table(case: dict[str, Any]) -> None:
    backoff = Backoff(lambda: case["chance"])
    action = on_close(case["code"]) if "code" in case else Action.RETRY
    hint = case["hint"] / 1000 if "hint" in case else None
    waits = [backoff.seconds(Lost(action, "", hint=hint)) * 1000 for _ in case["ms"]]
    assert waits == case["ms"]


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


def test_only_the_first_return_is_at_once() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.seconds(Lost(Action.RETRY, "", at_once=True)) for _ in range(3)] == [0, 1, 2]


def test_only_a_lasting_connection_resets_the_backoff() -> None:
    backoff = Backoff(lambda: 1.0)
    for _ in range(3):
        backoff.seconds(BROKEN)
    backoff.connected(100)
    backoff.lost(109.9)
    assert backoff.seconds(BROKEN) == 4
    backoff.lost(1000)  # an attempt that never connected
    assert backoff.seconds(BROKEN) == 8
    backoff.connected(2000)
    backoff.lost(2010)
    assert backoff.seconds(BROKEN) == 0.5


def test_a_token_is_replaced_a_fifth_of_its_life_before_its_end() -> None:
    assert [margin(seconds) for seconds in (10, 300, 900)] == [2, 60, 60]


def test_the_life_of_a_token_is_measured_by_the_servers_clock() -> None:
    assert life("2001-01-01T00:00:00.000Z", "2001-01-01T00:15:00.500Z") == 900.5
    assert life("2001-01-01T00:00:00.000Z", None) is None
