"""A tape knows what had come at a position, and nothing that came later."""

from __future__ import annotations

import json
from decimal import Decimal

from hoardrun.market.recording.clock import MINUTE, SECOND, microseconds, written
from hoardrun.market.recording.format import END, Header, Line, Recording
from hoardrun.market.recording.tape import Break, Candle, Tape
from hoardrun.market.recording.venues.kraken import Kraken

BEGAN = "2026-11-30T13:00:00Z"
START = microseconds(BEGAN)


def trade(t: float, number: int, second: float, price: str, *, symbol: str = "BTC/USD") -> Line:
    """Return a trade of a second that comes at another."""
    item = {"symbol": symbol, "side": "buy", "price": 0, "qty": 2, "trade_id": number}
    item["timestamp"] = written(START + int(second * SECOND))
    frame = json.dumps({"channel": "trade", "type": "update", "data": [item]})
    return Line(int(t * SECOND), "in", frame.replace('"price": 0', f'"price": {price}'))


def tape(*lines: Line) -> Tape:
    header = Header("kraken", BEGAN, "", "", ("BTC/USD", "ETH/USD"))
    return Tape(Recording(header, (*lines, Line(10**9, "close", END))), Kraken().sort)


TRADES = (
    trade(1, 1, 0.5, "100.10"),
    trade(2, 2, 1.5, "100.30"),
    Line(3 * SECOND, "in", '{"channel":"heartbeat"}'),
    Line(4 * SECOND, "in", "no JSON"),
    Line(5 * SECOND, "close", "1006 lost"),
    trade(130, 3, 125, "99.90"),
    trade(140, 4, 59, "100.00"),  # late
    trade(150, 4, 59, "100.00"),  # repeated
)


def test_the_course_is_the_market_data_and_the_breaks() -> None:
    course = tape(*TRADES).course
    assert [each.t // SECOND for each in course] == [1, 2, 5, 130, 140, 150]
    assert course[2] == Break(5 * SECOND, 1006, "lost")


def test_candles_are_of_what_had_come() -> None:
    def candles(position: float, minutes: int = 1) -> list[Candle]:
        end = START + 10 * MINUTE
        found = tape(*TRADES).candles("BTC/USD", minutes, START, end, int(position * SECOND))
        return list(found)

    assert candles(0.9) == []
    first = Candle(START, "100.10", "100.30", "100.10", "100.30", Decimal(4), 2)
    assert candles(100) == [first]
    assert candles(135) == [
        first,
        Candle(START + 2 * MINUTE, "99.90", "99.90", "99.90", "99.90", Decimal(2), 1),
    ]
    assert candles(200)[0] == Candle(START, "100.10", "100.30", "100.00", "100.00", Decimal(6), 3)
    assert candles(200, 5) == [Candle(START, "100.10", "100.30", "99.90", "99.90", Decimal(8), 4)]


def test_shifted_candles_lie_where_the_shifted_trades_are() -> None:
    shift = 7 * MINUTE
    since, until = START + shift, START + shift + MINUTE
    (bar,) = tape(*TRADES).candles("BTC/USD", 1, since, until, 200 * SECOND, shift=shift)
    assert (bar.begin, bar.trades) == (START + shift, 3)


def test_the_newest_frame_of_a_symbol_is_the_last_that_had_come() -> None:
    played = tape(*TRADES, trade(160, 9, 160, "7.5", symbol="ETH/USD"))
    assert played.last("trade", "BTC/USD", 0) is None
    newest = played.last("trade", "BTC/USD", 131 * SECOND)
    assert newest is not None and "99.90" in newest.text
    assert played.last("ticker", "BTC/USD", 200 * SECOND) is None
    assert played.last("trade", "ETH/USD", 131 * SECOND) is None


def test_prices_say_how_many_decimals_they_have() -> None:
    assert tape(*TRADES).decimals("BTC/USD") == 2
    assert tape(trade(1, 1, 1, "0.00000891")).decimals("BTC/USD") == 8
