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


_WRONG = "do not reconnect: the client is wrong"


class CloseCode(IntEnum):
    """Every close code of the socket: its number, and for people `reason`, `when`, `reconnect`.

    `reason` is what the close frame says, `when` what has happened, `reconnect` what a client
    does next. Codes below 4000 are RFC 6455's; 1002 and 1007 the server's transport sends by
    itself.
    """

    _value_: int
    reason: str
    when: str
    reconnect: str

    def __new__(cls, value: int, reason: str, when: str, reconnect: str) -> CloseCode:
        code = int.__new__(cls, value)
        code._value_ = value
        code.reason, code.when, code.reconnect = reason, when, reconnect
        return code

    PROTOCOL_ERROR = (
        1002,
        "WebSocket protocol error",
        "A frame breaks the rules of RFC 6455.",
        _WRONG,
    )
    BINARY = (
        1003,
        "send text, not binary",
        "A binary message came; all messages are JSON text.",
        _WRONG,
    )
    INVALID_TEXT = (1007, "text is not UTF-8", "A text message is not UTF-8.", _WRONG)
    TOO_LARGE = (
        1009,
        "message too large",
        "A message is longer than `limits.max_message_bytes`.",
        _WRONG,
    )
    RESTART = (
        1012,
        "server restarts",
        "The node is about to stop, or the connection has reached its greatest age; "
        "`server_shutdown` came before.",
        "reconnect after reconnect_after_ms, and resume",
    )
    PROTOCOL = (
        4400,
        "protocol misuse",
        "A parameter of the handshake (`device`, `since`, `types`) makes no sense; "
        "`error` said which.",
        _WRONG,
    )
    UNAUTHORIZED = (
        4401,
        "token missing, invalid or expired",
        "The credential is bad, used up or expired, its login was logged out, its password "
        "changed, or a command came before the login.",
        "get a new token, then reconnect",
    )
    REVOKED = (
        4403,
        "access revoked",
        "The user was deactivated, staff closed the connection, or a renewal named another user.",
        "do not reconnect",
    )
    TIMEOUT = (
        4408,
        "timed out",
        "No login came within the time for it, no sign of life within two heartbeats, or the "
        "login could not be checked.",
        "reconnect, and resume",
    )
    TOO_MANY_CONNECTIONS = (
        4409,
        "replaced by a newer connection",
        "The user opened more than `limits.max_connections`; the oldest goes.",
        "do not reconnect by itself: the user has too many connections; a page may, once somebody "
        "looks at it again",
    )
    RATE_LIMITED = (
        4429,
        "too many messages",
        "The client went on after 100 more refused than accepted messages, or logs in too often.",
        "back off, then reconnect",
    )
    SLOW_CONSUMER = (
        4503,
        "reads too slowly",
        "What waits for this client could not be written for too long.",
        "reconnect, and resume",
    )

    @property
    def private(self) -> CloseCode:
        """The code of private use that comes nearest; a server may refuse to send others."""
        if self >= 4000:
            return self
        return CloseCode.TIMEOUT if self is CloseCode.RESTART else CloseCode.PROTOCOL

    @property
    def retryable(self) -> bool:
        """True if a client reconnects by itself."""
        return not self.reconnect.startswith("do not")
