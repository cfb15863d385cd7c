"""Kraken: its WebSocket, version 2, and the candles, trades and pairs of its HTTP API. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from hoardrun.market.recording.clock import MINUTE, SECOND, microseconds, written
from hoardrun.market.recording.tape import Candle, Deal, News, Sorted
from hoardrun.market.recording.venues.base import (
    HttpRefused,
    Market,
    Seat,
    Speaker,
    decoded,
    encoded,
)

CHANNELS = ("ticker", "trade", "ohlc")
INTERVALS = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
MOST_CANDLES = 720
MOST_TRADES = 1000
REPEATED_TRADES = 50
_OLD_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
_STATUS = (
    '{{"channel":"status","type":"update","data":[{{"version":"2.0.10","system":"{}",'
    '"api_version":"v2","connection_id":16174536464690282295}}]}}'
)


class Kraken(Speaker):
    """Acknowledges each symbol by itself, and sends heartbeats whenever it is idle."""

    source: ClassVar[str] = "kraken"
    heartbeat_seconds: ClassVar[float | None] = 1.0
    busy: ClassVar[Mapping[str, object]] = {"error": ["EGeneral:Too many requests"]}

    def sort(self, text: str) -> Sorted | None:
        try:
            frame = decoded(text)
            channel = frame.get("channel")
            if channel not in CHANNELS:
                return None
            items = frame["data"]
            deals = tuple(map(_deal, items)) if channel == "trade" else ()
            return Sorted(channel, tuple(dict.fromkeys(item["symbol"] for item in items)), deals)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def greeting(self, market: Market) -> Sequence[str]:
        return (_STATUS.format("online"),)

    def heartbeats(self, seat: Seat, market: Market) -> Sequence[str]:
        return ('{"channel":"heartbeat"}',) if seat.has_asked else ()

    def maintenance(self, is_over: bool) -> Sequence[str]:
        return (_STATUS.format("online" if is_over else "maintenance"),)

    def answer(self, text: str, seat: Seat, market: Market) -> Sequence[str | News]:
        now = written(market.moment)
        times = {"time_in": now, "time_out": now}
        try:
            asked = decoded(text)
            number = {"req_id": int(asked["req_id"])} if "req_id" in asked else {}
            method = asked["method"]
            if method == "ping":
                return [encoded({"method": "pong", **number, **times})]
            params = asked["params"]
            channel, symbols = params["channel"], [str(symbol) for symbol in params["symbol"]]
        except (AttributeError, KeyError, TypeError, ValueError):
            return [encoded({"error": "Malformed request", "success": False, **times})]
        if method not in ("subscribe", "unsubscribe") or channel not in CHANNELS:
            error = {"error": "Unsupported method or channel", "method": method, "success": False}
            return [encoded({**error, **number, **times})]
        seat.has_asked = True
        answers: list[str | News] = []
        snapshots: list[str | News] = []
        for symbol in symbols:
            why = _refusal(method, channel, symbol, seat, market)
            if why:
                answers.append(
                    encoded(
                        {"error": why, "method": method, **number, "success": False}
                        | {"symbol": symbol, **times}
                    )
                )
                continue
            result: dict[str, object] = {"channel": channel, "symbol": symbol}
            if method == "unsubscribe":
                seat.subscriptions.discard((channel, symbol))
            else:
                seat.subscriptions.add((channel, symbol))
                if params.get("snapshot", channel != "trade"):
                    snapshots.extend(_snapshot(channel, symbol, market))
                if channel == "ohlc":
                    result["warnings"] = ["timestamp is deprecated, use interval_begin"]
            answer = {"method": method, **number, "result": result, "success": True}
            answers.append(encoded({**answer, **times}))
        return [*answers, *snapshots]

    def get(self, path: str, params: Mapping[str, str], market: Market) -> str:
        if path == "/0/public/AssetPairs":
            pairs = {_key(symbol): _pair(symbol, market) for symbol in market.symbols}
            return encoded({"error": [], "result": pairs})
        if path not in ("/0/public/OHLC", "/0/public/Trades"):
            raise HttpRefused(404, {"error": ["EGeneral:Unknown method"]})
        symbol = _named(params.get("pair", ""), market)
        if symbol is None:
            return encoded({"error": ["EQuery:Unknown asset pair"]})
        try:
            since = int(params.get("since") or 0)
            if path == "/0/public/Trades":
                result = _trades(symbol, since, market)
            else:
                result = _candles(symbol, int(params.get("interval", "1")), since, market)
        except ValueError:
            return encoded({"error": ["EGeneral:Invalid arguments"]})
        return encoded({"error": [], "result": result})


def _deal(item: Mapping[str, str]) -> Deal:
    return Deal(
        item["symbol"],
        microseconds(item["timestamp"]),
        int(item["trade_id"]),
        item["price"],
        item["qty"],
        item["side"],
    )


def _refusal(method: str, channel: str, symbol: str, seat: Seat, market: Market) -> str:
    if not market.has(symbol):
        return f"Currency pair not supported {symbol}"
    is_subscribed = (channel, symbol) in seat.subscriptions
    if method == "subscribe" and is_subscribed:
        return f"Already subscribed to {channel} {symbol}"
    return "" if method == "subscribe" or is_subscribed else "Subscription Not Found"


def _snapshot(channel: str, symbol: str, market: Market) -> Iterator[News]:
    text = None
    if channel == "ticker":
        text = market.last(channel, symbol)
        text = text and text.replace('"type":"update"', '"type":"snapshot"', 1)
    elif channel == "trade":
        text = _joined("trade", [_item(at, d) for at, d in market.deals(symbol)[-REPEATED_TRADES:]])
    else:
        since = market.moment // MINUTE * MINUTE - (MOST_CANDLES - 1) * MINUTE
        bars = market.candles(symbol, 1, since, market.moment + 1)
        text = _joined("ohlc", [_bar(symbol, bar) for bar in bars], written(market.moment, 9))
    if text:
        yield News(0, channel, (symbol,), text)


def _joined(channel: str, items: list[str], timestamp: str = "") -> str:
    """Return a snapshot. Numbers are written as they were recorded, so this is no work of json."""
    if not items:
        return ""
    when = f'"timestamp":"{timestamp}",' if timestamp else ""
    return f'{{"channel":"{channel}","type":"snapshot",{when}"data":[{",".join(items)}]}}'


def _item(at: int, deal: Deal) -> str:
    return (
        f'{{"symbol":"{deal.symbol}","side":"{deal.side}","price":{deal.price},"qty":{deal.size},'
        f'"ord_type":"market","trade_id":{deal.trade_id},"timestamp":"{written(at)}"}}'
    )


def _bar(symbol: str, bar: Candle) -> str:
    return (
        f'{{"symbol":"{symbol}","open":{bar.open},"high":{bar.high},"low":{bar.low},'
        f'"close":{bar.close},"trades":{bar.trades},"volume":{bar.volume:f},"vwap":{bar.close},'
        f'"interval_begin":"{written(bar.begin, 9)}","interval":1,'
        f'"timestamp":"{written(bar.begin + MINUTE)}"}}'
    )


def _parts(symbol: str) -> tuple[str, str]:
    base, _, quote = symbol.partition("/")
    return _OLD_NAMES.get(base, base), _OLD_NAMES.get(quote, quote)


def _key(symbol: str) -> str:
    base, quote = _parts(symbol)
    return f"X{base}Z{quote}" if base in ("XBT", "ETH") else f"{base}{quote}"


def _pair(symbol: str, market: Market) -> dict[str, Any]:
    base, quote = _parts(symbol)
    return {
        "altname": base + quote,
        "wsname": f"{base}/{quote}",
        "base": base,
        "quote": quote,
        "pair_decimals": market.decimals(symbol),
        "lot_decimals": 8,
        "status": "online",
    }


def _named(pair: str, market: Market) -> str | None:
    for symbol in market.symbols:
        if pair in (_key(symbol), "".join(_parts(symbol)), "/".join(_parts(symbol))):
            return symbol
    return None


def _candles(symbol: str, minutes: int, since: int, market: Market) -> dict[str, object]:
    """Return the last candles after `since`, the running one too; empty minutes have no volume."""
    if minutes not in INTERVALS:
        raise ValueError(minutes)
    span = minutes * MINUTE
    running = market.moment // span * span
    first = running - (MOST_CANDLES - 1) * span
    found = {bar.begin: bar for bar in market.candles(symbol, minutes, first, market.moment + 1)}
    rows: list[list[object]] = []
    last: Candle | None = None
    for begin in range(min(found, default=running + span), running + span, span):
        bar = found.get(begin)
        if bar is None and last is not None:
            bar = Candle(begin, last.close, last.close, last.close, last.close)
        last = bar
        if bar is not None and begin > since * SECOND:
            prices = (bar.open, bar.high, bar.low, bar.close, bar.close)
            rows.append([begin // SECOND, *prices, f"{bar.volume:.8f}", bar.trades])
    return {_key(symbol): rows, "last": (running - span) // SECOND}


def _trades(symbol: str, since: int, market: Market) -> dict[str, object]:
    found = [(at, deal) for at, deal in market.deals(symbol, since // 1000) if at * 1000 > since]
    found = found[:MOST_TRADES]
    rows = [
        [deal.price, deal.size, at / SECOND, deal.side[0], "m", "", deal.trade_id]
        for at, deal in found
    ]
    return {_key(symbol): rows, "last": str(found[-1][0] * 1000 if found else since)}
