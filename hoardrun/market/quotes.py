"""A quote between a feed, the sockets and the table. No I/O here.

Prices are Decimal and have the instrument's number of decimals from the feed on, so the sockets
and the table get the same number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from hoardrun.market import names
from hoardrun.market.messages import MarketUpdate
from realtime.protocol import codec
from realtime.publish import Ephemeral, payload_of

PRICES = ("price", "open", "high", "low", "previous_close")
_PERCENT = Decimal("0.01")
UpdateT = TypeVar("UpdateT", bound=MarketUpdate)


@dataclass(frozen=True, slots=True)
class Listing:
    """The part of an instrument that feeds and messages need; `id` is the id of its row."""

    id: int
    symbol: str
    name: str
    type: str
    currency: str
    decimals: int
    status: str

    def round(self, value: Decimal) -> Decimal:
        """Round a price to the instrument's number of decimals."""
        return _without_sign_of_zero(value.quantize(_unit(self.decimals)))


@dataclass(frozen=True, slots=True)
class LiveQuote:
    """The newest quote of an instrument. `open`, `high`, `low` and `volume` are of this day."""

    listing: Listing
    price: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    previous_close: Decimal
    volume: Decimal
    market_cap: Decimal | None
    quoted_at: datetime

    @property
    def change(self) -> Decimal:
        return self.price - self.previous_close

    @property
    def change_percent(self) -> Decimal:
        if not self.previous_close:
            return Decimal("0.00")
        return _without_sign_of_zero((self.change / self.previous_close * 100).quantize(_PERCENT))

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that this quote goes to."""
        listing = self.listing
        return names.ALL_ROOM, names.room(listing.type), names.room(listing.symbol)


@lru_cache
def _unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def _without_sign_of_zero(value: Decimal) -> Decimal:
    """Return 0.00 for -0.00, to which a small loss rounds."""
    return value if value else abs(value)


def plain(value: Decimal) -> str:
    """Write a number without an exponent and trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class ListedQuote(MarketUpdate, frozen=True, kw_only=True):
    """A quote in an answer of the HTTP API, with what the socket does not send."""

    market_cap: str | None = None


def market_update(quote: LiveQuote) -> MarketUpdate:
    """Make the message of a quote."""
    return _described(MarketUpdate, quote)


def listed_quote(quote: LiveQuote) -> ListedQuote:
    """Describe a quote in an answer of the HTTP API."""
    cap = quote.market_cap
    return _described(ListedQuote, quote, market_cap=None if cap is None else plain(cap))


def _described(kind: type[UpdateT], quote: LiveQuote, **more: str | None) -> UpdateT:
    listing = quote.listing
    return payload_of(
        kind,
        listing,
        change_percent=f"{quote.change_percent:f}",
        volume=plain(quote.volume),
        timestamp=codec.timestamp(quote.quoted_at),
        **{name: f"{listing.round(getattr(quote, name)):f}" for name in ("change", *PRICES)},
        **more,
    )


def ephemerals(
    quotes: Iterable[LiveQuote], rooms: tuple[str, ...] | None = None
) -> list[Ephemeral]:
    """Make a message for each quote, to its rooms or to those given, keyed by symbol."""
    return [
        Ephemeral(rooms or quote.rooms, quote.listing.symbol, market_update(quote))
        for quote in quotes
    ]
