"""The names of the market's rooms and topics. No other module builds them."""

from __future__ import annotations

TOPIC = "market"
TEST_TOPIC = "market_test"
ALL_ROOM = "market_data"
TEST_ROOM = "market_data:TEST"
_PREFIX = "market:"
_LIST_PREFIX = "watchlist:"
WATCHLIST_KEY = "watchlist"  # of the message about the list itself: no symbol has small letters


def room(type_or_symbol: str) -> str:
    """Name the room of one type or of one symbol; types are lower case, symbols are not."""
    return _PREFIX + type_or_symbol


def room_subject(name: str) -> str | None:
    """Return the type or symbol that a room is about, None for a room of another form."""
    return name[len(_PREFIX) :] if name.startswith(_PREFIX) else None


def watchlist_room(watchlist_id: int | str) -> str:
    """Name the room of a watchlist."""
    return f"{_LIST_PREFIX}{watchlist_id}"


def watchlist_of(name: str) -> str | None:
    """Return the id of the watchlist that a room is about, None for a room of another form."""
    return name[len(_LIST_PREFIX) :] if name.startswith(_LIST_PREFIX) else None
