"""Error codes and close codes, and what a client should do about each."""

from __future__ import annotations

import tomllib
from enum import Enum, IntEnum
from pathlib import Path


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


_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


class CloseCode(IntEnum):
    """Every close code of the socket; `codes.toml` has its words.

    `reason` is what the close frame says, `when` what has happened, `reconnect` what a client
    does next. Codes below 4000 are RFC 6455's; 1002 and 1007 the server's transport sends by
    itself.
    """

    PROTOCOL_ERROR = 1002
    BINARY = 1003
    INVALID_TEXT = 1007
    TOO_LARGE = 1009
    RESTART = 1012
    PROTOCOL = 4400
    UNAUTHORIZED = 4401
    REVOKED = 4403
    TIMEOUT = 4408
    TOO_MANY_CONNECTIONS = 4409
    RATE_LIMITED = 4429
    SLOW_CONSUMER = 4503

    def __init__(self, number: int) -> None:
        words = _WORDS[str(number)]
        self.reason: str = words["reason"]
        self.when: str = words["when"]
        self.reconnect: str = words["next"]

    @property
    def private(self) -> CloseCode:
        """The code of private use that comes nearest; a server may refuse to send others."""
        if self >= 4000:
            return self
        return CloseCode.TIMEOUT if self is CloseCode.RESTART else CloseCode.PROTOCOL

    @property
    def retryable(self) -> bool:
        """Whether a client comes back by itself."""
        return not self.reconnect.startswith("do not")
