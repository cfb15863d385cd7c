"""The names of the rooms and topics of candles. No other module builds them."""

from __future__ import annotations

from hoardrun.market.candles.spans import INTERVALS

_PREFIX = "candles:"


def room(symbol: str, interval: str) -> str:
    """Name the room of one instrument's candles, such as `candles:BTC-USD:1m`."""
    return f"{_PREFIX}{symbol}:{interval}"


def room_subject(name: str) -> tuple[str, str] | None:
    """Return the symbol and interval of a room; None for a room of another form."""
    if not name.startswith(_PREFIX):
        return None
    symbol, _, interval = name[len(_PREFIX) :].rpartition(":")
    return (symbol, interval) if symbol and interval in INTERVALS else None


def topic(interval: str) -> str:
    """Name the topic of an interval's rooms; nodes without such a room are not woken."""
    return f"candles_{interval}"
