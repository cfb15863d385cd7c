"""What the venue has traded, and what the database holds at the end, read by raw SQL."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from tests.faults import truth as rows
from tests.market import truth
from tests.market.checker import Alert, Candle, Evidence, Told
from tests.market.watch import noted
from tests.market.world import World

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VOLUME_DECIMALS = 8
NEVER = 2**62  # of an alert that was not armed when the run broke off
Query = Callable[[str], Iterable[tuple[Any, ...]]]


class Listed(NamedTuple):
    """An instrument, and the decimals of its prices."""

    symbol: str
    decimals: int


def read(
    world: World, *, began: float, ended: float, healed: Iterable[tuple[float, float]]
) -> Evidence:
    """Read everything of a run; times in seconds since 1970."""
    with rows.connected(world.database_url) as query:
        instruments = {
            id_: Listed(symbol, decimals)
            for id_, symbol, decimals in query("SELECT id, symbol, decimals FROM market_instrument")
        }
        alerts = list(_alerts(query, instruments, world.armed))
        told = [
            _told(user, _json(metadata), _moment(created))
            for user, metadata, created in query(
                "SELECT user_id, metadata, created_at FROM notifications_notification "
                "WHERE type = 'market'"
            )
        ]
        candles = dict(_candles(query, instruments))
    return Evidence(
        began=_micros(began),
        ended=_micros(ended),
        trades=_trades(world),
        alerts=alerts,
        told=told,
        candles=candles,
        healed=[(_micros(begin), _micros(end)) for begin, end in healed],
        leaderless=[(each.what, each.seconds) for each in world.leaderless],
        noted=noted(world.database_url),
    )


def _trades(world: World) -> Mapping[str, Sequence[truth.Deal]]:
    """Return what the venue has sent so far, in the order in which it came."""
    shift, now = int(world.ask_venue("state")["shift"]), _micros(time.time())
    found: dict[str, list[truth.Deal]] = defaultdict(list)
    for deal in truth.deals(world.recording, shift=shift):
        if deal.arrived < now:
            found[deal.symbol.replace("/", "-")].append(deal)
    return found


def _alerts(
    query: Query, instruments: Mapping[int, Listed], armed: Mapping[int, int]
) -> Iterator[Alert]:
    for id_, user, instrument, kind, threshold, mode, count, hysteresis, cooldown in query(
        "SELECT id, user_id, instrument_id, kind, threshold, mode, fire_count, hysteresis, "
        "cooldown_seconds FROM market_pricealert"
    ):
        symbol, decimals = instruments[instrument]
        yield Alert(
            id=id_,
            user=user,
            symbol=symbol,
            rises=kind == "price_above",
            threshold=_number(threshold, decimals),
            is_repeated=mode == "repeat",
            armed_at=armed.get(id_, NEVER),
            fired=count,
            back=_number(_back(kind, threshold, hysteresis), decimals),
            cooldown=_micros(cooldown),
        )


def _candles(
    query: Query, instruments: Mapping[int, Listed]
) -> Iterator[tuple[tuple[str, int, int], Candle]]:
    for instrument, minutes, bucket, first, high, low, last, volume, count, closed in query(
        "SELECT instrument_id, minutes, bucket, open, high, low, close, volume, trades, is_closed "
        "FROM market_candle"
    ):
        symbol, decimals = instruments[instrument]
        yield (
            (symbol, minutes, _moment(bucket)),
            Candle(
                open=_number(first, decimals),
                high=_number(high, decimals),
                low=_number(low, decimals),
                close=_number(last, decimals),
                volume=_number(volume or 0, VOLUME_DECIMALS),
                trades=count or 0,
                is_closed=bool(closed),
            ),
        )


def armed(database_url: str) -> dict[int, int]:
    """Read at which of the venue's moments each alert was armed."""
    with rows.connected(database_url) as query:
        found = query("SELECT id, armed_as_of FROM market_pricealert")
        return {id_: _moment(moment) for id_, moment in found}


def _told(user: int, said: Mapping[str, Any], at: int) -> Told:
    between = said.get("between")
    return Told(
        alert=int(said["alert"]),
        user=user,
        at=at,
        price=Decimal(said["price"]),
        as_of=_moment(said["as_of"]),
        since=_moment(between[0]) if between else None,
    )


def _back(kind: str, threshold: int, hysteresis: int | None) -> int:
    """Return where an alert is armed again: by default 0.1 % and two steps away at least."""
    way = max(threshold // 1000, 2) if hysteresis is None else hysteresis
    return threshold - way if kind == "price_above" else threshold + way


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
