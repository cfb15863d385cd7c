"""Error codes and close codes, and what a client should do about each."""

from __future__ import annotations

from enum import Enum, IntEnum


class ErrorCode(Enum):
    """Codes of an `error` message: the wire name, and whether trying again can help."""

    INVALID_JSON = ("invalid_json", False)
    INVALID_MESSAGE = ("invalid_message", False)
    UNKNOWN_TYPE = ("unknown_type", False)
    MESSAGE_TOO_LARGE = ("message_too_large", False)
    BINARY_NOT_SUPPORTED = ("binary_not_supported", False)
    RATE_LIMITED = ("rate_limited", True)
    UNAUTHENTICATED = ("unauthenticated", False)
    INVALID_TOKEN = ("invalid_token", False)
    UNKNOWN_ROOM = ("unknown_room", False)
    TOO_MANY_ROOMS = ("too_many_rooms", False)
    NOT_JOINED = ("not_joined", False)
    UNKNOWN_STREAM = ("unknown_stream", False)
    INVALID_OFFSET = ("invalid_offset", False)
    INTERNAL = ("internal", True)

    def __init__(self, wire: str, retryable: bool) -> None:
        self.wire = wire
        self.retryable = retryable


class CloseCode(IntEnum):
    """Close codes of the socket; `reason` is what the close frame says."""

    RESTART = 1012
    PROTOCOL = 4400
    UNAUTHORIZED = 4401
    REVOKED = 4403
    TIMEOUT = 4408
    TOO_MANY_CONNECTIONS = 4409
    RATE_LIMITED = 4429
    SLOW_CONSUMER = 4503

    @property
    def reason(self) -> str:
        return _CLOSE[self][0]

    @property
    def reconnect(self) -> str:
        """What a client does next, in the words of the protocol's documentation."""
        return _CLOSE[self][1]


_CLOSE: dict[CloseCode, tuple[str, str]] = {
    CloseCode.RESTART: ("server restarts", "reconnect after reconnect_after_ms, and resume"),
    CloseCode.PROTOCOL: ("protocol misuse", "do not reconnect: the client is wrong"),
    CloseCode.UNAUTHORIZED: (
        "token missing, invalid or expired",
        "get a new token, then reconnect",
    ),
    CloseCode.REVOKED: ("access revoked", "do not reconnect"),
    CloseCode.TIMEOUT: ("timed out", "reconnect, and resume"),
    CloseCode.TOO_MANY_CONNECTIONS: (
        "replaced by a newer connection",
        "do not reconnect by itself: the user has too many connections",
    ),
    CloseCode.RATE_LIMITED: ("too many messages", "back off, then reconnect"),
    CloseCode.SLOW_CONSUMER: ("reads too slowly", "reconnect, and resume"),
}
assert set(_CLOSE) == set(CloseCode), "every close code needs a reason"
