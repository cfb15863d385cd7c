"""What apps know of an event or of a user, for the trace. They register in `ready()`.

A contributor reads the database, in a fixed number of queries by an index, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from realtime.models import Event
from realtime.trace.report import Entry

OfEvent = Callable[[str, Event], Iterable[Entry]]
OfUser = Callable[[int, datetime], Iterable[Entry]]
May = Callable[[str], bool]
Find = Callable[[int], tuple[str, int] | None]


class Contributor(NamedTuple):
    """The additions of one app.

    `of_event(stream, event)` says what is known of an event, `of_user(user_id, since)` what
    happened to a user since then. `find(number)` returns the stream and offset of the event of one
    of the app's rows; it is asked with `name:number`. Staff without `right` see nothing of it.
    """

    name: str
    of_event: OfEvent | None = None
    of_user: OfUser | None = None
    find: Find | None = None
    right: str = ""


def everything(right: str) -> bool:
    """Allow to see what all apps know."""
    return True


_contributors: dict[str, Contributor] = {}


def register(
    name: str,
    *,
    of_event: OfEvent | None = None,
    of_user: OfUser | None = None,
    find: Find | None = None,
    right: str = "",
) -> None:
    """Add what an app knows. Once for each name."""
    _contributors[name] = Contributor(name, of_event, of_user, find, right)


def of_event(stream: str, event: Event, may: May = everything) -> list[Entry]:
    """Return what the apps know of an event whose rights somebody has."""
    return [
        entry
        for one in _contributors.values()
        if one.of_event is not None and may(one.right)
        for entry in one.of_event(stream, event)
    ]


def of_user(user_id: int, since: datetime, may: May = everything) -> list[Entry]:
    """Return what the apps know to have happened to a user since then."""
    return [
        entry
        for one in _contributors.values()
        if one.of_user is not None and may(one.right)
        for entry in one.of_user(user_id, since)
    ]


def finders(may: May = everything) -> dict[str, Find]:
    """Return how to find the event of a row, such as `notification` 42, by the app's name."""
    return {
        one.name: one.find
        for one in _contributors.values()
        if one.find is not None and may(one.right)
    }
