"""Understand what somebody asks about: an event, or a user."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth import get_user_model

from realtime.core.text import row_id
from realtime.errors import NotFound
from realtime.models import Event
from realtime.streams import everybodys, stream_user
from realtime.trace import contributors
from realtime.trace.contributors import May, everything

FORMS = "`user:17:42`, `announcements:3`, the id of an event, `user:17`, or the name of a user"


class Asked(NamedTuple):
    """An event by its place, or a user."""

    stream: str = ""
    offset: int = 0
    user_id: int | None = None


def forms(may: May = everything) -> str:
    """Say what can be asked about, with the rows of apps whose rights somebody has."""
    rows = "".join(f"`{name}:42`, " for name in contributors.finders(may))
    return f"{rows}{FORMS}"


def understand(text: str, may: May = everything) -> Asked:
    """Return what a text means to somebody with these rights.

    Raises NotFound, with the forms that it may have.
    """
    before, _, after = text.strip().rpartition(":")
    number = row_id(after)
    if number and (find := contributors.finders(may).get(before)) is not None:
        if (place := find(number)) is None:
            raise NotFound(f"There is no event of {before} {number}.")
        return Asked(*place)
    if number and (before in everybodys() or stream_user(before) is not None):
        return Asked(before, number)
    if number and before == "user":
        return Asked(user_id=number)
    if number and not before:
        row = Event.objects.filter(pk=number).values_list("stream__name", "offset").first()
        if row is None:
            raise NotFound(f"There is no event with the id {number}.")
        return Asked(*row)
    users = get_user_model()
    found = users._default_manager.filter(**{users.USERNAME_FIELD: text.strip()}).first()
    if found is None:
        raise NotFound(f"{text!r:.80} is neither an event nor a user: give {forms(may)}.")
    return Asked(user_id=found.pk)
