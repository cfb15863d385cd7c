from __future__ import annotations

from decimal import Decimal as D

import msgspec

from hoardrun.market.feeds import times
from hoardrun.market.feeds.events import (
    Bar,
    Event,
    Failed,
    Heartbeat,
    Odd,
    Pong,
    Refused,
    Subscribed,
    Ticker,
    Trade,
    VenueState,
)
from hoardrun.market.feeds.kraken.protocol import MAX_ASKED, Kraken
from tests.hoardrun.market.feeds import tables

ACK = (
    '{"method":"subscribe","req_id":7,"result":{"channel":"ticker","event_trigger":"trades",'
    '"snapshot":true,"symbol":"USDT/USD"},"success":true,'
    '"time_in":"2026-09-24T03:54:28.829165Z","time_out":"2026-09-24T03:54:28.829217Z"}'
)
TICKER = (
    '{"channel":"ticker","type":"snapshot","data":[{"symbol":"USDT/USD","bid":0.99980,'
    '"bid_qty":44620.68691883,"ask":0.99981,"ask_qty":1087605.70466858,"last":0.99981,'
    '"volume":270638277.50461281,"vwap":0.99983,"low":0.99959,"high":1.00000,"change":0.00005,'
    '"change_pct":0.01,"trades":38144,"timestamp":"2026-09-24T03:54:18.054886Z"}]}'
)
TRADE = (
    '{"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"buy",'
    '"price":0.5147,"qty":6423.46326,"ord_type":"limit","trade_id":4665846,'
    '"timestamp":"2023-09-25T07:48:36.925533Z"}]}'
)
OHLC = (
    '{"channel":"ohlc","type":"update","timestamp":"2026-09-10T17:44:12.114514810Z","data":['
    '{"symbol":"BTC/USDT","open":77340.1,"high":77361.0,"low":77340.1,"close":77358.4,"trades":6,'
    '"volume":0.10422131,"vwap":77349.5,"interval_begin":"2026-09-10T17:44:00.000000000Z",'
    '"interval":1,"timestamp":"2026-09-10T17:45:00.000000Z"}]}'
)
STATUS = (
    '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"%s",'
    '"api_version":"v2","connection_id":16174536464690282295}]}'
)
USDT = Ticker(
    "USDT/USD",
    D("0.99981"),
    times.of_text("2026-09-24T03:54:18.054886Z"),
    is_snapshot=True,
    bid=D("0.99980"),
    ask=D("0.99981"),
    open=D("0.99976"),
    high=D("1.00000"),
    low=D("0.99959"),
    previous_close=D("0.99976"),
    volume=D("270638277.50461281"),
)
MATIC = Trade(
    "MATIC/USD", D("0.5147"), D("6423.46326"), times.of_text("2023-09-25T07:48:36.925533Z"), 4665846
)
BTC = Bar(
    "BTC/USDT",
    times.of_text("2026-09-10T17:44:00Z"),
    1,
    D("77340.1"),
    D("77361.0"),
    D("77340.1"),
    D("77358.4"),
    D("0.10422131"),
    6,
    at=times.of_text("2026-09-10T17:44:12.114514Z"),
)
FRAMES: dict[str, tuple[str, list[Event]]] = {
    "greeting": (STATUS % "online", [VenueState(True, "online")]),
    "maintenance": (STATUS % "maintenance", [VenueState(False, "maintenance")]),
    "cancel only": (STATUS % "cancel_only", [VenueState(False, "cancel_only")]),
    "post only": (STATUS % "post_only", [VenueState(False, "post_only")]),
    "maintenance to come": (
        '{"channel":"status","data":[{"system":"online","upcoming_maintenance":[{"a":1}],'
        '"emergency":[]}]}',
        [VenueState(True, "online, maintenance announced")],
    ),
    "acknowledgement": (ACK, [Subscribed("USDT/USD", "ticker")]),
    "acknowledgement with warnings": (
        '{"method":"subscribe","result":{"channel":"ohlc","symbol":"BTC/USD","warnings":'
        '["timestamp is deprecated, use interval_begin"]},"success":true}',
        [Subscribed("BTC/USD", "ohlc", ("timestamp is deprecated, use interval_begin",))],
    ),
    "subscribed before": (
        '{"error":"Already subscribed","method":"subscribe","success":false,"symbol":"BTC/USD"}',
        [Subscribed("BTC/USD", "")],
    ),
    "refusal": (
        '{"error":"Currency pair not supported XBT/USDT","method":"subscribe","success":false,'
        '"symbol":"XBT/USDT","time_in":"2026-09-24T03:54:32.996743Z"}',
        [Refused("XBT/USDT", "", "Currency pair not supported XBT/USDT")],
    ),
    "too many requests for a symbol": (
        '{"error":"Exceeded msg rate","method":"subscribe","success":false,"symbol":"BTC/USD"}',
        [Odd("Exceeded msg rate", "BTC/USD")],
    ),
    "unknown channel": (
        '{"error":"Channel not found","method":"subscribe","success":false}',
        [Failed("Channel not found", is_fatal=True)],
    ),
    "too many requests": (
        '{"error":"Too many requests","method":"subscribe","success":false}',
        [Failed("Too many requests", is_fatal=False)],
    ),
    "a failure of theirs": (
        '{"error":"EGeneral:Internal error","method":"subscribe","success":false}',
        [Failed("EGeneral:Internal error", is_fatal=False)],
    ),
    "refusal without a reason": (
        '{"method":"subscribe","success":false}',
        [Failed("It was refused without a reason.", is_fatal=True)],
    ),
    "unsubscribed": ('{"method":"unsubscribe","success":true,"result":{"channel":"trade"}}', []),
    "pong": ('{"method":"pong","req_id":101,"time_in":"x","time_out":"y"}', [Pong()]),
    "heartbeat": ('{"channel":"heartbeat"}', [Heartbeat()]),
    "ticker": (TICKER, [USDT]),
    "ticker without statistics": (
        '{"channel":"ticker","type":"update","data":[{"symbol":"A/B","last":2,'
        '"timestamp":"1970-01-01T00:00:00Z"}]}',
        [Ticker("A/B", D(2), 0)],
    ),
    "trade": (TRADE, [MATIC]),
    "candle": (OHLC, [BTC]),
    "nothing": ('{"channel":"ticker","type":"update","data":[]}', []),
}
ODD = {
    "no JSON": "<html>",
    "empty": "",
    "cut": TICKER[:-10],
    "list": "[]",
    "number": "7",
    "no channel": "{}",
    "other channel": '{"channel":"book","data":[{}]}',
    "data of another kind": '{"channel":"ticker","data":{"symbol":"BTC/USD"}}',
    "nested without end": "[" * 100_000,
    "no symbol of an acknowledgement": '{"method":"subscribe","success":true,"result":{}}',
    "no price": TICKER.replace('"last":0.99981,', ""),
    "price is null": TICKER.replace('"last":0.99981', '"last":null'),
    "price is NaN": TICKER.replace('"last":0.99981', '"last":"NaN"'),
    "price beyond all markets": TICKER.replace('"last":0.99981', '"last":1e999999999'),
    "no time": TICKER.replace('"timestamp":"2026-09-24T03:54:18.054886Z"', '"timestamp":""'),
    "impossible time": TICKER.replace("2026-09-24", "2026-02-31"),
    "no number of trades": OHLC.replace('"trades":6', '"trades":"many"'),
    "negative size": TRADE.replace('"qty":6423.46326', '"qty":-1'),
    "negative volume": OHLC.replace('"volume":0.10422131', '"volume":-1'),
    "infinite size": TRADE.replace('"qty":6423.46326', '"qty":"Infinity"'),
}


test_it_reads_every_kind_of_frame = tables.reads(Kraken, FRAMES)
test_what_cannot_be_read_is_odd = tables.finds_odd(Kraken, ODD)
test_no_frame_raises = tables.never_raises(Kraken, TICKER, TRADE, OHLC, ACK)


def test_an_odd_row_names_its_symbol_and_does_not_spoil_the_others():
    text = (
        '{"channel":"trade","type":"update","data":['
        '{"symbol":"A/B","price":1,"qty":1,"timestamp":"1970-01-01T00:00:00Z","trade_id":1},'
        '{"symbol":"C/D","price":"x","qty":1,"timestamp":"1970-01-01T00:00:00Z","trade_id":1}]}'
    )
    trade, odd = Kraken().read(text)
    assert trade == Trade("A/B", D(1), D(1), 0, 1)
    assert isinstance(odd, Odd)
    assert odd.symbol == "C/D"


def test_it_keeps_the_zeros_of_a_price():
    (ticker,) = Kraken().read(TICKER)
    assert isinstance(ticker, Ticker)
    assert (str(ticker.bid), str(ticker.high)) == ("0.99980", "1.00000")


def _trades(kind: str, *numbers: int) -> str:
    rows = [
        {"symbol": "A/B", "price": 1, "qty": 1, "timestamp": "2026-01-01T00:00:00Z", "trade_id": n}
        for n in numbers
    ]
    return msgspec.json.encode({"channel": "trade", "type": kind, "data": rows}).decode()


def test_trades_of_a_snapshot_are_history():
    events = Kraken().read(_trades("snapshot", 5, 6))
    assert [event.is_history for event in events if isinstance(event, Trade)] == [True, True]


test_a_hole_in_the_numbers_of_trades_is_told = tables.tells_holes(
    Kraken, "A/B", lambda kind, number: _trades({"new": "update"}.get(kind, "snapshot"), number)
)


def test_it_asks_for_all_channels_of_the_symbols():
    first, second, third = map(msgspec.json.decode, Kraken().subscribe(["BTC/USD", "ETH/USD"]))
    assert first == {
        "method": "subscribe",
        "params": {
            "channel": "ticker",
            "symbol": ["BTC/USD", "ETH/USD"],
            "event_trigger": "bbo",
            "snapshot": True,
        },
        "req_id": 1,
    }
    assert (second["params"]["channel"], second["params"]["snapshot"]) == ("trade", True)
    assert (third["params"]["channel"], third["params"]["interval"]) == ("ohlc", 1)


def test_it_unsubscribes_from_what_it_asked_for():
    frames = [msgspec.json.decode(text) for text in Kraken().unsubscribe(["BTC/USD"])]
    assert [each["params"] for each in frames] == [
        {"channel": "ticker", "symbol": ["BTC/USD"]},
        {"channel": "trade", "symbol": ["BTC/USD"]},
        {"channel": "ohlc", "symbol": ["BTC/USD"], "interval": 1},
    ]


def test_a_refusal_is_of_the_channel_that_was_asked_for():
    kraken = Kraken()
    for _ in range(MAX_ASKED):
        kraken.subscribe(["NOPE/USD"])
    number = msgspec.json.decode(kraken.subscribe(["NOPE/USD"])[1])["req_id"]
    (event,) = kraken.read(
        f'{{"error":"Currency pair not supported NOPE/USD","method":"subscribe","success":false,'
        f'"req_id":{number},"symbol":"NOPE/USD"}}'
    )
    assert event == Refused("NOPE/USD", "trade", "Currency pair not supported NOPE/USD")


def test_it_has_a_ping_of_its_own():
    ping = Kraken().ping()
    assert ping is not None
    assert msgspec.json.decode(ping) == {"method": "ping", "req_id": 1}
