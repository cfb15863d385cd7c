"""The server speaks as Kraken's documentation and captured frames say."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.market.recording.clock import MINUTE, SECOND, Clock, microseconds
from hoardrun.market.recording.format import load
from hoardrun.market.recording.tape import News, Tape
from hoardrun.market.recording.venues.base import HttpRefused, Market, Seat
from hoardrun.market.recording.venues.kraken import Kraken
from tests.hoardrun.market.recording.tools import read, subscribe
from tests.market.synthetic import RECORDINGS
from tests.market.truth import candles, deals

CALM = RECORDINGS / "kraken-calm.jsonl"
BEGAN = microseconds("2026-11-30T13:00:00Z")
BTC = "BTC/USD"


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape(load(CALM), Kraken().sort)


def market(tape: Tape, minutes: float) -> Market:
    """Return the market after so many minutes."""
    clock = Clock(
        began=BEGAN, speed=1, begin=int(minutes * MINUTE), is_fast=True, monotonic=lambda: 0.0
    )
    return Market(tape, clock)


def asked(market: Market, text: str, seat: Seat | None = None) -> list[Any]:
    answers = Kraken().answer(text, seat or Seat(), market)
    return [read(answer.text if isinstance(answer, News) else answer) for answer in answers]


def test_it_greets_with_its_state(tape: Tape) -> None:
    (greeting,) = Kraken().greeting(market(tape, 1))
    assert read(greeting)["data"][0]["system"] == "online"
    assert read(greeting)["data"][0]["connection_id"] > 2**63


def test_each_symbol_is_acknowledged_by_itself_with_the_number_of_the_request(tape: Tape) -> None:
    first, second, snapshot = asked(market(tape, 30), subscribe("ticker", BTC, "NOPE/USD"))
    assert first["success"] and first["req_id"] == 7
    assert first["result"] == {"channel": "ticker", "symbol": BTC}
    assert second["error"] == "Currency pair not supported NOPE/USD"
    assert (second["success"], second["symbol"], second["req_id"]) == (False, "NOPE/USD", 7)
    assert (snapshot["type"], snapshot["data"][0]["symbol"]) == ("snapshot", BTC)


def test_symbols_have_the_names_of_the_websocket_alone(tape: Tape) -> None:
    for name in ("XBT/USD", "btc/usd", "BTC-USD", ""):
        assert asked(market(tape, 30), subscribe("ticker", name))[0]["success"] is False


def test_a_second_subscription_is_refused_and_an_unsubscription_ends_it(tape: Tape) -> None:
    seat, now = Seat(), market(tape, 30)
    assert asked(now, subscribe("trade", BTC), seat)[0]["success"]
    assert "Already subscribed" in asked(now, subscribe("trade", BTC), seat)[0]["error"]
    ask = subscribe("trade", BTC).replace('"subscribe"', '"unsubscribe"')
    assert asked(now, ask, seat)[0]["success"]
    assert asked(now, ask, seat)[0]["success"] is False
    assert seat.subscriptions == set()


def test_trades_are_repeated_only_if_it_is_asked_for(tape: Tape) -> None:
    now = market(tape, 30)
    assert len(asked(now, subscribe("trade", BTC))) == 1
    _, snapshot = asked(now, subscribe("trade", BTC, snapshot=True))
    assert len(snapshot["data"]) == 50
    known = [deal for deal in deals(CALM) if deal.symbol == BTC and deal.arrived <= now.moment]
    assert [item["trade_id"] for item in snapshot["data"]] == [d.trade_id for d in known[-50:]]


def test_candles_are_repeated_oldest_first_without_empty_minutes(tape: Tape) -> None:
    now = market(tape, 30.5)
    ack, snapshot = asked(now, subscribe("ohlc", BTC, interval=1))
    assert ack["result"]["warnings"]
    known = [deal for deal in deals(CALM) if deal.symbol == BTC and deal.arrived <= now.moment]
    wanted = {begin: bar for (_, begin), bar in candles(known).items()}
    assert len(wanted) < 31
    names = ("open", "high", "low", "close", "volume", "trades")
    assert [
        (microseconds(item["interval_begin"]), tuple(item[name] for name in names))
        for item in snapshot["data"]
    ] == list(wanted.items())


def test_a_ping_is_answered_and_nonsense_gets_an_error(tape: Tape) -> None:
    now = market(tape, 1)
    (pong,) = asked(now, '{"method":"ping","req_id":101}')
    assert (pong["method"], pong["req_id"]) == ("pong", 101)
    for text in ("", "[]", "1", "{}", '{"method":"subscribe"}', subscribe("book", BTC)):
        assert asked(now, text)[0]["success"] is False


def test_it_beats_once_it_has_been_asked_for_anything(tape: Tape) -> None:
    seat, now = Seat(), market(tape, 1)
    assert Kraken().heartbeats(seat, now) == ()
    asked(now, subscribe("ticker", "NOPE/USD"), seat)
    assert Kraken().heartbeats(seat, now) == ('{"channel":"heartbeat"}',)


def result(tape: Tape, minutes: float, path: str, **params: str) -> Any:
    answer = read(Kraken().get(path, params, market(tape, minutes)))
    assert answer["error"] == []
    return answer["result"]


def test_candles_over_http_have_rows_for_empty_minutes_too(tape: Tape) -> None:
    rows = result(tape, 30.5, "/0/public/OHLC", pair="XBTUSD", interval="1")["XXBTZUSD"]
    assert [row[0] for row in rows] == [BEGAN // SECOND + 60 * n for n in range(31)]
    known = [d for d in deals(CALM) if d.symbol == BTC and d.arrived <= BEGAN + 30.5 * MINUTE]
    truth = candles(known)
    for row in rows:
        bar = truth.get((BTC, row[0] * SECOND))
        assert row[7] == (bar.trades if bar else 0)
        if bar:
            assert [Decimal(text) for text in (*row[1:5], row[6])] == list(bar[:5])
        else:
            assert row[6] == "0.00000000"


def test_since_is_left_out_of_the_answer(tape: Tape) -> None:
    since = str(BEGAN // SECOND + 600)
    found = result(tape, 30.5, "/0/public/OHLC", pair="XXBTZUSD", interval="1", since=since)
    assert found["XXBTZUSD"][0][0] == BEGAN // SECOND + 660


def test_trades_over_http_go_on_where_the_last_page_ended(tape: Tape) -> None:
    first = result(tape, 60, "/0/public/Trades", pair="ETHUSD", since=str(BEGAN * 1000))
    rows = first["XETHZUSD"]
    known = [deal for deal in deals(CALM) if deal.symbol == "ETH/USD"]
    assert [row[6] for row in rows] == [deal.trade_id for deal in known]
    last = result(tape, 60, "/0/public/Trades", pair="ETHUSD", since=first["last"])
    assert last["XETHZUSD"] == []


def test_pairs_have_their_old_names_and_their_decimals(tape: Tape) -> None:
    pairs = result(tape, 1, "/0/public/AssetPairs")
    assert pairs["XXBTZUSD"]["wsname"] == "XBT/USD"
    assert {pair["wsname"]: pair["pair_decimals"] for pair in pairs.values()} == {
        "XBT/USD": 1,
        "ETH/USD": 2,
        "EUR/USD": 5,
        "SHIB/USD": 8,
    }


@pytest.mark.parametrize(
    ("path", "params", "why"),
    [
        ("/0/public/OHLC", {"pair": "NOPE"}, "Unknown asset pair"),
        ("/0/public/OHLC", {"pair": "XBTUSD", "interval": "7"}, "Invalid arguments"),
        ("/0/public/Trades", {"pair": "XBTUSD", "since": "now"}, "Invalid arguments"),
    ],
)
def test_a_wrong_request_gets_200_and_an_error(
    tape: Tape, path: str, params: dict[str, str], why: str
) -> None:
    assert why in json.loads(Kraken().get(path, params, market(tape, 1)))["error"][0]


def test_an_unknown_path_is_not_found(tape: Tape) -> None:
    with pytest.raises(HttpRefused):
        Kraken().get("/0/private/Balance", {}, market(tape, 1))
