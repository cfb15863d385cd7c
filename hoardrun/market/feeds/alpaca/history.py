"""What Alpaca's HTTP API says of the past: candles, and the list of stocks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Struct

from hoardrun.market.feeds import times
from hoardrun.market.feeds.events import Bar
from hoardrun.market.feeds.reading import check, decoded
from hoardrun.market.feeds.venue import History, Listed, Request

_NAMES = {
    1: "1Min", 5: "5Min", 15: "15Min", 30: "30Min", 60: "1Hour", 240: "4Hour", 1440: "1Day",
    10080: "1Week",
}  # fmt: skip
# The list of stocks is of the account, real or on paper, and stands elsewhere than prices.
_ACCOUNTS = "https://api.alpaca.markets"
_PAPER_ACCOUNTS = "https://paper-api.alpaca.markets"
_PAPER = "PK"  # how the ids of its keys begin


class _Asset(Struct):
    symbol: str
    tradable: bool = True


class _Bar(Struct):
    t: str
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741
    c: Decimal
    v: Decimal
    n: int | None = None


class _Bars(Struct):
    bars: list[_Bar] | None


_assets = msgspec.json.Decoder(list[_Asset])
_bars = msgspec.json.Decoder(_Bars)


class AlpacaHistory(History):
    """10,000 candles a page. `keys` returns the id of the key, and its secret."""

    address: ClassVar[str] = "https://data.alpaca.markets"
    bars_a_page: ClassVar[int] = 10_000
    minutes: ClassVar[Sequence[int]] = tuple(_NAMES)

    def __init__(self, keys: Callable[[], tuple[str, str]] = lambda: ("", "")) -> None:
        self._keys = keys

    def listing_request(self) -> Request:
        params = {"status": "active", "asset_class": "us_equity"}
        address = _PAPER_ACCOUNTS if self._keys()[0].startswith(_PAPER) else _ACCOUNTS
        return Request("/v2/assets", params, self._headers(), address)

    def read_listing(self, body: bytes) -> list[Listed]:
        return [
            Listed(asset.symbol, asset.symbol, "USD", None, asset.symbol, asset.tradable)
            for asset in decoded(_assets, body)
        ]

    def bars_request(self, rest_symbol: str, minutes: int, since: int, until: int) -> Request:
        params = {
            "timeframe": _NAMES[minutes],
            "start": times.text(since),
            "end": times.text(max(since, until - 1)),
            "limit": str(self.bars_a_page),
            "feed": "iex",
            "sort": "asc",
        }
        return Request(f"/v2/stocks/{rest_symbol}/bars", params, self._headers())

    def read_bars(self, symbol: str, minutes: int, body: bytes) -> list[Bar]:
        found = []
        for row in decoded(_bars, body).bars or ():
            check(row.o, row.h, row.l, row.c, size=row.v)
            begin = times.of_text(row.t)
            found.append(Bar(symbol, begin, minutes, row.o, row.h, row.l, row.c, row.v, row.n))
        return sorted(found, key=lambda bar: bar.begin)

    def _headers(self) -> dict[str, str]:
        key, secret = self._keys()
        return {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}
