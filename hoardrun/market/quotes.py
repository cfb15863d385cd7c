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
from hoardrun.market.engine.prices import Feed
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
    base: str = ""
    venue_code: str = ""

    def round(self, value: Decimal) -> Decimal:
        """Round a price to the instrument's number of decimals."""
        return _without_sign_of_zero(value.quantize(_unit(self.decimals)))


@dataclass(frozen=True, slots=True)
class LiveQuote:
    """The newest quote of an instrument.

    `open`, `high`, `low`, `volume` and `previous_close` are of `window`: of this day (`session`),
    or of the last 24 hours (`rolling_24h`). What the source does not say is None. `as_of` is the
    source's time; `epoch` is that of the source's leader.
    """

    listing: Listing
    price: Decimal
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    volume: Decimal | None
    market_cap: Decimal | None
    as_of: datetime
    source: str = ""
    feed: Feed = Feed.LIVE
    window: str = "session"
    epoch: int = 0

    @property
    def change(self) -> Decimal | None:
        return None if self.previous_close is None else self.price - self.previous_close

    @property
    def change_percent(self) -> Decimal | None:
        if self.previous_close is None:
            return None
        if not self.previous_close:
            return Decimal("0.00")
        change = self.price - self.previous_close
        return _without_sign_of_zero((change / self.previous_close * 100).quantize(_PERCENT))

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
    return _described(MarketUpdate, quote, timestamp=codec.timestamp())


def listed_quote(quote: LiveQuote) -> ListedQuote:
    """Describe a quote in an answer of the HTTP API."""
    cap = quote.market_cap
    return _described(
        ListedQuote,
        quote,
        timestamp=codec.timestamp(),
        market_cap=None if cap is None else plain(cap),
    )


def _described(kind: type[UpdateT], quote: LiveQuote, **more: str | None) -> UpdateT:
    listing, percent = quote.listing, quote.change_percent
    return payload_of(
        kind,
        listing,
        change_percent=None if percent is None else f"{percent:f}",
        volume=None if quote.volume is None else plain(quote.volume),
        as_of=codec.timestamp(quote.as_of),
        source=quote.source,
        feed=quote.feed.value,
        window=quote.window,
        **{name: _price(listing, getattr(quote, name)) for name in ("change", *PRICES)},
        **more,
    )


def _price(listing: Listing, value: Decimal | None) -> str | None:
    return None if value is None else f"{listing.round(value):f}"


def ephemerals(
    quotes: Iterable[LiveQuote], rooms: tuple[str, ...] | None = None
) -> list[Ephemeral]:
    """Make a message for each quote, to its rooms or to those given, keyed by symbol."""
    now = codec.timestamp()
    return [
        Ephemeral(
            rooms or quote.rooms,
            quote.listing.symbol,
            _described(MarketUpdate, quote, timestamp=now),
        )
        for quote in quotes
    ]
