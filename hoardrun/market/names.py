"""The names of the market's rooms and topics. No other module builds them."""

from __future__ import annotations

TOPIC = "market"
TEST_TOPIC = "market_test"
ALL_ROOM = "market_data"
TEST_ROOM = "market_data:TEST"
_PREFIX = "market:"


def room(type_or_symbol: str) -> str:
    """Name the room of one type or of one symbol; types are lower case, symbols are not."""
    return _PREFIX + type_or_symbol


def room_subject(name: str) -> str | None:
    """Return the type or symbol that a room is about, None for a room of another form."""
    return name[len(_PREFIX) :] if name.startswith(_PREFIX) else None
