"""The server speaks as the documentation of Coinbase Exchange says."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.market.recording.clock import MINUTE, SECOND, Clock, microseconds, written
from hoardrun.market.recording.format import load
from hoardrun.market.recording.tape import News, Tape
from hoardrun.market.recording.venues.base import HttpRefused, Market, Seat
from hoardrun.market.recording.venues.coinbase import Coinbase
from tests.hoardrun.market.recording.tools import read
from tests.market.synthetic import RECORDINGS
from tests.market.truth import candles, deals

CUT = RECORDINGS / "coinbase-cut.jsonl"
BEGAN = microseconds("2026-11-30T15:00:00Z")
BTC, ETH = "BTC-USD", "ETH-USD"


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape(load(CUT), Coinbase().sort)


def market(tape: Tape, minutes: float = 30) -> Market:
    """Return the market after so many minutes."""
    clock = Clock(
        began=BEGAN, speed=1, begin=int(minutes * MINUTE), is_fast=True, monotonic=lambda: 0.0
    )
    return Market(tape, clock)


def ask(*symbols: str, channels: Any = ("ticker", "matches"), kind: str = "subscribe") -> str:
    return json.dumps({"type": kind, "product_ids": symbols, "channels": channels})


def asked(tape: Tape, text: str, seat: Seat | None = None) -> list[Any]:
    answers = Coinbase().answer(text, seat or Seat(), market(tape))
    return [read(answer.text if isinstance(answer, News) else answer) for answer in answers]


def test_a_request_is_answered_with_all_subscriptions_and_the_newest(tape: Tape) -> None:
    seat = Seat()
    first, *newest = asked(tape, ask(BTC), seat)
    assert first == {
        "type": "subscriptions",
        "channels": [
            {"name": "matches", "product_ids": [BTC], "account_ids": None},
            {"name": "ticker", "product_ids": [BTC], "account_ids": None},
        ],
    }
    assert {(each["type"], each["product_id"]) for each in newest} == {
        ("ticker", BTC),
        ("last_match", BTC),
    }
    (second,) = asked(tape, ask(ETH, channels=["heartbeat"]), seat)
    assert [channel["name"] for channel in second["channels"]] == ["heartbeat", "matches", "ticker"]
    (third,) = asked(tape, ask(BTC, kind="unsubscribe"), seat)
    assert [channel["name"] for channel in third["channels"]] == ["heartbeat"]


def test_one_bad_product_refuses_the_whole_request(tape: Tape) -> None:
    seat = Seat()
    (error,) = asked(tape, ask(BTC, "ETH-XYZ"), seat)
    assert (error["type"], error["message"]) == ("error", "Failed to subscribe")
    assert error["reason"] == "ETH-XYZ is not a valid product"
    assert seat.subscriptions == set()


def test_a_channel_may_name_products_of_its_own(tape: Tape) -> None:
    seat = Seat()
    text = '{"type":"subscribe","channels":[{"name":"matches","product_ids":["ETH-USD"]}]}'
    asked(tape, text, seat)
    assert seat.subscriptions == {("matches", ETH)}


def test_nonsense_gets_an_error(tape: Tape) -> None:
    for text in ("", "[]", "{}", ask(BTC, channels=["level9"]), ask(BTC, kind="shout")):
        assert asked(tape, text)[0]["type"] == "error"


def test_heartbeats_are_a_channel_of_each_product(tape: Tape) -> None:
    seat = Seat()
    asked(tape, ask(BTC, ETH, channels=["heartbeat"]), seat)
    beats = [read(text) for text in Coinbase().heartbeats(seat, market(tape))]
    assert [beat["product_id"] for beat in beats] == [BTC, ETH]
    assert {beat["last_trade_id"] for beat in beats} == {0}


def rows(tape: Tape, path: str, **params: str) -> Any:
    return read(Coinbase().get(path, params, market(tape, 40)))


def test_candles_come_newest_first_as_low_high_open_close(tape: Tape) -> None:
    found = rows(tape, "/products/BTC-USD/candles", granularity="60")
    truth = candles([deal for deal in deals(CUT) if deal.symbol == BTC])
    assert [Decimal(row[0]) for row in found] == [
        begin // SECOND for _, begin in reversed(truth.keys())
    ]
    for at, low, high, opened, close, volume in found:
        bar = truth[BTC, at * SECOND]
        assert (opened, high, low, close, volume) == bar[:5]


def test_candles_are_of_the_times_that_are_asked_for(tape: Tape) -> None:
    found = rows(
        tape,
        "/products/BTC-USD/candles",
        granularity="300",
        start=written(BEGAN),
        end=written(BEGAN + 10 * MINUTE - 1),
    )
    assert [row[0] * SECOND for row in found] == [BEGAN + 5 * MINUTE, BEGAN]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"granularity": "1800"}, "Invalid granularity"),
        ({"granularity": "60", "start": "yesterday"}, "Invalid granularity, start"),
        (
            {"granularity": "60", "start": "2026-11-30T00:00:00Z", "end": "2026-11-30T15:00:00Z"},
            "exceeds 300",
        ),
    ],
)
def test_a_wrong_request_is_refused(tape: Tape, params: dict[str, str], why: str) -> None:
    with pytest.raises(HttpRefused, match=why) as refused:
        rows(tape, "/products/BTC-USD/candles", **params)
    assert refused.value.status == 400


def test_trades_come_newest_first_in_pages(tape: Tape) -> None:
    numbers = sorted((d.trade_id for d in deals(CUT) if d.symbol == BTC), reverse=True)
    first = rows(tape, "/products/BTC-USD/trades", limit="10")
    assert [row["trade_id"] for row in first] == numbers[:10]
    after = str(first[-1]["trade_id"])
    second = rows(tape, "/products/BTC-USD/trades", limit="10", after=after)
    assert [row["trade_id"] for row in second] == numbers[10:20]
    newer = rows(tape, "/products/BTC-USD/trades", before=str(numbers[3]))
    assert [row["trade_id"] for row in newer] == numbers[:3]


def test_products_have_the_steps_of_their_prices(tape: Tape) -> None:
    found = {row["id"]: row["quote_increment"] for row in rows(tape, "/products")}
    assert found == {BTC: "0.01", ETH: "0.01", "SHIB-USD": "0.00000001"}


def test_unknown_paths_and_products_are_not_found(tape: Tape) -> None:
    for path in ("/", "/products/NOPE-USD/candles", "/accounts"):
        with pytest.raises(HttpRefused):
            rows(tape, path)
