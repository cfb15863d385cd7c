"""The evidence of a verdict: an event, the sockets of a device, and delays of nodes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from realtime.core.notes import Note


class Happened(Struct, frozen=True, kw_only=True):
    """An event of the log. Of one that is trimmed away only its place is known."""

    stream: str
    offset: int
    filter_type: str = ""
    committed_at: datetime | None = None


class Life(Struct, frozen=True, kw_only=True):
    """A socket of a device, seen from the stream of the event.

    `written` is the last offset that was written or queued to it, None if nobody says. `acked` is
    what it has acknowledged, `queued` the bytes that wait or waited at its end. Of an open one,
    `silent_since` says that its node reports no more, `held_seconds` for how long its client has
    not read, and `unanswered_seconds` since when it has not answered a ping.
    """

    connection_id: str
    node: str
    opened_at: datetime
    closed_at: datetime | None = None
    code: int | None = None
    written: int | None = None
    acked: int | None = None
    queued: int = 0
    notes: Sequence[Note] = ()
    silent_since: datetime | None = None
    held_seconds: float | None = None
    unanswered_seconds: float | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def was_open(self, moment: datetime) -> bool:
        """Say whether it was open at a moment, as far as is known."""
        return self.opened_at <= moment and (self.closed_at is None or self.closed_at >= moment)

    def lost_at(self) -> datetime | None:
        """Return when its node fell silent, if it did."""
        if any(note.kind == "silent" for note in self.notes):
            return self.closed_at
        return self.silent_since


class Device(Struct, frozen=True, kw_only=True):
    """A device of a user: its sockets, the oldest first, and the offset that it acknowledged.

    `acked` is None without a cursor, and for one that says nothing, as of a device that was told
    to begin anew and has not.
    """

    name: str
    device_class: str = ""
    lives: Sequence[Life] = ()
    acked: int | None = None
    acked_at: datetime | None = None

    @property
    def has_acked(self) -> bool:
        """Say whether it acknowledges at all, as far as is known."""
        return self.acked is not None or any(life.acked is not None for life in self.lives)


class Late(Struct, frozen=True, kw_only=True):
    """What made events late at a node; see `realtime.models.Delay`.

    Lost wake-ups without a stream are more than were kept: any event of then may be one of them.
    """

    node: str
    kind: Literal["lost", "frozen"]
    began_at: datetime
    ended_at: datetime
    stream: str = ""
    first: int = 0
    last: int = 0

    def covers(self, event: Happened, node: str) -> bool:
        """Say whether it held up an event at a node."""
        if node != self.node:
            return False
        if self.kind == "lost":
            return self.stream == event.stream and self.first <= event.offset <= self.last
        if event.committed_at is None:
            return False
        return self.began_at - JUST <= event.committed_at <= self.ended_at

    def may_cover(self, event: Happened, node: str) -> bool:
        """Say whether it may have held up an event, of which nothing is kept."""
        if node != self.node or self.kind != "lost" or self.stream or event.committed_at is None:
            return False
        return self.began_at - LOOK <= event.committed_at <= self.ended_at


# Times of sockets are told by monotonic clocks, times of events by the database's: they agree
# but for the time of a statement or two.
JUST = timedelta(seconds=1)
LOOK = timedelta(seconds=62)  # in which a node finds an event without a wake-up, and says so
