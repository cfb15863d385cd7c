"""A fixed moment, and quotes of it."""

from __future__ import annotations

from datetime import UTC, datetime

from hoardrun.market import simulator
from hoardrun.market.models import Instrument
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.selectors import listing_list

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
TICK = simulator.tick_of(NOON)


def quotes_at(tick: int = TICK) -> list[LiveQuote]:
    """Quote all active instruments, as the simulator would."""
    return [simulator.quote_at(listing, tick) for listing in listing_list()]


def quote_of(symbol: str) -> LiveQuote:
    """Quote one instrument at that moment."""
    return next(quote for quote in quotes_at() if quote.listing.symbol == symbol)


def instrument(**fields: str | int | bool) -> Instrument:
    defaults = {"name": "Kilimo", "type": "stock", "currency": "KES", "decimals": 2}
    return Instrument.objects.create(**{"symbol": "KLMO", **defaults, **fields})
