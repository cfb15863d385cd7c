"""What users are told when an alert fires: the values of its texts, and of its metadata. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from hoardrun.market import scaled
from hoardrun.market.alerts import thresholds
from hoardrun.market.alerts.choices import Metric, exponent_of
from hoardrun.market.alerts.judge import Seen
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.times import moment_of
from hoardrun.market.kinds import ALERT, URGENT_ALERT, PriceReached
from notifications.kinds.values import Money
from realtime.protocol.codec import timestamp


def kind_of(row: PriceAlert) -> str:
    """Name the kind of an alert's notification."""
    return URGENT_ALERT if row.is_urgent else ALERT


def key_of(row: PriceAlert) -> str:
    """Name the notification of the fire that the row counts: it is sent once."""
    return f"alert:{row.pk}:{row.fire_count}"


def values_of(row: PriceAlert, seen: Seen) -> PriceReached:
    """Return the values of the texts."""
    fires, of = seen.fires, row.instrument
    waited, number = _number(row, row.threshold), _number(row, fires.value)
    is_price, is_volume = row.metric is Metric.PRICE, row.metric is Metric.VOLUME
    return PriceReached(
        symbol=of.symbol,
        waits_for=cast(Any, row.kind),
        window=cast(Any, row.window or None),
        level=Money(waited, of.currency) if is_price else None,
        percent=None if is_price or is_volume else waited,
        volume=waited if is_volume else None,
        seen=None if is_price else number,
        price=Money(scaled.unscale(fires.price, of.decimals), of.currency),
        as_of=moment_of(fires.at),
        since=None if fires.since is None else moment_of(fires.since),
        source=seen.source,
        note=row.note or None,
    )


def metadata_of(row: PriceAlert, seen: Seen) -> dict[str, Any]:
    """Return what programs read of the notification."""
    fires, decimals = seen.fires, row.instrument.decimals
    as_of = timestamp(moment_of(fires.at))
    told: dict[str, Any] = {
        "alert": str(row.pk),
        "symbol": row.instrument.symbol,
        "kind": row.kind,
        "threshold": thresholds.text(row.threshold, row.metric, decimals),
        "price": thresholds.text(fires.price, Metric.PRICE, decimals),
        "as_of": as_of,
        "source": seen.source,
    }
    if row.metric is not Metric.PRICE:
        told["value"] = thresholds.text(fires.value, row.metric, decimals)
    if fires.since is not None:
        told["between"] = [timestamp(moment_of(fires.since)), as_of]
    return told


def _number(row: PriceAlert, value: int) -> Decimal:
    metric, decimals = row.metric, row.instrument.decimals
    if metric is Metric.PRICE:
        return scaled.unscale(value, exponent_of(metric, decimals))
    return Decimal(thresholds.text(value, metric, decimals))
