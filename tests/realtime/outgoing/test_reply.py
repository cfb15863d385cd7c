"""An answer is classified by its status, and Retry-After is read exactly."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import LONGEST_RETRY_AFTER_SECONDS, outcome_of, retry_after

# 8:49:37 on 6 November 1994, UTC.
THEN = 784_111_777.0
AFTERWARDS = "Sun, 06 Nov 1994 08:50:07 GMT"  # 30 s later
LATER = {408, 425, 429}


@pytest.mark.parametrize("status", [status.value for status in HTTPStatus if status >= 200])
def test_every_status_has_one_outcome(status: int) -> None:
    if status < 300:
        expected = Outcome.ACCEPTED
    elif status in LATER:
        expected = Outcome.LATER
    elif status >= 500:
        expected = Outcome.UNKNOWN
    else:
        expected = Outcome.REFUSED
    assert outcome_of(status, {}) is expected


def test_a_503_that_says_when_to_come_back_did_nothing() -> None:
    assert outcome_of(503, {"retry-after": "7"}) is Outcome.LATER
    assert outcome_of(500, {"retry-after": "7"}) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        (AFTERWARDS, 30.0),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30.0),
        ("Sun Nov  6 08:50:07 1994", 30.0),
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0.0),  # it has passed
        ("9" * 400, LONGEST_RETRY_AFTER_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٧", None),  # a digit, of another script
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, THEN) == seconds


def test_a_date_is_measured_by_the_clock_that_wrote_it() -> None:
    headers = {"retry-after": AFTERWARDS, "date": "Sun, 06 Nov 1994 08:50:00 GMT"}
    assert retry_after(headers, THEN + 86_400) == 7.0


def test_without_the_header_nothing_is_asked() -> None:
    assert retry_after({"date": AFTERWARDS}, THEN) is None
