from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import msgspec
import pytest

from hoardrun.market.feeds import times
from hoardrun.market.feeds.alpaca.protocol import Alpaca
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
from tests.hoardrun.market.feeds import tables

LOGGED_IN = '[{"T":"success","msg":"authenticated"}]'
SUBSCRIPTION = (
    '[{"T":"subscription","trades":["AAPL"],"quotes":[],"bars":["AAPL"],"updatedBars":["AAPL"],'
    '"dailyBars":["AAPL"],"statuses":["AAPL"],"lulds":[],"corrections":["AAPL"]}]'
)
TRADE = (
    '[{"T":"t","S":"AAPL","i":96921,"x":"V","p":214.50,"s":100,'
    '"t":"2026-09-10T14:30:01.739713735Z","c":["@"],"z":"C"}]'
)
BAR = (
    '[{"T":"b","S":"AAPL","o":214.4,"h":214.62,"l":214.31,"c":214.50,"v":12345,'
    '"t":"2026-09-10T14:30:00Z","n":87,"vw":214.48}]'
)
HALT = (
    '[{"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Additional information",'
    '"t":"2026-09-10T14:31:00.5Z","z":"C"}]'
)
BANDS = '[{"T":"l","S":"AAPL","u":220.12,"d":210.24,"i":"B","t":"2026-09-10T14:31:00.5Z","z":"C"}]'
AT = times.of_text("2026-09-10T14:30:01.739713Z")
MINUTE = Bar(
    "AAPL",
    times.of_text("2026-09-10T14:30:00Z"),
    1,
    D("214.4"),
    D("214.62"),
    D("214.31"),
    D("214.50"),
    D("12345"),
    87,
)
HALTED = Halt(
    "AAPL",
    True,
    "Trading Halt: Additional information",
    times.of_text("2026-09-10T14:31:00.5Z"),
)
FRAMES: dict[str, tuple[str, list[Event]]] = {
    "greeting": ('[{"T":"success","msg":"connected"}]', []),
    "logged in": (LOGGED_IN, []),
    "subscription": (
        SUBSCRIPTION,
        [
            Subscribed("AAPL", channel)
            for channel in ("bars", "dailyBars", "statuses", "trades", "updatedBars")
        ],
    ),
    "trade": (TRADE, [Trade("AAPL", D("214.50"), D("100"), AT)]),
    "candle": (BAR, [MINUTE]),
    "amended candle": (BAR.replace('"b"', '"u"'), [replace(MINUTE, is_amended=True)]),
    "day without a price": (BAR.replace('"b"', '"d"'), []),
    "quote": ('[{"T":"q","S":"AAPL","bp":1,"ap":2,"t":"2026-09-10T14:30:00Z"}]', []),
    "bands of prices": (BANDS, []),
    "bands that are suspended": (
        BANDS.replace('"B"', '"D"'),
        [replace(HALTED, reason="The bands of prices are suspended.")],
    ),
    "bands after a halt": (
        BANDS.replace('"B"', '"E"'),
        [replace(HALTED, is_halted=False, reason="")],
    ),
    "best bid off the limit at New York": (
        BANDS.replace('"B"', '"D"').replace('"z":"C"', '"z":"A"'),
        [],
    ),
    "bands without a tape": ('[{"T":"l","S":"AAPL","i":"D","t":"2026-09-10T14:31:00Z"}]', []),
    "trade out of sequence": (TRADE.replace('["@"]', '["@","Z"]'), []),
    "trade at an average price": (TRADE.replace('["@"]', '["W"]'), []),
    "odd lot": (TRADE.replace('["@"]', '["@","I"]'), [Trade("AAPL", D("214.50"), D("100"), AT)]),
    "correction": ('[{"T":"c","S":"AAPL"}]', []),
    "cancel": ('[{"T":"x","S":"AAPL"}]', []),
    "halt": (HALT, [HALTED]),
    "pause of volatility": (HALT.replace('"H"', '"P"'), [HALTED]),
    "halt at the New York exchange": (HALT.replace('"sc":"H"', '"sc":"2"'), [HALTED]),
    "resumed": (HALT.replace('"H"', '"T"'), [replace(HALTED, is_halted=False)]),
    "quotes resumed": (HALT.replace('"H"', '"Q"'), []),
    "wrong key": (
        '[{"T":"error","code":402,"msg":"auth failed"}]',
        [Failed("402 auth failed", is_fatal=True)],
    ),
    "another connection": (
        '[{"T":"error","code":406,"msg":"connection limit exceeded"}]',
        [Failed("406 connection limit exceeded", is_fatal=False)],
    ),
    "not logged in": (
        '[{"T":"error","code":401,"msg":"not authenticated"}]',
        [Failed("401 not authenticated", is_fatal=False)],
    ),
    "logged in twice": (
        '[{"T":"error","code":403,"msg":"already authenticated"}]',
        [Odd("403 already authenticated")],
    ),
    "slow client": (
        '[{"T":"error","code":407,"msg":"slow client"}]',
        [Reconnect("407 slow client")],
    ),
    "their failure": (
        '[{"T":"error","code":500,"msg":"internal error"}]',
        [Failed("500 internal error", is_fatal=False)],
    ),
    "wrong action": (
        '[{"T":"error","code":410,"msg":"invalid subscribe action for this feed"}]',
        [Failed("410 invalid subscribe action for this feed", is_fatal=True)],
    ),
    "nothing": ("[]", []),
}
ODD = {
    "no JSON": "<html>",
    "cut": TRADE[:-5],
    "no list": TRADE[1:-1],
    "no type": '[{"S":"AAPL"}]',
    "list in it": "[[]]",
    "unknown type": '[{"T":"zz","S":"AAPL"}]',
    "nested without end": "[" * 100_000,
    "no price": TRADE.replace('"p":214.50,', ""),
    "infinite price": TRADE.replace("214.50", '"Infinity"'),
    "negative size": TRADE.replace('"s":100', '"s":-100'),
    "negative volume": BAR.replace('"v":12345', '"v":-1'),
    "no time": TRADE.replace("2026-09-10T14:30:01.739713735Z", ""),
    "candle without a high": BAR.replace('"h":214.62,', ""),
    "bands without a time": BANDS.replace('"B"', '"D"').replace("2026-09-10T14:31:00.5Z", ""),
    "status without a time": HALT.replace("2026-09-10T14:31:00.5Z", "soon"),
}


test_it_reads_every_kind_of_message = tables.reads(Alpaca, FRAMES)
test_what_cannot_be_read_is_odd = tables.finds_odd(Alpaca, ODD)
test_no_frame_raises = tables.never_raises(Alpaca, TRADE, BAR, HALT, BANDS, SUBSCRIPTION)


def test_an_odd_message_does_not_spoil_the_others_of_its_frame():
    text = f'[{{"T":"t","S":"MSFT","p":"x"}},{TRADE[1:]}'
    odd, trade = Alpaca().read(text)
    assert isinstance(odd, Odd)
    assert odd.symbol == "MSFT"
    assert isinstance(trade, Trade)


def test_it_logs_in_first_and_asks_for_symbols_once_it_is_logged_in():
    alpaca = Alpaca("id", "secret")
    (login,) = alpaca.opening()
    assert msgspec.json.decode(login) == {"action": "auth", "key": "id", "secret": "secret"}
    assert alpaca.subscribe(["AAPL"]) == []
    alpaca.read(LOGGED_IN)
    (asked,) = map(msgspec.json.decode, alpaca.subscribe(["AAPL", "MSFT"]))
    assert asked == {
        "action": "subscribe",
        **dict.fromkeys(
            ("trades", "bars", "updatedBars", "dailyBars", "statuses", "lulds"), ["AAPL", "MSFT"]
        ),
    }
    (dropped,) = map(msgspec.json.decode, alpaca.unsubscribe(["AAPL"]))
    assert (dropped["action"], dropped["bars"]) == ("unsubscribe", ["AAPL"])


def test_the_day_gives_the_newest_price_its_statistics():
    alpaca = Alpaca()
    alpaca.read(TRADE)
    (ticker,) = alpaca.read(BAR.replace('"b"', '"d"'))
    assert ticker == Ticker(
        "AAPL", D("214.50"), AT, open=D("214.4"), high=D("214.62"), low=D("214.31"),
        volume=D("12345"),
    )  # fmt: skip


def test_a_refusal_is_of_the_symbols_of_the_question_that_it_answers():
    alpaca = Alpaca()
    alpaca.read(LOGGED_IN)
    alpaca.subscribe(["AAPL"])
    alpaca.subscribe(["AAPL", "MSFT"])
    alpaca.read(SUBSCRIPTION)
    assert alpaca.read('[{"T":"error","code":405,"msg":"no"}]') == [Refused("MSFT", "", "405 no")]


@pytest.mark.parametrize("code", [409, 410])
def test_a_plan_without_halts_is_asked_for_prices_alone(code: int):
    alpaca = Alpaca()
    alpaca.read(LOGGED_IN)
    alpaca.subscribe(["AAPL"])
    assert alpaca.read(f'[{{"T":"error","code":{code},"msg":"no"}}]') == []
    (asked,) = map(msgspec.json.decode, alpaca.subscribe(["AAPL"]))
    assert asked.keys() == {"action", "trades", "bars", "updatedBars", "dailyBars"}
    warned = alpaca.read('[{"T":"subscription","trades":["AAPL"],"bars":["AAPL"]}]')
    warning = (f"{code} no: halts are not told",)
    assert warned == [Subscribed("AAPL", "bars", warning), Subscribed("AAPL", "trades", warning)]


def test_a_plan_without_prices_refuses():
    alpaca = Alpaca()
    alpaca.read(LOGGED_IN)
    no = '[{"T":"error","code":409,"msg":"no"}]'
    alpaca.subscribe(["AAPL"])
    alpaca.read(no)
    alpaca.subscribe(["AAPL"])
    assert alpaca.read(no) == [Refused("AAPL", "", "409 no")]


def test_a_symbol_that_is_asked_for_anew_is_acknowledged_anew():
    alpaca = Alpaca()
    alpaca.read(LOGGED_IN)
    alpaca.subscribe(["AAPL"])
    alpaca.read(SUBSCRIPTION)
    assert alpaca.read(SUBSCRIPTION) == []
    alpaca.unsubscribe(["AAPL"])
    alpaca.read(SUBSCRIPTION.replace('"AAPL"', ""))
    assert Subscribed("AAPL", "trades") in alpaca.read(SUBSCRIPTION)
