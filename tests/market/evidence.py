"""What the venue has traded, and what the database holds at the end, read by raw SQL."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.faults import truth as rows
from tests.market import truth
from tests.market.checker import Alert, Candle, Evidence, Told
from tests.market.world import World

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VOLUME_DECIMALS = 8
NEVER = 2**62  # of an alert that was not armed when the run broke off
INTERVALS = (1, 5)  # minutes of the candles that are compared


def read(
    world: World, *, began: float, ended: float, healed: Iterable[tuple[float, float]]
) -> Evidence:
    """Read everything of a run; times in seconds since 1970."""
    shift = int(world.ask_venue("state")["shift"])
    trades: dict[str, list[truth.Deal]] = defaultdict(list)
    until, now = _micros(ended), _micros(time.time())
    for deal in truth.deals(world.recording, shift=shift):
        if deal.arrived < now:
            trades[deal.symbol.replace("/", "-")].append(deal)
    with rows.connected(world.database_url) as query:
        instruments = {
            id_: (symbol, decimals)
            for id_, symbol, decimals in query("SELECT id, symbol, decimals FROM market_instrument")
        }
        alerts = [
            Alert(
                id=id_, user=user, symbol=instruments[instrument][0], rises=kind == "price_above",
                threshold=_number(threshold, instruments[instrument][1]),
                is_repeated=mode == "repeat", armed_at=world.armed.get(id_, NEVER), fired=count,
            )
            for id_, user, instrument, kind, threshold, mode, count in query(
                "SELECT id, user_id, instrument_id, kind, threshold, mode, fire_count "
                "FROM market_pricealert"
            )
        ]  # fmt: skip
        told = [
            Told(int(_json(metadata)["alert"]), user, _moment(created))
            for user, metadata, created in query(
                "SELECT user_id, metadata, created_at FROM notifications_notification "
                "WHERE type = 'market'"
            )
        ]
        candles, written = {}, 0
        for (
            instrument,
            minutes,
            bucket,
            first,
            high,
            low,
            last,
            volume,
            count,
            closed,
            epoch,
        ) in query(
            "SELECT instrument_id, minutes, bucket, open, high, low, close, volume, trades, "
            "is_closed, epoch FROM market_candle"
        ):
            symbol, decimals = instruments[instrument]
            written = max(written, epoch)
            candles[symbol, minutes, _moment(bucket)] = Candle(
                open=_number(first, decimals),
                high=_number(high, decimals),
                low=_number(low, decimals),
                close=_number(last, decimals),
                volume=_number(volume or 0, VOLUME_DECIMALS),
                trades=count or 0,
                is_closed=bool(closed),
            )
        epochs = dict(query("SELECT name, epoch FROM market_lease"))
    return Evidence(
        began=_micros(began),
        ended=until,
        trades=trades,
        alerts=alerts,
        told=told,
        candles=candles,
        healed=[(_micros(begin), _micros(end)) for begin, end in healed],
        leaderless=[(each.what, each.seconds) for each in world.leaderless],
        epochs=epochs,
        epochs_written={"engine": written},
    )


def armed(database_url: str) -> dict[int, int]:
    """Read at which of the venue's moments each alert was armed."""
    with rows.connected(database_url) as query:
        found = query("SELECT id, armed_as_of FROM market_pricealert")
        return {id_: _moment(moment) for id_, moment in found}


def _micros(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _number(steps: int, decimals: int) -> Decimal:
    return Decimal(steps).scaleb(-decimals)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _moment(value: datetime | str) -> int:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return (value - EPOCH) // timedelta(microseconds=1)
