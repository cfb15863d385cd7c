"""The streams of the log: how they are named, and which of them a connection follows.

Other apps name streams with these functions and nothing else.
"""

from __future__ import annotations

ANNOUNCEMENTS = "announcements"


def user_stream(user_id: int | str) -> str:
    """Name the stream of everything about one user."""
    return f"user:{int(user_id)}"


def stream_user(stream: str) -> int | None:
    """Return whose stream it is, or None for a shared one."""
    kind, _, rest = stream.partition(":")
    return int(rest) if kind == "user" and rest.isdigit() else None


def streams_of(user_id: int) -> tuple[str, ...]:
    """Name the streams that every connection of a user follows, in the order of `epoch`."""
    return (user_stream(user_id), ANNOUNCEMENTS)
