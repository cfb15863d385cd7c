"""What Alpaca's stream of stocks speaks. Pure.

Frames are lists. It takes subscriptions only after the login was accepted, and answers each with
the whole list. A refusal answers the oldest question and names no symbol. A halt is told by a
status, or by bands of prices that are suspended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Raw, Struct

from hoardrun.market.feeds import times
from hoardrun.market.feeds.events import (
    Bar,
    Event,
    Failed,
    Halt,
    Odd,
    Reconnect,
    Refused,
    Subscribed,
    Ticker,
    Trade,
)
from hoardrun.market.feeds.reading import BadFrame, check, clipped, frame
from hoardrun.market.feeds.venue import Channel, Limits, Venue

_PRICES = ("trades", "bars", "updatedBars", "dailyBars")
_HALTS = ("statuses", "lulds")  # a plan may lack them: then prices come all the same
_CHANNELS = (*_PRICES, *_HALTS)
# Codes of a status by both tapes, those of CTA and those of UTP. Others are news without effect,
# such as Q, quotes before the trading goes on.
_STATES = {"2": True, "H": True, "P": True, "3": False, "T": False}
# Indicators of UTP with the bands of prices: suspended during a halt, and new after it. The same
# letters of CTA, the other tapes, are about bids and offers at the limit, which is no halt.
_BANDS = {"D": True, "E": False}
_UTP = "C"
# Conditions of trades that were made at another time, or at another price than the market's:
# derivatively priced, contingent, for cash, of another day, at a prior or an average price, out of
# sequence.
_NO_PRICE = frozenset(("4", "7", "C", "H", "N", "P", "R", "U", "V", "W", "Z"))
# What changes nothing: quotes; corrections and cancels, which amend candles.
_SILENT = ("q", "c", "x", "i", "n")
_TOO_MANY_SYMBOLS = 405  # what was subscribed goes on
_NOT_IN_PLAN = (409, 410)
_FATAL = (400, 402, 410)
_SLOW = 407
_LOGGED_IN_TWICE = 403


class _Answer(Struct):
    T: str = ""
    msg: str = ""
    code: int = 0
    trades: list[str] = []
    bars: list[str] = []
    updatedBars: list[str] = []
    dailyBars: list[str] = []
    statuses: list[str] = []
    lulds: list[str] = []


class _Trade(Struct):
    S: str
    p: Decimal
    s: Decimal
    t: str
    c: list[str] = []


class _Bar(Struct):
    S: str
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741
    c: Decimal
    v: Decimal
    t: str
    n: int | None = None


class _Status(Struct):
    S: str
    sc: str
    t: str
    sm: str = ""
    rm: str = ""


class _Bands(Struct):
    S: str
    t: str
    i: str = ""
    z: str = ""


class _Kind(Struct):
    T: str
    S: str = ""


_frames = msgspec.json.Decoder(list[Raw])
_kinds = msgspec.json.Decoder(_Kind)
_answers = msgspec.json.Decoder(_Answer)
_trades = msgspec.json.Decoder(_Trade)
_bars = msgspec.json.Decoder(_Bar)
_states = msgspec.json.Decoder(_Status)
_bands = msgspec.json.Decoder(_Bands)


class _Question(NamedTuple):
    symbols: Sequence[str]
    channels: Sequence[str]


class Alpaca(Venue):
    """Alpaca: stocks of the United States, as traded at IEX. With a key."""

    name: ClassVar[str] = "alpaca"
    address: ClassVar[str] = "wss://stream.data.alpaca.markets/v2/iex"
    limits: ClassVar[Limits] = Limits(
        silence_seconds=30.0,  # at night nothing but pongs comes
        ack_seconds=2.0,  # what is asked before the login was accepted is asked again
        symbols_a_frame=30,
        symbols=30,
        connects=5,
        requests_a_second=0.8,  # a quarter of 200 a minute
    )
    channels: ClassVar[Sequence[Channel]] = ("trades", "bars")
    window: ClassVar[Literal["rolling_24h", "session"]] = "session"
    types: ClassVar[Sequence[str]] = ("stock",)

    def __init__(self, key: str = "", secret: str = "") -> None:
        self._login = frame({"action": "auth", "key": key, "secret": secret})
        self._is_logged_in = False
        self._channels: Sequence[str] = _CHANNELS  # that the plan has, as far as is known
        self._asked: deque[_Question] = deque()  # those that are not answered
        self._warnings: tuple[str, ...] = ()
        self._subscribed: set[tuple[str, str]] = set()
        self._newest: dict[str, Ticker] = {}
        self._readers: dict[str, Callable[[Raw], list[Event]]] = {
            "t": self._trade,
            "b": _bar,
            "u": lambda row: [replace(each, is_amended=True) for each in _bars_of(row)],
            "d": self._day,
            "s": _status,
            "l": _band,
            "success": self._success,
            "subscription": self._subscription,
            "error": self._error,
            **dict.fromkeys(_SILENT, lambda row: []),
        }

    def opening(self) -> Sequence[str]:
        return [self._login]

    def subscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        return self._request("subscribe", symbols, symbols)

    def unsubscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        gone = set(symbols)
        self._subscribed = {pair for pair in self._subscribed if pair[0] not in gone}
        return self._request("unsubscribe", symbols, ())

    def read(self, text: str) -> Sequence[Event]:
        try:
            rows = _frames.decode(text)
        except BadFrame as error:
            return [Odd(clipped(f"No frame of Alpaca: {error}"))]
        events: list[Event] = []
        for row in rows:
            symbol = ""
            try:
                kind = _kinds.decode(row)
                symbol = kind.S
                reader = self._readers.get(kind.T)
                if reader is None:
                    raise ValueError(f"Unknown type: {kind.T!r}")
                events += reader(row)
            except BadFrame as error:
                events.append(Odd(clipped(str(error)), symbol))
        return events

    def _request(self, action: str, symbols: Sequence[str], asked: Sequence[str]) -> Sequence[str]:
        if not self._is_logged_in:
            return []
        self._asked.append(_Question(asked, self._channels))
        return [frame({"action": action, **dict.fromkeys(self._channels, list(symbols))})]

    def _success(self, row: Raw) -> list[Event]:
        if _answers.decode(row).msg == "authenticated":
            self._is_logged_in = True
        return []

    def _subscription(self, row: Raw) -> list[Event]:
        answer = _answers.decode(row)
        if self._asked:
            self._asked.popleft()
        now = {(symbol, name) for name in _CHANNELS for symbol in getattr(answer, name)}
        new = now - self._subscribed
        self._subscribed = now
        if new:
            warnings, self._warnings = self._warnings, ()
            return [Subscribed(symbol, channel, warnings) for symbol, channel in sorted(new)]
        return []

    def _error(self, row: Raw) -> list[Event]:
        answer = _answers.decode(row)
        words = clipped(f"{answer.code} {answer.msg}")
        if answer.code == _TOO_MANY_SYMBOLS or answer.code in _NOT_IN_PLAN:
            asked = self._asked.popleft() if self._asked else _Question((), ())
            if answer.code in _NOT_IN_PLAN and any(name in asked.channels for name in _HALTS):
                # The symbols are asked for again by the session, as those without an answer.
                self._channels = _PRICES
                self._warnings = (f"{words}: halts are not told",)
                return []
            if answer.code not in _FATAL:
                served = {symbol for symbol, _ in self._subscribed}
                return [Refused(each, "", words) for each in asked.symbols if each not in served]
        if answer.code == _SLOW:
            return [Reconnect(words)]
        if answer.code == _LOGGED_IN_TWICE:
            return [Odd(words)]
        # Among the rest is 406, another connection of this account: its lease is passing on.
        return [Failed(words, answer.code in _FATAL)]

    def _trade(self, row: Raw) -> list[Event]:
        each = _trades.decode(row)
        check(each.p, size=each.s)
        if not _NO_PRICE.isdisjoint(each.c):
            return []
        at = times.of_text(each.t)
        self._newest[each.S] = Ticker(each.S, each.p, at)
        # Its numbers of trades belong to an exchange each, and tell no order.
        return [Trade(each.S, each.p, each.s, at)]

    def _day(self, row: Raw) -> list[Event]:
        """Read the candle of the day: the statistics of the newest price."""
        each = _bars.decode(row)
        check(each.o, each.h, each.l, each.c, size=each.v)
        newest = self._newest.get(each.S)
        if newest is None:
            return []  # it carries no time of its price
        return [replace(newest, open=each.o, high=each.h, low=each.l, volume=each.v)]


def _bars_of(row: Raw) -> list[Bar]:
    each = _bars.decode(row)
    check(each.o, each.h, each.l, each.c, size=each.v)
    begin = times.of_text(each.t)
    return [Bar(each.S, begin, 1, each.o, each.h, each.l, each.c, each.v, each.n)]


def _bar(row: Raw) -> list[Event]:
    return [*_bars_of(row)]


def _status(row: Raw) -> list[Event]:
    each = _states.decode(row)
    if each.sc not in _STATES:
        return []
    reason = clipped(": ".join(filter(None, (each.sm, each.rm))))
    return [Halt(each.S, _STATES[each.sc], reason, times.of_text(each.t))]


def _band(row: Raw) -> list[Event]:
    each = _bands.decode(row)
    if each.z != _UTP or each.i not in _BANDS:
        return []
    is_halted = _BANDS[each.i]
    reason = "The bands of prices are suspended." if is_halted else ""
    return [Halt(each.S, is_halted, reason, times.of_text(each.t))]
