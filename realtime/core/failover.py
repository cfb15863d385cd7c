"""Judge whether the database that answers is the one that answered before, as far as it had come.

`realtime.sql.failover` asks PostgreSQL and acts on the judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Home:
    """The database that holds the tables; an unknown field is empty or 0, and equals any value.

    A promoted standby and a restore to a point in time begin a new timeline. Another cluster has
    another system identifier. A dump that was restored has another id of the table.
    """

    system_identifier: str = ""
    timeline: int = 0
    table_id: int = 0

    @property
    def known(self) -> bool:
        return self != Home()


@dataclass(frozen=True, slots=True)
class Sight:
    """A look at the database: where it was, how much of its log was flushed, at what time."""

    home: Home
    flushed: int  # 0: not known
    at: datetime


def changes(before: Home, now: Home) -> list[str]:
    """Say in words what differs between two homes; nothing that is unknown in either."""
    pairs = (
        ("system identifier", before.system_identifier, now.system_identifier),
        ("timeline", before.timeline, now.timeline),
        ("table", before.table_id, now.table_id),
    )
    return [f"{name} {old} became {new}" for name, old, new in pairs if old and new and old != new]


def completed(before: Home, now: Home) -> Home:
    """Return the newer home, with what is not known of it taken from the one before."""
    return Home(
        now.system_identifier or before.system_identifier,
        now.timeline or before.timeline,
        now.table_id or before.table_id,
    )


def judge(stored: Home, stored_at: datetime | None, last: Sight | None, now: Sight) -> str:
    """Say in words why commits may be gone that were seen before; empty if none can be.

    `stored` is what the database itself says it was last seen as, `stored_at` when the last
    failover was noted there. `last` is what this process saw before it asked: of the same home,
    with more of the log flushed than there is now, the disk was put back, as by a snapshot of a
    volume. Unless another process has noted that since.
    """
    if found := changes(stored, now.home):
        return ", ".join(found)
    went_back = (
        last is not None
        and not changes(last.home, now.home)
        and 0 < now.flushed < last.flushed
        and (stored_at is None or stored_at < last.at)
    )
    if went_back and last is not None:
        return f"the database went back by {last.flushed - now.flushed} bytes of its log"
    return ""
