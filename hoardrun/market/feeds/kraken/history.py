"""What Kraken's HTTP API says of the past: candles, trades, its list of pairs. Pure.

It answers 200 also to what it refuses: the reason stands in `error`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Raw, Struct

from hoardrun.market.feeds import times
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.feeds.reading import TooMany, check, clipped, decoded
from hoardrun.market.feeds.venue import History, Listed, Request

# Its HTTP API has names of its own for these; the WebSocket refuses them.
_NAMES = {"XBT": "BTC", "XDG": "DOGE"}
_BUSY = ("EAPI:Rate limit exceeded", "EGeneral:Too many requests", "EService:Throttled")


class _Answer(Struct):
    error: list[str] = []
    result: dict[str, Raw] = {}


class _Pair(Struct):
    altname: str
    pair_decimals: int
    wsname: str = ""
    status: str = "online"


class _Bar(Struct, array_like=True):
    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal
    count: int


class _Trade(Struct, array_like=True):
    price: Decimal
    volume: Decimal
    time: Decimal
    side: str
    kind: str
    other: str
    trade_id: int | None = None


_answers = msgspec.json.Decoder(_Answer)
_pairs = msgspec.json.Decoder(_Pair)
_bars = msgspec.json.Decoder(list[_Bar])
_trades = msgspec.json.Decoder(list[_Trade])


class KrakenHistory(History):
    """The last 720 candles of an interval, whatever it is asked for, and all trades."""

    address: ClassVar[str] = "https://api.kraken.com"
    bars_a_page: ClassVar[int] = 720
    minutes: ClassVar[Sequence[int]] = (1, 5, 15, 30, 60, 240, 1440, 10080)

    def listing_request(self) -> Request:
        return Request("/0/public/AssetPairs", {})

    def read_listing(self, body: bytes) -> list[Listed]:
        listed = []
        for row in _result(body).values():
            pair = decoded(_pairs, row)
            base, slash, quote = pair.wsname.partition("/")
            if not slash:
                continue  # a dark pool, which no WebSocket shows
            base, quote = _NAMES.get(base, base), _NAMES.get(quote, quote)
            is_trading = pair.status == "online"
            listed.append(
                Listed(f"{base}/{quote}", base, quote, pair.pair_decimals, pair.altname, is_trading)
            )
        return listed

    def bars_request(self, rest_symbol: str, minutes: int, since: int, until: int) -> Request:
        # `since` itself is left out of its answer.
        after = max(0, since // times.SECOND - 1)
        params = {"pair": rest_symbol, "interval": str(minutes), "since": str(after)}
        return Request("/0/public/OHLC", params)

    def read_bars(self, symbol: str, minutes: int, body: bytes) -> list[Bar]:
        # It fills spans without a trade by the last price.
        rows = [row for row in decoded(_bars, _rows(body)) if row.count]
        bars = [_bar(symbol, minutes, row) for row in rows]
        return sorted(bars, key=lambda bar: bar.begin)

    def trades_request(self, rest_symbol: str, since: int) -> Request | None:
        nanoseconds = max(0, since * 1000 - 1)
        return Request("/0/public/Trades", {"pair": rest_symbol, "since": str(nanoseconds)})

    def read_trades(self, symbol: str, body: bytes) -> list[Trade]:
        found = []
        for row in decoded(_trades, _rows(body)):
            check(row.price, row.time, size=row.volume)
            at = times.of_seconds(row.time)
            found.append(Trade(symbol, row.price, row.volume, at, row.trade_id, is_history=True))
        return found


def _bar(symbol: str, minutes: int, row: _Bar) -> Bar:
    check(row.open, row.high, row.low, row.close, size=row.volume)
    return Bar(
        symbol,
        times.of_seconds(row.time),
        minutes,
        row.open,
        row.high,
        row.low,
        row.close,
        row.volume,
        row.count,
    )


def _result(body: bytes) -> dict[str, Raw]:
    answer = decoded(_answers, body)
    if answer.error:
        words = clipped(", ".join(answer.error))
        raise TooMany(words) if any(map(words.startswith, _BUSY)) else ValueError(words)
    return answer.result


def _rows(body: bytes) -> Raw:
    """Return the rows of the one pair: the name in the answer is not always the one asked for."""
    rows = [rows for name, rows in _result(body).items() if name != "last"]
    if len(rows) != 1:
        raise ValueError(f"An answer holds {len(rows)} pairs instead of one.")
    return rows[0]
