"""The end of an HTTP call: its answer, and what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import msgspec

from realtime.outgoing.outcome import Outcome

# Numbers beyond it are cut: no date holds them, and no provider means them.
LONGEST_RETRY_AFTER_SECONDS = 30 * 24 * 3600.0
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one call. `outcome` follows from the HTTP status alone.

    A provider that says more in its body decides again from `status` and `body`. `error` is one
    word, and never an address: address, dns, connect, tls, pool, timeout, broken or protocol.
    """

    outcome: Outcome
    status: int | None = None  # None: no answer came
    headers: Mapping[str, str] = {}  # names in small letters
    body: bytes = b""
    is_whole: bool = True  # False: the body broke off, or was cut
    retry_after_seconds: float | None = None
    error: str = ""
    seconds: float = 0.0  # what the call took


def outcome_of(status: int, headers: Mapping[str, str]) -> Outcome:
    """Classify the status of an answer.

    A 503 with Retry-After says that nothing was done; of other 5xx nobody knows. Redirects are
    never followed: they are refused like the rest.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome.ACCEPTED
    if status in _LATER:
        return Outcome.LATER
    if status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in headers:
        return Outcome.LATER
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.UNKNOWN
    return Outcome.REFUSED


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that Retry-After asks to wait; None without one that can be read.

    It is a number of seconds or a date. A date is measured by the answer's own Date, as our clock
    may differ; without one by `now`, in seconds since 1970.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        until = _moment(text)
        if until is None:
            return None
        sent = _moment(headers.get("date", ""))
        seconds = max(0.0, until - (now if sent is None else sent))
    return min(seconds, LONGEST_RETRY_AFTER_SECONDS)


def _moment(text: str) -> float | None:
    """Read a date of HTTP as seconds since 1970."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # HTTP's third form of a date names no zone, and means UTC.
    return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
