"""The messages of the server about prices."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from realtime.protocol.messages import DecimalText, Payload, Timestamp, examples

_EXAMPLES = examples(__file__)


class MarketUpdate(Payload, frozen=True, kw_only=True):
    """The newest quote of an instrument; all prices are strings in `currency`."""

    wire_type = "market_update"
    carried_by = "room"
    line = "{symbol} {price} {currency}{#change_percent} ({change_percent} %){/change_percent}"
    example = _EXAMPLES["market_update"]

    symbol: Annotated[str, Meta(min_length=1, max_length=20)]
    """The instrument, such as `BTC-USD`."""
    price: DecimalText
    """The newest price."""
    name: str = ""
    """The instrument's name."""
    type: str = ""
    """The kind of instrument, such as `crypto`."""
    currency: str = "USD"
    """The currency of all prices: ISO 4217."""
    change: DecimalText | None = None
    """The price less `previous_close`."""
    change_percent: str | None = None
    """The same in percent, with its sign."""
    open: DecimalText | None = None
    """The first price of the day."""
    high: DecimalText | None = None
    """The highest of the day."""
    low: DecimalText | None = None
    """The lowest of the day."""
    previous_close: DecimalText | None = None
    """The last price of the day before."""
    volume: str | None = None
    """The volume traded on this day."""
    status: str = "open"
    """The state of the market."""
    timestamp: Timestamp | None = None
    """Time at which the price was made."""
