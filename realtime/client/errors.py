"""What a request can end with, beside TimeoutError and ConnectionError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ServerError(Exception):
    """The server's answer is an `error`; nothing was changed by the request.

    `retryable` says whether the same again can succeed.
    """

    def __init__(self, code: str, message: str, retryable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ServerError:
        """Make it from the `data` of an `error`."""
        return cls(str(data.get("code")), str(data.get("message")), bool(data.get("retryable")))
