"""Alpaca: its stream of stocks, and assets and candles of minutes over HTTP. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hoardrun.market.recording.clock import microseconds
from hoardrun.market.recording.tape import News, Sorted
from hoardrun.market.recording.venues.base import (
    HttpRefused,
    Market,
    Seat,
    Speaker,
    decoded,
    encoded,
)

CHANNELS = {
    "t": "trades",
    "q": "quotes",
    "b": "bars",
    "u": "updatedBars",
    "d": "dailyBars",
    "s": "statuses",
    "l": "lulds",
}


class Alpaca(Speaker):
    """Asks for a login first. It sends no heartbeats: at night nothing but pongs comes."""

    source: ClassVar[str] = "alpaca"
    patience_seconds: ClassVar[float | None] = 10.0
    busy: ClassVar[Mapping[str, object]] = {"message": "too many requests."}

    def sort(self, text: str) -> Sorted | None:
        """Say what a frame is about. All its parts are taken to be of one kind."""
        try:
            rows = decoded(text)
            channel = CHANNELS[rows[0]["T"]]
            return Sorted(channel, tuple(dict.fromkeys(row["S"] for row in rows)))
        except (IndexError, KeyError, TypeError, ValueError):
            return None

    def greeting(self, market: Market) -> Sequence[str]:
        return (_said("success", msg="connected"),)

    def answer(self, text: str, seat: Seat, market: Market) -> Sequence[str | News]:
        try:
            asked = decoded(text)
            action = asked["action"]
            pairs = {
                (channel, symbol)
                for channel in CHANNELS.values()
                for symbol in asked.get(channel, [])
            }
        except (AttributeError, KeyError, TypeError, ValueError):
            return [_error(400, "invalid syntax")]
        if action == "auth":
            if seat.is_logged_in:
                return [_error(403, "already authenticated")]
            if market.refuses_logins() or not (asked.get("key") and asked.get("secret")):
                return [_error(402, "auth failed")]
            seat.is_logged_in = True
            return [_said("success", msg="authenticated")]
        if not seat.is_logged_in:
            return [_error(401, "not authenticated")]
        if action not in ("subscribe", "unsubscribe"):
            return [_error(400, "invalid syntax")]
        if action == "unsubscribe":
            seat.subscriptions -= pairs
        elif any(market.refuses(symbol) for _, symbol in pairs):
            return [_error(405, "symbol limit exceeded")]
        else:
            seat.has_asked = True
            seat.subscriptions |= pairs  # it takes any symbol, and sends nothing of unknown ones
        return [_listed(seat)]

    def get(self, path: str, params: Mapping[str, str], market: Market) -> str:
        match path.strip("/").split("/"):
            case ["v2", "assets"]:
                return encoded([_asset(symbol) for symbol in market.symbols])
            case ["v2", "stocks", symbol, "bars"]:
                return _bars(symbol, params, market)
        raise HttpRefused(404, {"message": "endpoint not found."})


def _said(kind: str, **words: object) -> str:
    return encoded([{"T": kind, **words}])


def _error(code: int, words: str) -> str:
    return _said("error", code=code, msg=words)


def _listed(seat: Seat) -> str:
    channels: dict[str, list[str]] = {channel: [] for channel in CHANNELS.values()}
    for channel, symbol in sorted(seat.subscriptions):
        channels[channel].append(symbol)
    return _said("subscription", **channels)


def _asset(symbol: str) -> dict[str, object]:
    words = {"exchange": "NASDAQ", "status": "active", "class": "us_equity", "name": symbol}
    return {"symbol": symbol, "tradable": True, **words}


def _bars(symbol: str, params: Mapping[str, str], market: Market) -> str:
    """Return the recorded candles of minutes, as they were amended, of [start, end]."""
    try:
        since, until = microseconds(params["start"]), microseconds(params["end"])
        limit = int(params.get("limit") or 1000)
    except (KeyError, ValueError):
        raise HttpRefused(400, {"message": "invalid start, end or limit"}) from None
    found: dict[int, str] = {}
    for channel in ("bars", "updatedBars") if params.get("timeframe") == "1Min" else ():
        for text in market.frames(channel, symbol):
            for row in decoded(text):
                if row["S"] == symbol and since <= microseconds(row["t"]) <= until:
                    found[microseconds(row["t"])] = _bar(row)
    rows = [found[at] for at in sorted(found)][:limit]
    return f'{{"bars":[{",".join(rows)}],"symbol":"{symbol}","next_page_token":null}}'


def _bar(row: Mapping[str, Any]) -> str:
    """Write a candle with its numbers as they were recorded."""
    numbers = ",".join(f'"{name}":{row[name]}' for name in "ohlcvn" if name in row)
    return f'{{"t":"{row["t"]}",{numbers}}}'
