"""What the log holds, as it travels."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One event as it travels: what a wake-up carries and a read returns."""

    stream: str
    epoch: str
    offset: int
    type: str
    filter_type: str
    payload: str
