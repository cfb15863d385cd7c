"""Explain errors of the database in words: one table, from SQLSTATE and SQLite's names.

HTTP answers, the admin, commands and logs all say it by `explain`. The words name no row and no
value, so they may be shown to anybody; what an operator does about it is apart.
"""

from __future__ import annotations

import re
import sqlite3
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.db import OperationalError

RECENT_SECONDS = 20.0  # a pool tries again within that


@dataclass(frozen=True)
class Explanation:
    """A fault of the database, in words for its reader."""

    cause: str  # part of the HTTP API: the member `cause` of a problem
    says: str  # a sentence for everybody
    do: str  # a sentence for the operator
    is_outage: bool  # it passes or is mended, without a change of the request: 503


class StreamLocked(OperationalError):
    """Another transaction holds a stream for longer than this one may wait. Try again.

    `streams` are those that were waited for; `holder` says which session holds one, if that can
    be read.
    """

    def __init__(self, streams: tuple[str, ...], waited_seconds: float, holder: str = "") -> None:
        self.streams = streams
        self.waited_seconds = waited_seconds
        self.holder = holder
        named = ", ".join(streams[:3]) + (f" and {len(streams) - 3} more" if streams[3:] else "")
        which = f"stream {named}" if len(streams) == 1 else f"one of the streams {named}"
        self.says = f"Another transaction has locked {which}: waited {waited_seconds:.1f} s."
        super().__init__(f"{self.says} {holder}".strip())


_ALL = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_EXPLANATIONS = {
    cause: Explanation(cause, entry["says"], entry["do"], entry.get("outage", True))
    for cause, entry in _ALL.items()
}
# An exact state, or the first two characters of those of its class.
_BY_STATE = {state: cause for cause, entry in _ALL.items() for state in entry.get("states", ())}
# Texts of failed connections, for which libpq gives no state. In the order of the table.
_BY_TEXT = [
    (re.compile(pattern, re.IGNORECASE), cause)
    for cause, entry in _ALL.items()
    for pattern in entry.get("texts", ())
]
UNKNOWN = _EXPLANATIONS["unavailable"]


class Connecting:
    """The reason why the newest attempt to connect failed, which the pool's own error lacks."""

    _failure: tuple[float, BaseException] | None = None

    def failed(self, error: BaseException) -> None:
        self._failure = time.monotonic(), error

    def succeeded(self) -> None:
        self._failure = None

    @property
    def failure(self) -> BaseException | None:
        """Return what failed within the last seconds and has not worked since."""
        if self._failure is None or time.monotonic() - self._failure[0] > RECENT_SECONDS:
            return None
        return self._failure[1]


connecting = Connecting()  # of this process; set by the code that makes connections


def explain(error: BaseException) -> Explanation:
    """Explain an error of Django or of a driver; `UNKNOWN` if the table has no line for it."""
    found = _explain(error)
    if found.cause == "pool_exhausted" and (failure := connecting.failure):
        return _explain(failure)
    return found


def _explain(error: BaseException) -> Explanation:
    if isinstance(error, StreamLocked):
        return _EXPLANATIONS["lock_timeout"]
    for one in _chain(error):
        state = getattr(one, "sqlstate", None) or _sqlite_name(one)
        if state and (cause := _BY_STATE.get(state) or _BY_STATE.get(state[:2])):
            return _EXPLANATIONS[cause]
    for one in _chain(error):
        for pattern, cause in _BY_TEXT:
            if pattern.search(str(one)):
                return _EXPLANATIONS[cause]
    return UNKNOWN


def reason_of(error: BaseException) -> str:
    """Return what the database said itself: its first line, as others may hold values of rows."""
    reason = _first_line(error)
    if _explain(error).cause == "pool_exhausted" and (failure := connecting.failure):
        return f"{reason}: {_first_line(failure)}"
    return reason


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _chain(error: BaseException | None) -> list[BaseException]:
    """List an error and what it was raised from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__
    return found


def _sqlite_name(error: BaseException) -> str:
    return getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
