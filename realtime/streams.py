"""The streams of the log: how they are named, and which of them a connection follows.

Other apps name streams with these functions and nothing else. A stream for everybody is declared
from an app's `ready()`, on all nodes alike; this module declares `announcements`.
"""

from __future__ import annotations

import re

ANNOUNCEMENTS = "announcements"
_NAME = re.compile(r"[a-z]{1,30}")
_USERS = re.compile(r"user:([0-9]{1,19})")
_shared = [ANNOUNCEMENTS]  # in the order of `epoch`


def declare(name: str) -> str:
    """Add a stream that every connection follows, and return its name.

    Raises ValueError for a name that is not of 1 to 30 small letters, or that is `user`.
    """
    if not _NAME.fullmatch(name) or name == "user":
        raise ValueError(f"{name!r} cannot be the name of a stream")
    if name not in _shared:
        _shared.append(name)
    return name


def everybodys() -> tuple[str, ...]:
    """Name the streams that every connection follows."""
    return tuple(_shared)


def user_stream(user_id: int | str) -> str:
    """Name the stream of everything about one user."""
    return f"user:{int(user_id)}"


def stream_user(stream: str) -> int | None:
    """Return whose stream it is, or None for a shared one."""
    found = _USERS.fullmatch(stream)
    return None if found is None else int(found[1])


def streams_of(user_id: int) -> tuple[str, ...]:
    """Name the streams that every connection of a user follows, in the order of `epoch`."""
    return (user_stream(user_id), *_shared)
