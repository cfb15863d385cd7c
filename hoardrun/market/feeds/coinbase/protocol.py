"""What Coinbase Exchange speaks on its WebSocket. Pure.

It acknowledges with the whole list of what is subscribed. A refusal stops the request that it
answers as a whole, and names the product in its text alone. Trades are numbered without holes for
each product; tickers are samples, whose numbers have holes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import ClassVar, Literal

import msgspec
from msgspec import Struct

from hoardrun.market.feeds import times
from hoardrun.market.feeds.coinbase.history import CoinbaseHistory
from hoardrun.market.feeds.events import (
    Event,
    Failed,
    Heartbeat,
    Missed,
    Odd,
    Reconnect,
    Refused,
    Subscribed,
    Ticker,
    Trade,
)
from hoardrun.market.feeds.reading import BadFrame, check, clipped, frame
from hoardrun.market.feeds.venue import Channel, History, Limits, Venue

_CHANNELS = ("ticker", "matches", "heartbeat")
_BAD_PRODUCT = re.compile(r"([\w-]+) is not a valid product", re.I)
_WORD = re.compile(r"[\w-]+")
_UNSUBSCRIBE = "unsubscribe"
# It says so before it cuts off a client that reads too slowly.
_SLOW = "slow"
_FATAL = ("channel", "auth", "signature", "api key", "malformed", "json")


class _Channel(Struct):
    name: str
    product_ids: list[str] = []


class _Frame(Struct):
    """All fields of all frames: `type` says which of them it must have."""

    type: str
    product_id: str = ""
    price: Decimal | None = None
    size: Decimal | None = None
    time: str = ""
    trade_id: int | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    open_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    channels: list[_Channel] = []
    message: str = ""
    reason: str = ""


class _Product(Struct):
    product_id: str = ""


# Decimals are read from texts, as all numbers of prices come.
_frames = msgspec.json.Decoder(_Frame)
_products = msgspec.json.Decoder(_Product)


class Coinbase(Venue):
    """Coinbase Exchange: crypto, without a key."""

    name: ClassVar[str] = "coinbase"
    address: ClassVar[str] = "wss://ws-feed.exchange.coinbase.com"
    limits: ClassVar[Limits] = Limits(
        silence_seconds=10.0,  # a heartbeat each second for each product
        heartbeat_seconds=10.0,
        ack_seconds=2.0,  # it cuts a connection that has subscribed to nothing for 5 s
        symbols_a_frame=10,  # a refusal stops all of them: the others are asked for anew
        frames_a_second=2.0,  # a quarter of what it allows
        connects=20,
        connects_seconds=60.0,
        requests_a_second=2.0,
    )
    channels: ClassVar[Sequence[Channel]] = ("ticker", "trades")
    window: ClassVar[Literal["rolling_24h", "session"]] = "rolling_24h"
    history: ClassVar[History | None] = CoinbaseHistory()

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._subscribed: set[tuple[str, str]] = set()
        self._quoted: set[str] = set()
        self._newest: dict[str, int] = {}  # number of the last trade
        self._readers: dict[str, Callable[[_Frame], list[Event]]] = {
            "ticker": self._ticker,
            "match": self._trade,
            "last_match": self._trade,
            "heartbeat": lambda found: [Heartbeat()],
            "subscriptions": self._subscriptions,
            "error": self._error,
        }

    def subscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        wanted = set(symbols)  # its next answer says anew what is subscribed
        self._asked |= wanted
        self._subscribed = {pair for pair in self._subscribed if pair[0] not in wanted}
        return [_request("subscribe", symbols)]

    def unsubscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        return [_request("unsubscribe", symbols)]

    def read(self, text: str) -> Sequence[Event]:
        try:
            found = _frames.decode(text)
            reader = self._readers.get(found.type)
            if reader is None:
                return [Odd(clipped(f"Unknown type: {found.type!r}"), found.product_id)]
            return reader(found)
        except BadFrame as error:
            return [Odd(clipped(f"No frame of Coinbase: {error}"), _product_of(text))]

    def _subscriptions(self, found: _Frame) -> list[Event]:
        now = {
            (symbol, channel.name)
            for channel in found.channels
            if channel.name in _CHANNELS
            for symbol in channel.product_ids
        }
        new = now - self._subscribed
        self._subscribed = now
        return [Subscribed(symbol, channel) for symbol, channel in sorted(new)]

    def _ticker(self, found: _Frame) -> list[Event]:
        if found.price is None or not found.product_id:
            raise ValueError("A ticker has no price or no product.")
        check(found.price, found.best_bid, found.best_ask, found.open_24h)
        check(found.high_24h, found.low_24h, size=found.volume_24h)
        at = times.of_text(found.time)
        # The first one after a subscription repeats the last trade, which may be old.
        is_snapshot = found.product_id not in self._quoted
        self._quoted.add(found.product_id)
        return [
            Ticker(
                found.product_id,
                found.price,
                at,
                is_snapshot,
                bid=found.best_bid,
                ask=found.best_ask,
                open=found.open_24h,
                high=found.high_24h,
                low=found.low_24h,
                previous_close=found.open_24h,
                volume=found.volume_24h,
            )
        ]

    def _trade(self, found: _Frame) -> list[Event]:
        if found.price is None or found.size is None or not found.product_id:
            raise ValueError("A trade has no price, no size or no product.")
        check(found.price, size=found.size)
        at = times.of_text(found.time)
        is_history = found.type == "last_match"
        events: list[Event] = []
        if found.trade_id is not None:
            newest = self._newest.get(found.product_id, found.trade_id)
            if found.trade_id > newest + 1 and not is_history:
                events.append(Missed(found.product_id))
            self._newest[found.product_id] = max(newest, found.trade_id)
        events.append(
            Trade(found.product_id, found.price, found.size, at, found.trade_id, is_history)
        )
        return events

    def _error(self, found: _Frame) -> list[Event]:
        words = clipped(f"{found.message}: {found.reason}" if found.reason else found.message)
        small = words.lower()
        if _UNSUBSCRIBE in small:
            return [Odd(words)]  # what was refused is not subscribed either
        # However it says so: one product must not take the connection from the others.
        bad = [word for word in _WORD.findall(words) if word in self._asked]
        if bad := bad or _BAD_PRODUCT.findall(words):
            return [Refused(product, "", words) for product in dict.fromkeys(bad)]
        if _SLOW in small:
            return [Reconnect(words)]
        return [Failed(words or "An error without words.", any(word in small for word in _FATAL))]


def _request(kind: str, symbols: Sequence[str]) -> str:
    return frame({"type": kind, "product_ids": list(symbols), "channels": list(_CHANNELS)})


def _product_of(text: str) -> str:
    try:
        return _products.decode(text).product_id
    except BadFrame:
        return ""
