"""The refusals of watchlists."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound, Refused


class WatchlistNotFound(NotFound):
    title = "No such watchlist"
    text = "There is no such watchlist. `GET watchlists` lists yours."


class WatchlistLimit(Conflict):
    title = "Too many watchlists"
    text = "There are {} watchlists already. Remove one, then add another."


class WatchlistChangedMeanwhile(Refused):
    """The list has changed since it was read; `version` is what it is at now."""

    code = "watchlist_changed"
    status = 412
    title = "Changed meanwhile"
    text = "The watchlist is at version {version} by now: read it, then change it again."

    def __init__(self, version: int) -> None:
        super().__init__(version=version)
