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
from notifications.services import Notice
from realtime.protocol.codec import timestamp


def notice_of(row: PriceAlert, seen: Seen) -> Notice:
    """Return the notification of the fire that the row counts; its key lets it be sent once."""
    return Notice(
        user_id=row.user_id,
        kind=URGENT_ALERT if row.is_urgent else ALERT,
        values=_values_of(row, seen),
        metadata=_metadata_of(row, seen),
        key=f"alert:{row.pk}:{row.fire_count}",
    )


def _values_of(row: PriceAlert, seen: Seen) -> PriceReached:
    """Return the values of the texts."""
    at, of = seen.number, row.instrument
    waited, number = _number(row, row.threshold), _number(row, at.value)
    is_price, is_volume = row.metric is Metric.PRICE, row.metric is Metric.VOLUME
    return PriceReached(
        symbol=of.symbol,
        waits_for=cast(Any, row.kind),
        window=cast(Any, row.window or None),
        level=Money(waited, of.currency) if is_price else None,
        percent=None if is_price or is_volume else waited,
        volume=waited if is_volume else None,
        seen=None if is_price else number,
        price=Money(scaled.unscale(at.price, of.decimals), of.currency),
        as_of=moment_of(at.at),
        since=None if at.since is None else moment_of(at.since),
        source=seen.source,
        note=row.note or None,
    )


def _metadata_of(row: PriceAlert, seen: Seen) -> dict[str, Any]:
    """Return what programs read of the notification."""
    number, decimals = seen.number, row.instrument.decimals
    as_of = timestamp(moment_of(number.at))
    told: dict[str, Any] = {
        "alert": str(row.pk),
        "symbol": row.instrument.symbol,
        "kind": row.kind,
        "threshold": thresholds.text(row.threshold, row.metric, decimals),
        "price": thresholds.text(number.price, Metric.PRICE, decimals),
        "as_of": as_of,
        "source": seen.source,
    }
    if row.metric is not Metric.PRICE:
        told["value"] = thresholds.text(number.value, row.metric, decimals)
    if number.since is not None:
        told["between"] = [timestamp(moment_of(number.since)), as_of]
    return told


def _number(row: PriceAlert, value: int) -> Decimal:
    metric, decimals = row.metric, row.instrument.decimals
    if metric is Metric.PRICE:
        return scaled.unscale(value, exponent_of(metric, decimals))
    return Decimal(thresholds.text(value, metric, decimals))
