from __future__ import annotations

from decimal import Decimal as D

import pytest

from hoardrun.market.feeds import times
from hoardrun.market.feeds.coinbase.history import CoinbaseHistory
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.feeds.venue import Listed, Request

PRODUCTS = b"""[
{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","quote_increment":"0.01000000",
"status":"online","trading_disabled":false,"extra":1},
{"id":"SHIB-USD","base_currency":"SHIB","quote_currency":"USD","quote_increment":"0.00000001",
"status":"online","trading_disabled":true},
{"id":"JPY-X","base_currency":"JPY","quote_currency":"X","quote_increment":"10",
"status":"delisted"}]"""
CANDLES = b"[[1415398860,0.33,4.2,0.35,4.1,12.5],[1415398800,0.32,4.2,0.35,4.2,12.3]]"
TRADES = b"""[{"time":"2014-11-07T22:20:00.000001Z","trade_id":75,"price":"10.00000000",
"size":"0.01000000","side":"buy"},{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,
"price":"9.90000000","size":"0.02","side":"sell"}]"""
HISTORY = CoinbaseHistory()
SINCE = times.of_text("2014-11-07T22:20:00Z")


def test_it_reads_the_list_of_products():
    assert HISTORY.listing_request() == Request("/products", {})
    assert HISTORY.read_listing(PRODUCTS) == [
        Listed("BTC-USD", "BTC", "USD", 2, "BTC-USD"),
        Listed("SHIB-USD", "SHIB", "USD", 8, "SHIB-USD", is_trading=False),
        Listed("JPY-X", "JPY", "X", 0, "JPY-X", is_trading=False),
    ]


def test_it_reads_candles_in_the_venues_order_of_columns_and_ascending():
    first, second = HISTORY.read_bars("A-B", 1, CANDLES)
    assert first == Bar(
        "A-B", SINCE, 1, open=D("0.35"), high=D("4.2"), low=D("0.32"), close=D("4.2"),
        volume=D("12.3"),
    )  # fmt: skip
    assert second.begin == SINCE + times.MINUTE


@pytest.mark.parametrize(
    ("minutes", "last"),
    [(1, "2014-11-07T23:19:59.999999Z"), (5000, "2014-11-07T23:19:59.999999Z")],
)
def test_it_asks_for_the_candles_that_begin_before_the_end(minutes: int, last: str):
    asked = HISTORY.bars_request("A-B", minutes, SINCE, SINCE + 60 * times.MINUTE)
    assert asked.path == "/products/A-B/candles"
    assert asked.params == {
        "granularity": str(60 * minutes),
        "start": "2014-11-07T22:20:00.000000Z",
        "end": last,
    }


def test_it_never_asks_for_more_than_a_page():
    asked = HISTORY.bars_request("A-B", 1, SINCE, SINCE + 10_000 * times.MINUTE)
    span = times.of_text(asked.params["end"]) - SINCE
    assert span // times.MINUTE + 1 == HISTORY.bars_a_page


def test_it_reads_trades_ascending():
    asked = HISTORY.trades_request("A-B", SINCE)
    assert asked == Request("/products/A-B/trades", {"limit": "1000"})
    first, second = HISTORY.read_trades("A-B", TRADES)
    assert first.trade_id == 74
    assert second == Trade("A-B", D("10.00000000"), D("0.01000000"), SINCE + 1, 75, True)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message":"NotFound"}', b"[[1415398860]]"])
def test_what_cannot_be_read_is_a_value_error(body: bytes):
    with pytest.raises(ValueError, match="cannot be read"):
        HISTORY.read_bars("A-B", 1, body)
