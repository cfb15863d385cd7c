"""The health of a session. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkState(StrEnum):
    """What a session does about its connection."""

    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"  # for the time of the next attempt
    STOPPED = "stopped"  # by a failure that trying again does not cure


@dataclass(slots=True)
class Health:
    """The state of a session and what it has counted since it was made."""

    state: LinkState = LinkState.CONNECTING
    reason: str = ""  # why it waits or stopped, or why it connected anew
    retry_seconds: float = 0.0  # from the beginning of the wait to the next attempt
    is_online: bool = True  # what the venue says of itself
    words: str = ""
    attempts: int = 0  # connections that were tried
    reconnects: int = 0  # connections that were opened after the first one
    frames: int = 0
    odd: int = 0  # frames or parts of them that cannot be read
    odd_reason: str = ""  # of the last one
    duplicates: int = 0
    dropped: int = 0
