"""Who a credential speaks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a good token speaks for, until when (seconds since 1970), and in which login.

    `stamp` is the mark of the password that the user had when it was issued.
    """

    user_id: int
    expires_at: float
    session: str = ""
    stamp: str = ""
