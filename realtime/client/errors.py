"""What a request can end with, beside TimeoutError and ConnectionError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ServerError(Exception):
    """The server's answer is an `error`; nothing was changed by the request.

    `retryable` says whether the same again can succeed, `rooms` which rooms of the request
    it is about; none: it is about no room, or about all.
    """

    def __init__(self, code: str, message: str, retryable: bool, rooms: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.rooms = list(rooms)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ServerError:
        """Make it from the `data` of an `error`."""
        return cls(
            str(data.get("code")),
            str(data.get("message")),
            bool(data.get("retryable")),
            [str(room) for room in data.get("rooms") or ()],
        )
