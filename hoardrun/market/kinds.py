"""The kinds of notifications about prices. `alerts.notices` fills them in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Literal

from msgspec import Struct

from notifications.kinds import Kind, Reach, Rung
from notifications.kinds.values import Moment, Money


class PriceReached(Struct, frozen=True, kw_only=True):
    """What an alert has waited for: `level` of a price, `percent` of a change, or `volume`.

    `price` is the one at which it fired, and `as_of` the venue's time of it. If it was reached
    while prices were missed, that was between `since` and `as_of`.
    """

    symbol: str
    waits_for: Literal["price_above", "price_below", "change_above", "change_below", "volume_above"]
    window: Literal["24h", "1h", "session"] | None = None
    level: Money | None = None
    percent: Decimal | None = None
    volume: Decimal | None = None
    seen: Decimal | None = None  # the change or the volume at which it fired
    price: Money
    as_of: Moment
    since: Moment | None = None
    source: str
    note: str | None = None


_NOON = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
_BITCOIN = Money(Decimal("70012.50"), "USD")
_changed = partial(PriceReached, symbol="BTC-USD", price=_BITCOIN, as_of=_NOON, source="kraken")
_SAMPLES = (
    PriceReached(
        symbol="BTC-USD",
        waits_for="price_above",
        level=Money(Decimal("70000.00"), "USD"),
        price=_BITCOIN,
        as_of=_NOON,
        source="kraken",
        note="Sell a little",
    ),
    PriceReached(
        symbol="SHIB-USD",
        waits_for="price_below",
        level=Money(Decimal("0.00000890"), "USD"),
        price=Money(Decimal("0.00000889"), "USD"),
        as_of=_NOON,
        since=_NOON.replace(minute=2),
        source="coinbase",
    ),
    _changed(waits_for="change_above", window="24h", percent=Decimal("5.00"), seen=Decimal("5.12")),
    _changed(waits_for="change_below", window="1h", percent=Decimal("-3.50"), seen=Decimal("-3.5")),
    _changed(waits_for="change_above", window="session", percent=Decimal("2"), seen=Decimal("2.1")),
    PriceReached(
        symbol="BTC-USD",
        waits_for="volume_above",
        volume=Decimal("12500"),
        seen=Decimal("12500.25"),
        price=_BITCOIN,
        as_of=_NOON,
        source="kraken",
    ),
)
_alert = partial(
    Kind,
    type="market",
    category="market",
    variables=PriceReached,
    samples=_SAMPLES,
    ladder=(
        Rung(channel="push", unless=Reach.SEEN),
        Rung(channel="email", chosen=False),
    ),
    priority="high",
)

ALERT = "market.price_alert"
URGENT_ALERT = "market.urgent_alert"
KINDS = (
    _alert(name=ALERT, title="Price alert"),
    _alert(
        name=URGENT_ALERT, title="Urgent price alert", priority="urgent", ignores_quiet_hours=True
    ),
)
