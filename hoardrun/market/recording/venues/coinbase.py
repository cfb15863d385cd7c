"""Coinbase Exchange: its public WebSocket, and products, candles and trades over HTTP. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hoardrun.market.recording.clock import MINUTE, SECOND, microseconds, written
from hoardrun.market.recording.tape import Deal, News, Sorted
from hoardrun.market.recording.venues.base import (
    HttpRefused,
    Market,
    Seat,
    Speaker,
    decoded,
    encoded,
)

CHANNELS = ("ticker", "matches", "heartbeat")
GRANULARITIES = (60, 300, 900, 3600, 21600, 86400)
MOST_CANDLES = 300
MOST_TRADES = 1000


class Coinbase(Speaker):
    """Answers each request with all subscriptions; one bad product refuses the whole request."""

    source: ClassVar[str] = "coinbase"
    heartbeat_seconds: ClassVar[float | None] = 1.0
    beats_when_idle: ClassVar[bool] = False
    patience_seconds: ClassVar[float | None] = 5.0

    def sort(self, text: str) -> Sorted | None:
        try:
            frame = decoded(text)
            kind, symbol = frame["type"], frame["product_id"]
            if kind == "ticker":
                return Sorted("ticker", (symbol,))
            if kind == "match":
                return Sorted("matches", (symbol,), (_deal(frame),))
        except (KeyError, TypeError, ValueError):
            pass
        return None

    def heartbeats(self, seat: Seat, market: Market) -> Sequence[str]:
        return [
            encoded(
                {"type": "heartbeat", "sequence": _sequence(symbol, market), "last_trade_id": 0}
                | {"product_id": symbol, "time": written(market.moment)}
            )
            for channel, symbol in sorted(seat.subscriptions)
            if channel == "heartbeat"
        ]

    def answer(self, text: str, seat: Seat, market: Market) -> Sequence[str | News]:
        try:
            asked = decoded(text)
            kind = asked["type"]
            pairs = _pairs(asked)
        except (AttributeError, KeyError, TypeError, ValueError):
            return [_error("Malformed JSON", "")]
        if kind not in ("subscribe", "unsubscribe"):
            return [_error("Failed to subscribe", f"Type {kind} is not valid")]
        for channel, symbol in pairs:
            if channel not in CHANNELS:
                return [_error("Failed to subscribe", f"{channel} is not a valid channel")]
            if kind == "subscribe" and not market.has(symbol):
                return [_error("Failed to subscribe", f"{symbol} is not a valid product")]
        seat.has_asked = True
        fresh = [pair for pair in pairs if pair not in seat.subscriptions]
        if kind == "subscribe":
            seat.subscriptions.update(pairs)
        else:
            seat.subscriptions.difference_update(pairs)
            fresh = []
        snapshots = (_snapshot(channel, symbol, market) for channel, symbol in fresh)
        return [_listed(seat), *(news for news in snapshots if news)]

    def get(self, path: str, params: Mapping[str, str], market: Market) -> str:
        match path.strip("/").split("/"):
            case ["products"]:
                return encoded([_product(symbol, market) for symbol in market.symbols])
            case ["products", symbol, "candles"] if symbol in market.symbols:
                return _candles(symbol, params, market)
            case ["products", symbol, "trades"] if symbol in market.symbols:
                return _trades(symbol, params, market)
        raise HttpRefused(404, {"message": "NotFound"})


def _deal(frame: Mapping[str, str]) -> Deal:
    return Deal(
        frame["product_id"],
        microseconds(frame["time"]),
        int(frame["trade_id"]),
        frame["price"],
        frame["size"],
        frame["side"],
    )


def _pairs(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the channels and products of a request: a channel may name products of its own."""
    pairs = []
    for channel in asked["channels"]:
        is_named = isinstance(channel, str)
        name = channel if is_named else channel["name"]
        own = [] if is_named else channel.get("product_ids", [])
        pairs += [(name, symbol) for symbol in [*asked.get("product_ids", []), *own]]
    return list(dict.fromkeys(pairs))


def _listed(seat: Seat) -> str:
    channels: dict[str, list[str]] = {}
    for channel, symbol in sorted(seat.subscriptions):
        channels.setdefault(channel, []).append(symbol)
    rows = [
        {"name": name, "product_ids": symbols, "account_ids": None}
        for name, symbols in channels.items()
    ]
    return encoded({"type": "subscriptions", "channels": rows})


def _error(message: str, reason: str) -> str:
    return encoded({"type": "error", "message": message, "reason": reason})


def _snapshot(channel: str, symbol: str, market: Market) -> News | None:
    text = market.last(channel, symbol)
    if text is None:
        return None
    return News(0, channel, (symbol,), text.replace('"type":"match"', '"type":"last_match"', 1))


def _sequence(symbol: str, market: Market) -> int:
    last = market.last("ticker", symbol)
    return int(decoded(last)["sequence"]) if last else 0


def _product(symbol: str, market: Market) -> dict[str, object]:
    base, _, quote = symbol.partition("-")
    decimals = market.decimals(symbol)
    return {
        "id": symbol,
        "base_currency": base,
        "quote_currency": quote,
        "quote_increment": f"{10**-decimals:.{decimals}f}",
        "base_increment": "0.00000001",
        "display_name": f"{base}/{quote}",
        "status": "online",
        "status_message": "",
        "trading_disabled": False,
        "post_only": False,
        "cancel_only": False,
        "limit_only": False,
    }


def _candles(symbol: str, params: Mapping[str, str], market: Market) -> str:
    """Return the candles newest first, each [time, low, high, open, close, volume], as numbers."""
    try:
        span = int(params.get("granularity", "60"))
        if span not in GRANULARITIES:
            raise ValueError(span)
        until = _time(params["end"]) if params.get("end") else market.moment
        since = _time(params["start"]) if params.get("start") else until - 300 * span * SECOND
    except ValueError:
        raise HttpRefused(400, {"message": "Invalid granularity, start or end"}) from None
    if until - since > MOST_CANDLES * span * SECOND:
        why = "granularity too small for the requested time range. Count of aggregations requested "
        raise HttpRefused(400, {"message": f"{why}exceeds {MOST_CANDLES}"})
    since = since // (span * SECOND) * span * SECOND
    rows = [
        f"[{bar.begin // SECOND},{bar.low},{bar.high},{bar.open},{bar.close},{bar.volume:f}]"
        for bar in market.candles(symbol, span * SECOND // MINUTE, since, until + 1)
    ]
    return f"[{','.join(reversed(rows))}]"


def _trades(symbol: str, params: Mapping[str, str], market: Market) -> str:
    """Return the trades newest first: older than the number `after`, or newer than `before`."""
    try:
        limit = min(MOST_TRADES, int(params.get("limit") or 100))
        after = int(params["after"]) if params.get("after") else None
        before = int(params["before"]) if params.get("before") else None
    except ValueError:
        raise HttpRefused(400, {"message": "Invalid limit or cursor"}) from None
    found = sorted(market.deals(symbol), key=lambda pair: -pair[1].trade_id)
    rows = [
        {"trade_id": deal.trade_id, "side": deal.side, "size": deal.size}
        | {"price": deal.price, "time": written(at)}
        for at, deal in found
        if (after is None or deal.trade_id < after) and (before is None or deal.trade_id > before)
    ]
    return encoded(rows[:limit])


def _time(text: str) -> int:
    return int(text) * SECOND if text.isdigit() else microseconds(text)
