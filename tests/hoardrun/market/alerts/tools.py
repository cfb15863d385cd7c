"""An instrument with a price, alerts on it, and the engine's lease."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from hoardrun.market import lease
from hoardrun.market.alerts.board import Fires
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.services import alert_create
from hoardrun.market.alerts.times import microseconds_of
from hoardrun.market.engine.prices import Feed
from hoardrun.market.models import Instrument
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.selectors import listing_list
from hoardrun.market.services import quotes_record
from tests.hoardrun.market import tools
from tests.hoardrun.market.alerts.naive import fires

ENGINE = "engine"
MINUTE = 60_000_000


def coin(price: str = "100.00", **more: Any) -> Instrument:
    """Return BTC-USD, quoted just now."""
    found = Instrument.objects.filter(symbol="BTC-USD").first()
    if found is None:
        found = tools.instrument(
            symbol="BTC-USD", name="Bitcoin", type="crypto", currency="USD", decimals=2
        )
    quote(found, price, **more)
    return found


def quote(of: Instrument, price: str, **more: Any) -> LiveQuote:
    """Store a quote of now."""
    [listing] = listing_list(symbols=[of.symbol])
    fields: dict[str, Any] = {
        "open": None, "high": None, "low": None, "market_cap": None,
        "previous_close": Decimal("80.00"), "volume": Decimal("10"), "as_of": datetime.now(UTC),
        "source": "kraken", "feed": Feed.LIVE, "window": "rolling_24h",
    }  # fmt: skip
    found = LiveQuote(listing=listing, price=Decimal(price), **{**fields, **more})
    quotes_record(quotes=[found])
    return found


def alert(user: User, threshold: str = "110", **more: Any) -> PriceAlert:
    """Create an alert on BTC-USD; it is pending."""
    return alert_create(
        user_id=user.pk,
        **{"symbol": "BTC-USD", "kind": "price_above", "threshold": threshold, **more},
    )


def armed(row: PriceAlert, *, ago: timedelta = timedelta(minutes=1)) -> PriceAlert:
    """Arm an alert as the engine does, at a price of some time ago."""
    row.state, row.armed_price = "armed", 10_000
    row.armed_as_of = datetime.now(UTC) - ago
    row.save()
    return row


def held(holder: str = "one") -> lease.Held:
    """Lead the engine."""
    found = lease.acquire(ENGINE, holder)
    assert found is not None
    return found


def seen(
    *rows: PriceAlert, price: int = 11_000, at: int | None = None, since: int | None = None
) -> Fires:
    """Say that a price has reached alerts."""
    at = microseconds_of(datetime.now(UTC)) if at is None else at
    return fires([row.pk for row in rows], Metric.PRICE, price, price, at, since)
