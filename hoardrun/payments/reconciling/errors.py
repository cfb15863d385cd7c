"""The refusals of statements."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound, Refused


class StatementRefused(Refused):
    """A file that is no statement of the provider."""

    title = "Not a statement"


class FindingNotFound(NotFound):
    title = "No such finding"
    text = "There is no open finding {}."


class FindingClosed(Conflict):
    title = "Closed already"
    text = "The finding {} is closed already."
