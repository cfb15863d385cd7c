"""The error of a refused request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ServerError(Exception):
    """The server answered with `error`; the request changed nothing.

    `retryable` says whether a repetition can succeed. `rooms` are the rooms of the request that
    it is about; empty: no room, or all.
    """

    def __init__(self, code: str, message: str, retryable: bool, rooms: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.rooms = list(rooms)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ServerError:
        """Create it from the `data` of an `error`."""
        return cls(
            str(data.get("code")),
            str(data.get("message")),
            bool(data.get("retryable")),
            [str(room) for room in data.get("rooms") or ()],
        )
