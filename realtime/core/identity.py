"""The identity that a credential proves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, the end of the login (seconds since 1970), and the session of the login.

    `stamp` is the mark of the password that the user had when the token was issued.
    """

    user_id: int
    expires_at: float
    session: str = ""
    stamp: str = ""
