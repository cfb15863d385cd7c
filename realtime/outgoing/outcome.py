"""The five ways in which a call can end."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The knowledge about a call: whether it was made, and whether it may be repeated."""

    NOT_SENT = "not_sent"  # no byte of the request was written: safe to repeat, also elsewhere
    REFUSED = "refused"  # for good: the same call will not succeed
    LATER = "later"  # nothing was done: repeat it after a pause
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"  # perhaps done: find out before anything is repeated
