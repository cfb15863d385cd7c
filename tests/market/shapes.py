"""The frames of Kraken and Coinbase, written for synthetic recordings."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hoardrun.market.recording.format import Writer

MINUTE = 60_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """What is traded. Prices are steps of `decimals`, sizes steps of eight decimals."""

    base: str
    quote: str
    decimals: int
    start: int
    step: float  # deviation of one trade from the last
    typical: int  # size of a trade

    @property
    def slashed(self) -> str:
        return f"{self.base}/{self.quote}"

    @property
    def dashed(self) -> str:
        return f"{self.base}-{self.quote}"

    def finer(self, decimals: int) -> Pair:
        """Return it with prices of more decimals."""
        factor = 10 ** (decimals - self.decimals)
        return replace(self, decimals=decimals, start=self.start * factor, step=self.step * factor)

    def price(self, steps: int) -> str:
        return fixed(steps, self.decimals)


@dataclass(frozen=True)
class Done:
    """One trade. `at` is microseconds since the beginning."""

    price: int
    size: int
    at: int
    number: int
    side: str


@dataclass(frozen=True)
class Burst:
    """Trades of a pair that the venue sends together."""

    pair: Pair
    at: int
    done: list[Done]

    def earlier(self, by: int) -> Burst:
        """Return it as if it had taken place earlier, and come now."""
        return replace(self, done=[replace(one, at=max(0, one.at - by)) for one in self.done])


def fixed(steps: int, decimals: int) -> str:
    return f"{Decimal(steps).scaleb(-decimals):f}"


@dataclass
class _Day:
    """What a ticker says of the last 24 hours, and the candles of the last minutes."""

    pair: Pair
    last: int
    low: int
    high: int
    volume: int
    trades: int
    bars: dict[int, list[int]] = field(default_factory=dict)  # open high low close volume trades
    ends: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # first and last trade

    def add(self, one: Done) -> list[int]:
        """Take a trade in, also one that comes late; return the candle of its minute."""
        self.last = one.price
        self.low, self.high = min(self.low, one.price), max(self.high, one.price)
        self.volume += one.size
        self.trades += 1
        minute, place = one.at // MINUTE, (one.at // 1000, one.number)
        bar = self.bars.setdefault(minute, [one.price, one.price, one.price, 0, 0, 0])
        ends = self.ends.setdefault(minute, [place, place])
        bar[1], bar[2] = max(bar[1], one.price), min(bar[2], one.price)
        if place <= ends[0]:
            bar[0], ends[0] = one.price, place
        if place >= ends[1]:
            bar[3], ends[1] = one.price, place
        bar[4] += one.size
        bar[5] += 1
        return bar


def _days(pairs: list[Pair], dice: random.Random) -> dict[str, _Day]:
    return {
        pair.slashed: _Day(
            pair,
            pair.start,
            round(pair.start * 0.99),
            round(pair.start * 1.01),
            pair.typical * dice.randrange(9_000, 30_000),
            dice.randrange(9_000, 30_000),
        )
        for pair in pairs
    }


class Kraken:
    """Writes what Kraken's WebSocket, version 2, sends."""

    def __init__(self, file: Writer, pairs: list[Pair], dice: random.Random) -> None:
        self._file = file
        self._dice = dice
        self._days = _days(pairs, dice)
        self._began = _microseconds(file.header.recorded_at)

    def greet(self) -> None:
        symbols = list(self._days)
        put = self._file.write
        put(0, "open", "wss://ws.kraken.com/v2")
        status = {
            "version": "2.0.10",
            "system": "online",
            "api_version": "v2",
            "connection_id": 16174536464690282295,
        }
        put(900, "in", _json({"channel": "status", "type": "update", "data": [status]}))
        for number, channel in enumerate(("ticker", "trade", "ohlc"), start=1):
            params: dict[str, object] = {"channel": channel, "symbol": symbols}
            if channel == "ohlc":
                params["interval"] = 1
            ask = {"method": "subscribe", "params": params, "req_id": number}
            put(1000 * number, "out", _json(ask))
            for symbol in symbols:
                result = {"channel": channel, "snapshot": True, "symbol": symbol}
                answer = {
                    "method": "subscribe",
                    "req_id": number,
                    "result": result,
                    "success": True,
                    "time_in": self._time(21_000),
                    "time_out": self._time(21_050),
                }
                put(22_000, "in", _json(answer))
        for day in self._days.values():
            put(23_000, "in", self._ticker(day, "snapshot", 20_000))

    def trade(self, burst: Burst) -> None:
        day = self._days[burst.pair.slashed]
        arrival = max(burst.at, burst.done[-1].at) + self._dice.randrange(18_000, 60_000)
        items, bars = [], {}
        for one in burst.done:
            begin = one.at // MINUTE
            bars[begin] = (list(day.add(one)), one)
            items.append(
                f'{{"symbol":"{burst.pair.slashed}","side":"{one.side}",'
                f'"price":{burst.pair.price(one.price)},"qty":{fixed(one.size, 8)},'
                f'"ord_type":"market","trade_id":{one.number},"timestamp":"{self._time(one.at)}"}}'
            )
        put = self._file.write
        put(arrival, "in", f'{{"channel":"trade","type":"update","data":[{",".join(items)}]}}')
        for begin, (bar, _) in bars.items():
            put(arrival + 200, "in", self._ohlc(day.pair, begin, bar, burst.done[-1].at))
        put(arrival + 300, "in", self._ticker(day, "update", burst.done[-1].at))

    def _ohlc(self, pair: Pair, begin: int, bar: list[int], at: int) -> str:
        opened, high, low, close = (pair.price(steps) for steps in bar[:4])
        return (
            f'{{"channel":"ohlc","type":"update","timestamp":"{self._time(at)[:-1]}114Z","data":[{{'
            f'"symbol":"{pair.slashed}","open":{opened},"high":{high},"low":{low},"close":{close},'
            f'"trades":{bar[5]},"volume":{fixed(bar[4], 8)},"vwap":{close},'
            f'"interval_begin":"{self._time(begin * MINUTE)[:-1]}000Z","interval":1,'
            f'"timestamp":"{self._time((begin + 1) * MINUTE)}"}}]}}'
        )

    def _ticker(self, day: _Day, kind: str, at: int) -> str:
        price = day.pair.price
        return (
            f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{day.pair.slashed}",'
            f'"bid":{price(max(1, day.last - 1))},"bid_qty":{fixed(day.pair.typical * 3, 8)},'
            f'"ask":{price(day.last + 1)},"ask_qty":{fixed(day.pair.typical * 2, 8)},'
            f'"last":{price(day.last)},"volume":{fixed(day.volume, 8)},'
            f'"vwap":{price((day.low + day.high) // 2)},"low":{price(day.low)},'
            f'"high":{price(day.high)},"change":{price(day.last - day.pair.start)},'
            f'"change_pct":{(day.last / day.pair.start - 1) * 100:.2f},"trades":{day.trades},'
            f'"timestamp":"{self._time(at)}"}}]}}'
        )

    def _time(self, at: int) -> str:
        return _time(self._began + at)


class Coinbase:
    """Writes what the WebSocket of Coinbase Exchange sends."""

    def __init__(self, file: Writer, pairs: list[Pair], dice: random.Random) -> None:
        self._file = file
        self._dice = dice
        self._pairs = pairs
        self._days = _days(pairs, dice)
        self._began = _microseconds(file.header.recorded_at)
        self._sequence = {pair.slashed: dice.randrange(10**9, 10**10) for pair in pairs}
        self._last: dict[str, Done] = {}
        self._match = ""
        self._arrival = 0

    def greet(self, at: int) -> None:
        put = self._file.write
        products = [pair.dashed for pair in self._pairs]
        channels = ["ticker", "matches", "heartbeat"]
        put(at, "open", "wss://ws-feed.exchange.coinbase.com")
        ask = {"type": "subscribe", "product_ids": products, "channels": channels}
        put(at + 1000, "out", _json(ask))
        named = [{"name": name, "product_ids": products, "account_ids": None} for name in channels]
        put(at + 40_000, "in", _json({"type": "subscriptions", "channels": named}))
        for pair in self._pairs:
            one = self._last[pair.slashed]
            put(at + 41_000, "in", self._ticker(pair, one))
            put(at + 41_000, "in", self._written("last_match", pair, one))

    def before(self, burst: Burst) -> None:
        """Let a trade have come before this one: the venue repeats it to who subscribes."""
        pair = burst.pair
        number = burst.done[0].number - 1
        self._last[pair.slashed] = Done(pair.start, pair.typical, 0, number, "buy")

    def trade(self, burst: Burst) -> None:
        for one in burst.done:
            self._days[burst.pair.slashed].add(one)
            self._last[burst.pair.slashed] = one
            self._sequence[burst.pair.slashed] += self._dice.randrange(1, 30)
            self._match = self._written("match", burst.pair, one)
            self._arrival = burst.at + self._dice.randrange(18_000, 60_000)
            self._file.write(self._arrival, "in", self._match)
        self._file.write(self._arrival + 200, "in", self._ticker(burst.pair, burst.done[-1]))

    def repeat(self) -> None:
        """Send the last match once more, as venues now and then do."""
        self._file.write(self._arrival + 400, "in", self._match)

    def miss(self, burst: Burst) -> None:
        """Trade while nobody listens: only the numbers go on."""
        self._last[burst.pair.slashed] = burst.done[-1]
        self._sequence[burst.pair.slashed] += 10

    def _written(self, kind: str, pair: Pair, one: Done) -> str:
        return _json(
            {
                "type": kind,
                "trade_id": one.number,
                "maker_order_id": f"00000000-0000-4000-8000-{one.number:012d}",
                "taker_order_id": f"00000000-0000-4000-9000-{one.number:012d}",
                "side": one.side,
                "size": fixed(one.size, 8),
                "price": pair.price(one.price),
                "product_id": pair.dashed,
                "sequence": self._sequence[pair.slashed],
                "time": _time(self._began + one.at),
            }
        )

    def _ticker(self, pair: Pair, one: Done) -> str:
        day = self._days[pair.slashed]
        return _json(
            {
                "type": "ticker",
                "sequence": self._sequence[pair.slashed],
                "product_id": pair.dashed,
                "price": pair.price(one.price),
                "open_24h": pair.price(pair.start),
                "volume_24h": fixed(day.volume, 8),
                "low_24h": pair.price(day.low),
                "high_24h": pair.price(day.high),
                "volume_30d": fixed(day.volume * 30, 8),
                "best_bid": pair.price(max(1, one.price - 1)),
                "best_bid_size": fixed(pair.typical, 8),
                "best_ask": pair.price(one.price + 1),
                "best_ask_size": fixed(pair.typical, 8),
                "side": one.side,
                "time": _time(self._began + one.at),
                "trade_id": one.number,
                "last_size": fixed(one.size, 8),
            }
        )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _time(at: int) -> str:
    moment = EPOCH + timedelta(microseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _microseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
