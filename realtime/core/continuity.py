"""Judges whether an event or a page continues a stream, and what to do if not.

Offsets are gapless, and the events of a stream become visible in their order. So a position
alone tells what comes next, what is old, and that something is missing. The log decides; a
wake-up is only a hint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol

Reason = Literal["trimmed", "ahead", "epoch"]  # why a stream cannot be continued


class Head(NamedTuple):
    """The end of a stream: its epoch, its last offset, and the offset up to which it is trimmed."""

    epoch: str
    head: int
    floor: int


@dataclass(slots=True)
class StreamPosition:
    """A position in a stream: everything up to `offset` of `epoch` was delivered."""

    epoch: str
    offset: int


class Numbered(Protocol):
    """Something of the log that has its number."""

    @property
    def offset(self) -> int: ...


class Heard(Enum):
    """The meaning of a wake-up for a reader at a position."""

    NEXT = "deliver it"
    OLD = "it was delivered"
    AHEAD = "read what lies between from the log"
    FOREIGN = "ask the log whether the stream began anew, or the hint lies"


def hear(place: StreamPosition, epoch: str, offset: int) -> Heard:
    """Judge a wake-up that tells of an event of this epoch and offset."""
    if epoch != place.epoch:
        return Heard.FOREIGN
    if offset == place.offset + 1:
        return Heard.NEXT
    return Heard.OLD if offset <= place.offset else Heard.AHEAD


class Page(NamedTuple):
    """The decision on a page of the log: deliver events [start:stop], or resynchronise."""

    start: int
    stop: int
    resync: Reason | None = None


def turn_page(
    place: StreamPosition, asked_after: int, head: Head, entries: Sequence[Numbered]
) -> Page:
    """Judge a page that was asked for after an offset at which `place` stood then.

    The place may have moved on meanwhile, as wake-ups come in while the log is read:
    what was delivered since is skipped. A head below the place is a lost tail only if it
    is below the offset asked for too: otherwise the read is merely older than the wake-up.
    A successor that exists and is not there was trimmed: never a partial replay. A place that
    was put back meanwhile, by a resynchronisation, needs another page.
    """
    if head.epoch != place.epoch:
        return Page(0, 0, "epoch")
    if head.head < min(asked_after, place.offset):
        return Page(0, 0, "ahead")
    if place.offset < asked_after:
        return Page(0, 0)
    start, count = 0, len(entries)
    while start < count and entries[start].offset <= place.offset:
        start += 1
    stop, following = start, place.offset + 1
    while stop < count and entries[stop].offset == following:
        stop, following = stop + 1, following + 1
    missing = place.offset < head.floor or asked_after == place.offset < head.head
    if stop < count or (start == stop and missing):
        return Page(0, 0, "trimmed")
    return Page(start, stop)
