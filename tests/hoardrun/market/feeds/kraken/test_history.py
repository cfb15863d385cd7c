from __future__ import annotations

from decimal import Decimal as D

import pytest

from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.feeds.kraken.history import KrakenHistory
from hoardrun.market.feeds.reading import TooMany
from hoardrun.market.feeds.venue import Listed, Request

PAIRS = b"""{"error":[],"result":{
"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","base":"XXBT","quote":"ZUSD",
"pair_decimals":1,"status":"online"},
"XDGUSD":{"altname":"XDGUSD","wsname":"XDG/USD","pair_decimals":7,"status":"cancel_only"},
"ETHPYUSD":{"altname":"ETHPYUSD","wsname":"ETH/PYUSD","pair_decimals":2,"status":"online"},
"XBTUSD.d":{"altname":"XBTUSD.d","pair_decimals":1,"status":"online"}}}"""
OHLC = b"""{"error":[],"result":{"XXBTZUSD":[
[1688671260,"30306.2","30306.2","30305.7","30305.7","30306.1","3.39243896",23],
[1688671320,"30305.7","30305.7","30305.7","30305.7","0.0","0.00000000",0],
[1688671200,"30306.1","30306.2","30305.7","30305.7","30306.1","3.39243896",23]],
"last":1688672160}}"""
TRADES = b"""{"error":[],"result":{"XXBTZUSD":[
["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952],
["30243.30000","0.00376960",1688669598.2804112,"s","l",""]],"last":"1688671969993150842"}}"""
ODD = {
    "no JSON": b"<html>",
    "empty": b"",
    "cut": OHLC[:-20],
    "no pair": b'{"error":[],"result":{"last":1}}',
    "two pairs": b'{"error":[],"result":{"A":[],"B":[],"last":1}}',
    "a row that is short": b'{"error":[],"result":{"A":[[1688671200,"1"]],"last":1}}',
    "a number that is none": OHLC.replace(b'"30306.1"', b'"NaN"'),
    "refused": b'{"error":["EQuery:Unknown asset pair"]}',
}
HISTORY = KrakenHistory()


def test_it_reads_the_list_by_the_names_of_the_websocket():
    assert HISTORY.listing_request() == Request("/0/public/AssetPairs", {})
    assert HISTORY.read_listing(PAIRS) == [
        Listed("BTC/USD", "BTC", "USD", 1, "XBTUSD"),
        Listed("DOGE/USD", "DOGE", "USD", 7, "XDGUSD", is_trading=False),
        Listed("ETH/PYUSD", "ETH", "PYUSD", 2, "ETHPYUSD"),
    ]


def test_it_reads_candles_ascending_without_those_that_had_no_trade():
    first, second = HISTORY.read_bars("BTC/USD", 1, OHLC)
    assert first.begin < second.begin
    assert first == Bar(
        "BTC/USD", 1_688_671_200_000_000, 1,
        D("30306.1"), D("30306.2"), D("30305.7"), D("30305.7"), D("3.39243896"), 23,
    )  # fmt: skip


def test_it_asks_for_the_candle_at_the_beginning_too():
    asked = HISTORY.bars_request("XBTUSD", 1, 1_688_671_200_000_000, 1_688_700_000_000_000)
    params = {"pair": "XBTUSD", "interval": "1", "since": "1688671199"}
    assert asked == Request("/0/public/OHLC", params)


def test_it_reads_trades_which_are_history():
    assert HISTORY.read_trades("BTC/USD", TRADES) == [
        Trade("BTC/USD", D("30243.40000"), D("0.34507674"), 1688669597827736, 61044952, True),
        Trade("BTC/USD", D("30243.30000"), D("0.00376960"), 1688669598280411, None, True),
    ]
    params = {"pair": "XBTUSD", "since": "1688669597827735999"}
    assert HISTORY.trades_request("XBTUSD", 1688669597827736) == Request("/0/public/Trades", params)


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_read_is_a_value_error(name: str):
    with pytest.raises(ValueError, match=r"cannot be read|pairs|number|EQuery"):
        HISTORY.read_bars("BTC/USD", 1, ODD[name])


def test_a_pause_that_is_asked_for_in_the_body_is_told_apart():
    with pytest.raises(TooMany, match="Rate limit"):
        HISTORY.read_trades("BTC/USD", b'{"error":["EAPI:Rate limit exceeded"]}')
