from __future__ import annotations

from decimal import Decimal as D

import msgspec
import pytest

from hoardrun.market.feeds import times
from hoardrun.market.feeds.coinbase.protocol import Coinbase
from hoardrun.market.feeds.events import (
    Event,
    Failed,
    Heartbeat,
    Odd,
    Reconnect,
    Refused,
    Subscribed,
    Ticker,
    Trade,
)
from tests.hoardrun.market.feeds import tables

SUBSCRIPTIONS = (
    '{"type":"subscriptions","channels":[{"name":"ticker","product_ids":["ETH-USD","BTC-USD"],'
    '"account_ids":null},{"name":"matches","product_ids":["ETH-USD"]}]}'
)
TICKER = (
    '{"type":"ticker","sequence":37475248783,"product_id":"ETH-USD","price":"1285.22",'
    '"open_24h":"1310.79","volume_24h":"245532.79269678","low_24h":"1280.52",'
    '"high_24h":"1313.8","volume_30d":"9788783.60117027","best_bid":"1285.04",'
    '"best_bid_size":"0.46688654","best_ask":"1285.27","best_ask_size":"1.56637040",'
    '"side":"buy","time":"2022-10-19T23:28:22.061769Z","trade_id":370843401,'
    '"last_size":"11.4396987"}'
)
MATCH = (
    '{"type":"match","trade_id":7,"maker_order_id":"a","taker_order_id":"b","side":"buy",'
    '"size":"0.01","price":"61000.01","product_id":"BTC-USD","sequence":9,'
    '"time":"2021-04-17T00:00:00.000001Z"}'
)
ETH = Ticker(
    "ETH-USD",
    D("1285.22"),
    times.of_text("2022-10-19T23:28:22.061769Z"),
    is_snapshot=True,
    bid=D("1285.04"),
    ask=D("1285.27"),
    open=D("1310.79"),
    high=D("1313.8"),
    low=D("1280.52"),
    previous_close=D("1310.79"),
    volume=D("245532.79269678"),
)
BTC = Trade("BTC-USD", D("61000.01"), D("0.01"), 1_618_617_600_000_001, 7)
FRAMES: dict[str, tuple[str, list[Event]]] = {
    "subscriptions": (
        SUBSCRIPTIONS,
        [
            Subscribed("BTC-USD", "ticker"),
            Subscribed("ETH-USD", "matches"),
            Subscribed("ETH-USD", "ticker"),
        ],
    ),
    "no subscriptions": ('{"type":"subscriptions","channels":[]}', []),
    "ticker": (TICKER, [ETH]),
    "ticker without statistics": (
        '{"type":"ticker","product_id":"A-B","price":"2","time":"1970-01-01T00:00:00Z"}',
        [Ticker("A-B", D(2), 0, is_snapshot=True)],
    ),
    "match": (MATCH, [BTC]),
    "last match": (
        MATCH.replace('"match"', '"last_match"'),
        [Trade("BTC-USD", BTC.price, BTC.size, BTC.at, 7, is_history=True)],
    ),
    "heartbeat": (
        '{"type":"heartbeat","sequence":90,"last_trade_id":0,"product_id":"BTC-USD",'
        '"time":"2014-11-07T08:19:28.464459Z"}',
        [Heartbeat()],
    ),
    "product that was not asked for": (
        '{"type":"error","message":"Failed to subscribe",'
        '"reason":"ETH-XYZ is not a valid product"}',
        [Refused("ETH-XYZ", "", "Failed to subscribe: ETH-XYZ is not a valid product")],
    ),
    "product without a name": (
        '{"type":"error","message":"Failed to subscribe","reason":" is not a valid product"}',
        [Failed("Failed to subscribe: is not a valid product", is_fatal=False)],
    ),
    "nothing to unsubscribe": (
        '{"type":"error","message":"Failed to unsubscribe","reason":"not a valid channel"}',
        [Odd("Failed to unsubscribe: not a valid channel")],
    ),
    "unknown channel": (
        '{"type":"error","message":"Failed to subscribe","reason":"nope is not a valid channel"}',
        [Failed("Failed to subscribe: nope is not a valid channel", is_fatal=True)],
    ),
    "login asked for": (
        '{"type":"error","message":"Authentication Failed","reason":"{}"}',
        [Failed("Authentication Failed: {}", is_fatal=True)],
    ),
    "slow reader": (
        '{"type":"error","message":"ErrSlowConsume","reason":""}',
        [Reconnect("ErrSlowConsume")],
    ),
    "too many requests": (
        '{"type":"error","message":"Rate limit exceeded"}',
        [Failed("Rate limit exceeded", is_fatal=False)],
    ),
    "error without words": (
        '{"type":"error"}',
        [Failed("An error without words.", is_fatal=False)],
    ),
}
ODD = {
    "no JSON": "<html>",
    "cut": TICKER[:-10],
    "no type": '{"product_id":"ETH-USD"}',
    "list": "[]",
    "other type": '{"type":"l2update","product_id":"ETH-USD"}',
    "nested without end": "[" * 100_000,
    "no price": TICKER.replace('"price":"1285.22",', ""),
    "price is no number": TICKER.replace("1285.22", "many"),
    "price is empty": TICKER.replace("1285.22", ""),
    "price is infinite": TICKER.replace("1285.22", "Infinity"),
    "no product": TICKER.replace('"product_id":"ETH-USD",', ""),
    "no time": TICKER.replace("2022-10-19T23:28:22.061769Z", ""),
    "negative size": MATCH.replace('"size":"0.01"', '"size":"-0.01"'),
    "no size": MATCH.replace('"size":"0.01",', ""),
    "number of a trade is text": MATCH.replace('"trade_id":7', '"trade_id":"seven"'),
    "channels of another kind": '{"type":"subscriptions","channels":{}}',
}


test_it_reads_every_kind_of_frame = tables.reads(Coinbase, FRAMES)
test_what_cannot_be_read_is_odd = tables.finds_odd(Coinbase, ODD)
test_no_frame_raises = tables.never_raises(Coinbase, TICKER, MATCH, SUBSCRIPTIONS)


def _match(kind: str, number: int) -> str:
    name = {"new": "match"}.get(kind, "last_match")
    return MATCH.replace('"match"', f'"{name}"').replace('"trade_id":7', f'"trade_id":{number}')


test_a_hole_in_the_numbers_of_trades_is_told = tables.tells_holes(Coinbase, "BTC-USD", _match)


def test_an_odd_frame_names_its_product():
    (event,) = Coinbase().read(TICKER.replace("1285.22", "many"))
    assert isinstance(event, Odd)
    assert event.symbol == "ETH-USD"


def test_only_the_first_ticker_of_a_product_is_a_snapshot():
    coinbase = Coinbase()
    events = [*coinbase.read(TICKER), *coinbase.read(TICKER)]
    assert [event.is_snapshot for event in events if isinstance(event, Ticker)] == [True, False]


def test_a_list_of_subscriptions_tells_what_is_new_in_it():
    coinbase = Coinbase()
    coinbase.read('{"type":"subscriptions","channels":[{"name":"ticker","product_ids":["A-B"]}]}')
    added = '{"type":"subscriptions","channels":[{"name":"ticker","product_ids":["A-B","C-D"]}]}'
    assert coinbase.read(added) == [Subscribed("C-D", "ticker")]
    assert coinbase.read(added) == []
    coinbase.subscribe(["A-B"])  # asked anew, the answer counts anew
    assert coinbase.read(added) == [Subscribed("A-B", "ticker")]


@pytest.mark.parametrize(
    "reason",
    [
        "ETH-XYZ is not a valid product",
        "Product: ETH-XYZ not found",
        "ETH-XYZ is delisted.",
    ],
)
def test_an_error_that_names_a_product_refuses_it_alone(reason: str):
    coinbase = Coinbase()
    coinbase.subscribe(["BTC-USD", "ETH-XYZ"])
    text = f'{{"type":"error","message":"Failed to subscribe","reason":"{reason}"}}'
    assert coinbase.read(text) == [Refused("ETH-XYZ", "", f"Failed to subscribe: {reason}")]


def test_it_subscribes_with_one_frame():
    (asked,) = map(msgspec.json.decode, Coinbase().subscribe(["BTC-USD", "ETH-USD"]))
    assert asked == {
        "type": "subscribe",
        "product_ids": ["BTC-USD", "ETH-USD"],
        "channels": ["ticker", "matches", "heartbeat"],
    }
    (dropped,) = map(msgspec.json.decode, Coinbase().unsubscribe(["BTC-USD"]))
    assert dropped == {**asked, "type": "unsubscribe", "product_ids": ["BTC-USD"]}
