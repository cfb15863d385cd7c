"""What Kraken speaks on its WebSocket, version 2. Pure.

It acknowledges each symbol by itself. A refusal names the symbol and not the channel, which the
number of the request tells. It sends heartbeats when it has nothing else to send, and also when
all symbols were refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count
from typing import ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from hoardrun.market.feeds import times
from hoardrun.market.feeds.events import (
    Bar,
    Event,
    Failed,
    Heartbeat,
    Missed,
    Odd,
    Pong,
    Refused,
    Subscribed,
    Ticker,
    Trade,
    VenueState,
)
from hoardrun.market.feeds.kraken.history import KrakenHistory
from hoardrun.market.feeds.reading import BadFrame, check, clipped, frame
from hoardrun.market.feeds.venue import Channel, History, Limits, Venue

# Tickers at each change of the best bid or ask: a symbol with few trades shows that it is alive.
# `snapshot` repeats the newest trades and candles, which closes short holes.
_PARAMS: dict[str, dict[str, object]] = {
    "ticker": {"event_trigger": "bbo", "snapshot": True},
    "trade": {"snapshot": True},
    "ohlc": {"interval": 1, "snapshot": True},
}
MAX_ASKED = 1000
# Refusals of this moment: what is asked is no reason for them.
_BUSY = ("rate limit", "too many", "exceeded", "unavailable", "busy", "internal", "timeout")


class _Result(Struct):
    channel: str = ""
    symbol: str = ""
    warnings: list[str] | None = None


class _Frame(Struct):
    """The outside of every frame: an answer has a method, news have a channel."""

    channel: str = ""
    method: str = ""
    type: str = ""
    data: list[Raw] = []
    timestamp: str = ""
    req_id: int | None = None
    success: bool = True
    result: _Result | None = None
    error: str = ""
    symbol: str = ""


class _Ticker(Struct):
    symbol: str
    last: Decimal
    timestamp: str
    bid: Decimal | None = None
    ask: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    change: Decimal | None = None
    volume: Decimal | None = None


class _Trade(Struct):
    symbol: str
    price: Decimal
    qty: Decimal
    timestamp: str
    trade_id: int | None = None


class _Bar(Struct):
    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    interval_begin: str
    interval: int
    volume: Decimal | None = None
    trades: int | None = None


class _Status(Struct):
    system: str
    upcoming_maintenance: list[Raw] | None = None
    emergency: list[Raw] | None = None


class _Symbol(Struct):
    symbol: str = ""


_frames = msgspec.json.Decoder(_Frame)
_tickers = msgspec.json.Decoder(_Ticker)
_trades = msgspec.json.Decoder(_Trade)
_bars = msgspec.json.Decoder(_Bar)
_states = msgspec.json.Decoder(_Status)
_symbols = msgspec.json.Decoder(_Symbol)


class Kraken(Venue):
    """Kraken: crypto, and the large pairs of currencies. Without a key."""

    name: ClassVar[str] = "kraken"
    address: ClassVar[str] = "wss://ws.kraken.com/v2"
    limits: ClassVar[Limits] = Limits(
        silence_seconds=5.0,  # it sends a heartbeat each second
        heartbeat_seconds=5.0,
        ping_seconds=2.0,  # heartbeats come only once a symbol is subscribed
        connects=37,
        connects_seconds=600.0,
    )
    channels: ClassVar[Sequence[Channel]] = ("ticker", "trades", "bars")
    window: ClassVar[Literal["rolling_24h", "session"]] = "rolling_24h"
    types: ClassVar[Sequence[str]] = ("crypto", "forex")
    history: ClassVar[History | None] = KrakenHistory()

    def __init__(self) -> None:
        self._numbers = count(1)
        self._asked: dict[int, str] = {}  # the channel of each request
        self._newest: dict[str, int] = {}  # number of the last trade
        self._readers: dict[str, Callable[[Raw, _Frame], list[Event]]] = {
            "ticker": _ticker,
            "trade": self._trade,
            "ohlc": _bar,
            "status": _state,
        }

    def subscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        return [
            self._request("subscribe", channel, symbols, _PARAMS[channel]) for channel in _PARAMS
        ]

    def unsubscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        extra: dict[str, dict[str, object]] = {"ohlc": {"interval": 1}}
        return [
            self._request("unsubscribe", channel, symbols, extra.get(channel, {}))
            for channel in _PARAMS
        ]

    def ping(self) -> str | None:
        return frame({"method": "ping", "req_id": next(self._numbers)})

    def read(self, text: str) -> Sequence[Event]:
        try:
            found = _frames.decode(text)
        except BadFrame as error:
            return [Odd(clipped(f"No frame of Kraken: {error}"))]
        if found.method:
            return self._answer(found)
        if found.channel == "heartbeat":
            return [Heartbeat()]
        reader = self._readers.get(found.channel)
        if reader is None:
            return [Odd(clipped(f"Unknown channel: {found.channel!r}"))]
        events: list[Event] = []
        for row in found.data:
            try:
                events += reader(row, found)
            except BadFrame as error:
                events.append(Odd(clipped(f"{found.channel}: {error}"), _symbol_of(row)))
        return events

    def _request(
        self, method: str, channel: str, symbols: Sequence[str], params: dict[str, object]
    ) -> str:
        number = next(self._numbers)
        if method == "subscribe":
            self._asked[number] = channel
            if len(self._asked) > MAX_ASKED:
                del self._asked[next(iter(self._asked))]
        everything = {"channel": channel, "symbol": list(symbols), **params}
        return frame({"method": method, "params": everything, "req_id": number})

    def _answer(self, found: _Frame) -> list[Event]:
        if found.method == "pong":
            return [Pong()]
        if found.method != "subscribe":
            return []
        result = found.result or _Result()
        channel = result.channel or self._asked.get(found.req_id or 0, "")
        symbol = result.symbol or found.symbol
        why, words = clipped(found.error or "It was refused without a reason."), found.error.lower()
        if found.success or "already subscribed" in words:
            if not symbol:
                return [Odd("An acknowledgement names no symbol.")]
            return [Subscribed(symbol, channel, tuple(map(clipped, result.warnings or ())))]
        is_busy = any(word in words for word in _BUSY)
        if not symbol:
            return [Failed(why, is_fatal=not is_busy)]
        return [Odd(why, symbol) if is_busy else Refused(symbol, channel, why)]

    def _trade(self, row: Raw, found: _Frame) -> list[Event]:
        each = _trades.decode(row)
        check(each.price, size=each.qty)
        is_history = found.type == "snapshot"
        at = times.of_text(each.timestamp)
        events: list[Event] = []
        if each.trade_id is not None:
            newest = self._newest.get(each.symbol, each.trade_id)
            # They are numbered without holes for each pair.
            if each.trade_id > newest + 1 and not is_history:
                events.append(Missed(each.symbol))
            self._newest[each.symbol] = max(newest, each.trade_id)
        events.append(Trade(each.symbol, each.price, each.qty, at, each.trade_id, is_history))
        return events


def _ticker(row: Raw, found: _Frame) -> list[Event]:
    each = _tickers.decode(row)
    check(each.last, each.bid, each.ask, each.high, each.low, each.change, size=each.volume)
    # The change is against the price of 24 hours ago, which is not sent by itself.
    before = None if each.change is None else each.last - each.change
    return [
        Ticker(
            each.symbol,
            each.last,
            times.of_text(each.timestamp),
            is_snapshot=found.type == "snapshot",
            bid=each.bid,
            ask=each.ask,
            open=before,
            high=each.high,
            low=each.low,
            previous_close=before,
            volume=each.volume,
        )
    ]


def _bar(row: Raw, found: _Frame) -> list[Event]:
    each = _bars.decode(row)
    check(each.open, each.high, each.low, each.close, size=each.volume)
    return [
        Bar(
            each.symbol,
            times.of_text(each.interval_begin),
            each.interval,
            each.open,
            each.high,
            each.low,
            each.close,
            each.volume,
            each.trades,
            is_snapshot=found.type == "snapshot",
            at=times.of_text(found.timestamp) if found.timestamp else None,
        )
    ]


def _state(row: Raw, found: _Frame) -> list[Event]:
    each = _states.decode(row)
    words = [each.system]
    if each.upcoming_maintenance:
        words.append("maintenance announced")
    if each.emergency:
        words.append("emergency")
    return [VenueState(each.system == "online", clipped(", ".join(words)))]


def _symbol_of(row: Raw) -> str:
    try:
        return _symbols.decode(row).symbol
    except BadFrame:
        return ""
