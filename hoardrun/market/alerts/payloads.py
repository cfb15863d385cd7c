"""Alerts as JSON has them: the same over HTTP, in the snapshot and in messages. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from hoardrun.market.alerts import thresholds
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.messages import AlertFields, PriceAlertChanged
from realtime.protocol.codec import timestamp


def alert_fields(row: PriceAlert, *, is_suspended: bool) -> AlertFields:
    """Describe an alert; its instrument is loaded with it."""
    decimals, metric = row.instrument.decimals, row.metric
    return AlertFields(
        id=str(row.pk),
        symbol=row.instrument.symbol,
        kind=row.kind,
        threshold=thresholds.text(row.threshold, metric, decimals),
        window=row.window or None,
        mode=cast(Any, row.mode),
        hysteresis=(
            None if row.hysteresis is None else thresholds.text(row.hysteresis, metric, decimals)
        ),
        cooldown_seconds=row.cooldown_seconds,
        note=row.note,
        urgent=row.is_urgent,
        expires_at=_moment(row.expires_at),
        state=row.state,
        suspended=is_suspended,
        fire_count=row.fire_count,
        last_fired_at=_moment(row.last_fired_at),
        armed_price=(
            None
            if row.armed_price is None
            else thresholds.text(row.armed_price, Metric.PRICE, decimals)
        ),
        version=row.version,
        created_at=timestamp(row.created_at),
    )


def alert_changed(row: PriceAlert, *, is_suspended: bool) -> PriceAlertChanged:
    """Tell of an alert as it is now; what is removed is told by its id alone."""
    fields = alert_fields(row, is_suspended=is_suspended)
    return PriceAlertChanged(id=str(row.pk), alert=fields)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)
