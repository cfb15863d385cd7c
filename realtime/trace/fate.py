"""What became of an event on one socket. Pure.

The offsets decide, not the times: a socket got what lies between the offset at which it began and
the one up to which it was written, but for what it was put past and what its filter held back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from msgspec import Struct

from realtime.core.notes import Note
from realtime.trace.evidence import JUST, Happened, Life

# `written` as it came, `replayed` at the login; `behind`: the socket began behind it; `not_yet`:
# the socket stands before it; `hidden`: nothing says which.
What = Literal["written", "replayed", "filtered", "passed", "behind", "not_yet", "hidden"]


LOGIN = timedelta(seconds=30)  # that one may take


class Fate(Struct, frozen=True):
    """What became of it; `note` says which filter or which reset was the cause."""

    what: What
    note: Note | None = None


def fate(event: Happened, life: Life) -> Fate:
    """Return what became of an event on a socket."""
    low: int | None = None
    replay: Note | None = None
    notes = [note for note in life.notes if note.stream == event.stream]
    for note in notes:
        match note.kind:
            case "live":
                low = note.before
            case "replayed":
                low, replay = note.before, note
            case "anew":
                if event.offset <= note.to:
                    had = note.reason == "trimmed" and event.offset <= note.before
                    return Fate("behind") if had else Fate("passed", note)
                low = note.to
            case "resync":
                if event.offset <= note.before:
                    break
                if event.offset <= note.to:
                    return Fate("passed", note)
                low = note.to
    if any(note.kind in {"silent", "forgotten"} for note in life.notes) or life.written is None:
        return Fate("hidden")
    if event.offset > life.written:
        return Fate("not_yet")
    if low is None:  # noted of the user's own stream only: else the times must do
        if event.committed_at is None:
            return Fate("hidden")
        if event.committed_at < life.opened_at - JUST:
            return Fate("behind")
        if event.committed_at < life.opened_at + LOGIN:
            return Fate("hidden")
    elif event.offset <= low:
        return Fate("behind")
    if (only := _filter(event, notes)) is not None:
        return Fate("filtered", only)
    if replay is not None and event.offset <= replay.to:
        return Fate("replayed", replay)
    return Fate("written")


def _filter(event: Happened, notes: list[Note]) -> Note | None:
    """Return the filter that held an event back: the last that was set before it."""
    set_before = [note for note in notes if note.kind == "filter" and note.before < event.offset]
    if not set_before or not event.filter_type:
        return None
    only = set_before[-1]
    return only if only.types and event.filter_type not in only.types else None
