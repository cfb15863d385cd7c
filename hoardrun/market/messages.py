"""The messages of the server about prices."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from realtime.protocol.messages import DecimalText, Identifier, Payload, Timestamp, examples

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


class AlertFields(Struct, frozen=True, kw_only=True):
    """What a user waits for."""

    id: Identifier
    """The alert's id."""
    symbol: str
    """The instrument, such as `BTC-USD`."""
    kind: str
    """What it waits for: `price_above`, `price_below`, `change_above`, `change_below` or
    `volume_above`."""
    threshold: DecimalText
    """The number that is waited for: a price, a change in percent, or a volume."""
    window: str | None = None
    """The time that a change is reckoned over: `24h`, `1h` or `session`; null for other kinds."""
    mode: Literal["once", "repeat"]
    """Whether it is armed again after it has fired."""
    hysteresis: DecimalText | None = None
    """How far the number must go back before it is armed again; null: a tenth of a percent."""
    cooldown_seconds: int
    """The shortest time between two that fire."""
    note: str = ""
    """The user's own words."""
    urgent: bool = False
    """Whether it leaves the app in quiet hours too."""
    expires_at: Timestamp | None = None
    """Time from which it waits no longer, if any."""
    state: str
    """`pending` until the engine watches it, then `armed`; `fired`, or `waiting_rearm` if it
    repeats; `paused`; `expired`."""
    suspended: bool
    """Whether it waits because the price cannot be trusted now, or the market is closed."""
    fire_count: int
    """How often it has fired."""
    last_fired_at: Timestamp | None = None
    """Time at which it fired last, if it has."""
    armed_price: DecimalText | None = None
    """The price when it was armed."""
    version: int
    """Grows with each change of the user and whenever it fires; the next change names it."""
    created_at: Timestamp
    """Time at which it was created."""


class PriceAlertChanged(Payload, frozen=True, kw_only=True):
    """An alert of the user was created, changed, armed, fired or removed, on any device."""

    wire_type = "price_alert_changed"
    carried_by = "stream"
    line = "{id}{#alert} {symbol} {kind} {threshold}: {state}{/alert}"
    example = _EXAMPLES["price_alert_changed"]

    id: Identifier
    """The alert's id."""
    alert: AlertFields | None = None
    """The whole of it, which replaces what the client has; null: it was removed."""
