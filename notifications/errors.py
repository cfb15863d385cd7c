"""What the services refuse, beside InvalidInput."""

from __future__ import annotations

from realtime.errors import Refused


class NotFound(Refused):
    """There is no such row, as far as the caller may know."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(Refused):
    """The row is in a state that does not allow it."""

    code = "conflict"
    status = 409
    title = "Conflict with the current state"
