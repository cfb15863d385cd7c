"""The messages of the server about prices."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from realtime.protocol.messages import Identifier, Payload, Timestamp, examples

PriceText = Annotated[str, Meta(pattern=r"^-?\d{1,19}(\.\d{1,12})?$")]
_EXAMPLES = examples(__file__)


class MarketUpdate(Payload, frozen=True, kw_only=True):
    """The newest quote of an instrument; all prices are strings in `currency`.

    It comes with each price, and with the last one again when `feed` changes.
    """

    wire_type = "market_update"
    carried_by = "room"
    line = "{symbol} {price} {currency}{#change_percent} ({change_percent} %){/change_percent}"
    example = _EXAMPLES["market_update"]

    symbol: Annotated[str, Meta(min_length=1, max_length=20)]
    """The instrument, such as `BTC-USD`."""
    price: PriceText
    """The newest price."""
    name: str = ""
    """The instrument's name."""
    type: str = ""
    """The kind of instrument, such as `crypto`."""
    currency: str = "USD"
    """The currency of all prices: ISO 4217."""
    change: PriceText | None = None
    """The price less `previous_close`."""
    change_percent: str | None = None
    """The same in percent, with its sign."""
    open: PriceText | None = None
    """The first price of the `window`."""
    high: PriceText | None = None
    """The highest of the `window`."""
    low: PriceText | None = None
    """The lowest of the `window`."""
    previous_close: PriceText | None = None
    """The last price before the `window`."""
    volume: str | None = None
    """The volume traded in the `window`."""
    status: str = "open"
    """The state of the market: `open`, `closed`, `pre_market`, `after_hours`, `holiday` or
    `halted`."""
    timestamp: Timestamp | None = None
    """Time at which this was sent."""
    source: str = ""
    """Where the price comes from, such as `kraken`; `simulator` makes prices up."""
    as_of: Timestamp | None = None
    """Time at which the price was made, by the clock of its source."""
    feed: str = "live"
    """Whether the price can be trusted: `live`; `delayed`, as the source says; `stale`: there
    should be a newer one; `closed`: the market is, and this is its last; `halted`."""
    window: str = ""
    """What `change`, `open`, `high`, `low` and `volume` are counted over: `session`, or
    `rolling_24h`."""


class AlertFields(Struct, frozen=True, kw_only=True):
    """What a user waits for."""

    id: Identifier
    """The alert's id."""
    symbol: str
    """The instrument, such as `BTC-USD`."""
    kind: str
    """What it waits for: `price_above`, `price_below`, `change_above`, `change_below` or
    `volume_above`."""
    threshold: PriceText
    """The number that is waited for: a price, a change in percent, or a volume."""
    window: str | None = None
    """The time that a change is reckoned over: `24h`, `1h` or `session`; null for other kinds."""
    mode: Literal["once", "repeat"]
    """Whether it is armed again after it has fired."""
    hysteresis: PriceText | None = None
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
    armed_price: PriceText | None = None
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


class WatchlistChanged(Payload, frozen=True, kw_only=True):
    """A watchlist as it is, in its own room: first after a join, and after each change."""

    wire_type = "watchlist_changed"
    carried_by = "room"
    line = "{name}: {#symbols}{symbols} {/symbols}{#deleted}deleted{/deleted}"
    example = _EXAMPLES["watchlist_changed"]

    id: Identifier
    """The list's id."""
    name: str
    """The user's name for it."""
    symbols: list[str]
    """The instruments on it, in their order."""
    version: int
    """Grows with each change; the next change names it."""
    deleted: bool | UnsetType = UNSET
    """True of one that was removed; left out otherwise."""
