"""What the services refuse, and how the HTTP API says it.

- NotificationError
  - InvalidInput (400): a value cannot be used; `field` names it, `reason` says why
  - NotFound (404): there is no such row, or it is somebody else's
  - Conflict (409): the row is in a state that does not allow it
"""

from __future__ import annotations

from typing import Any


class NotificationError(Exception):
    """Base of all refusals. The text says what to do; nothing was written."""

    code: str = "notification_error"
    status: int = 400
    title: str = "The request cannot be carried out"

    def __init__(self, detail: str, *, extra: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.extra: dict[str, Any] = extra or {}


class InvalidInput(NotificationError):
    """A value cannot be used."""

    code = "invalid_input"
    status = 400
    title = "Invalid input"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}", extra={"errors": {field: [detail]}})
        self.field = field
        self.reason = detail


class NotFound(NotificationError):
    """There is no such row, as far as the caller may know."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(NotificationError):
    """The row is in a state that does not allow it."""

    code = "conflict"
    status = 409
    title = "Conflict with the current state"
