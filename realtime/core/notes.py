"""What has happened to a socket in its streams, beyond that events were written to it. Pure.

Kept in memory only for sockets to which something has happened, and stored with their end
(`realtime.models.Departure`). With where the socket stands it says of each event why the socket was
sent it or not; nothing is noted per event.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace

MOST_NOTES = 32  # of a socket: then the oldest are forgotten, and a note says so


class Note(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened to a socket in a stream.

    - `live`: it began at the head, `before`, and got what came after that.
    - `replayed`: at its login it went on from `before`, and was behind the head `to`.
    - `anew`: at its login it could not go on from `before`, for `reason`, and began at the head,
      `to`.
    - `resync`: it was put from `before` to `to`, for `reason`; events in between were not sent.
    - `filter`: events after `before` are sent only if their type is among `types`; empty: all.
    - `silent`: its node fell silent, so nothing else is known of it.
    - `forgotten`: more happened than is kept, or than this release understands.

    `seconds_ago` is before the socket's end, or before the moment at which it was asked about.
    """

    kind: Literal["live", "replayed", "anew", "resync", "filter", "silent", "forgotten"]
    stream: str = ""
    before: int = 0
    to: int = 0
    reason: str = ""
    types: tuple[str, ...] = ()
    seconds_ago: float = 0.0


Noted = tuple[float, Note]  # with its monotonic time; what happens to many at once is shared
Notes = list[Noted]
_FORGOTTEN = Note(kind="forgotten")


def noted(notes: Notes | None, one: Noted) -> Notes:
    """Return the notes with one more; beyond MOST_NOTES the oldest go."""
    kept = [] if notes is None else notes
    if len(kept) >= MOST_NOTES:
        kept[:2] = [(one[0], _FORGOTTEN)]
    kept.append(one)
    return kept


def told(notes: Iterable[Noted] | None, now: float) -> list[Note]:
    """Return notes with their ages in place of their times."""
    return [replace(note, seconds_ago=round(now - at, 3)) for at, note in notes or ()]


def read(stored: Iterable[Any]) -> list[Note]:
    """Return notes that were stored, maybe by a newer release: what is not known says so."""
    return [_read(each) for each in stored]


def _read(stored: Any) -> Note:
    try:
        return convert(stored, Note)
    except ValidationError:
        return _FORGOTTEN
