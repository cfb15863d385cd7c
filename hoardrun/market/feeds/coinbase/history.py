"""What Coinbase Exchange's HTTP API says of the past: candles, trades, its products. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Struct

from hoardrun.market.feeds import times
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.feeds.reading import check, decoded
from hoardrun.market.feeds.venue import History, Listed, Request

_TRADES_A_PAGE = 1000


class _Product(Struct):
    id: str
    base_currency: str
    quote_currency: str
    quote_increment: Decimal
    status: str = "online"
    trading_disabled: bool = False


class _Bar(Struct, array_like=True):
    time: int
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class _Trade(Struct):
    trade_id: int
    price: Decimal
    size: Decimal
    time: str


_products = msgspec.json.Decoder(list[_Product])
_bars = msgspec.json.Decoder(list[_Bar])
_trades = msgspec.json.Decoder(list[_Trade])


class CoinbaseHistory(History):
    """300 candles a page, of few intervals, without those that had no trade."""

    address: ClassVar[str] = "https://api.exchange.coinbase.com"
    bars_a_page: ClassVar[int] = 300
    minutes: ClassVar[Sequence[int]] = (1, 5, 15, 60, 360, 1440)

    def listing_request(self) -> Request:
        return Request("/products", {})

    def read_listing(self, body: bytes) -> list[Listed]:
        return [
            Listed(
                product.id,
                product.base_currency,
                product.quote_currency,
                _decimals(product.quote_increment),
                product.id,
                product.status == "online" and not product.trading_disabled,
            )
            for product in decoded(_products, body)
        ]

    def bars_request(self, rest_symbol: str, minutes: int, since: int, until: int) -> Request:
        # It refuses more than a page, and counts the candle that begins at `end` too.
        step = minutes * times.MINUTE
        last = max(since, min(until - 1, since + (self.bars_a_page - 1) * step))
        params = {
            "granularity": str(minutes * 60),
            "start": times.text(since),
            "end": times.text(last),
        }
        return Request(f"/products/{rest_symbol}/candles", params)

    def read_bars(self, symbol: str, minutes: int, body: bytes) -> list[Bar]:
        bars = []
        for row in decoded(_bars, body):
            check(row.open, row.high, row.low, row.close, size=row.volume)
            begin = times.of_seconds(row.time)
            bars.append(
                Bar(symbol, begin, minutes, row.open, row.high, row.low, row.close, row.volume)
            )
        return sorted(bars, key=lambda bar: bar.begin)

    def trades_request(self, rest_symbol: str, since: int) -> Request | None:
        # It has pages by number and not by time: the newest page is all that can be asked for.
        return Request(f"/products/{rest_symbol}/trades", {"limit": str(_TRADES_A_PAGE)})

    def read_trades(self, symbol: str, body: bytes) -> list[Trade]:
        found = []
        for row in decoded(_trades, body):
            check(row.price, size=row.size)
            at = times.of_text(row.time)
            found.append(Trade(symbol, row.price, row.size, at, row.trade_id, is_history=True))
        return sorted(found, key=lambda trade: trade.trade_id or 0)


def _decimals(increment: Decimal) -> int:
    """Return the decimals of a smallest step, such as 2 of 0.01000000."""
    check(increment)
    _, _, power = increment.normalize().as_tuple()
    return max(0, -int(power))
