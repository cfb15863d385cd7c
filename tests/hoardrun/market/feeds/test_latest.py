from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.market.feeds import latest as module
from hoardrun.market.feeds.events import Bar, Halt, Ticker, Trade
from hoardrun.market.feeds.health import Health
from hoardrun.market.feeds.latest import SEEN_IDS, Latest, Lost

ONE = Decimal(1)


@pytest.fixture
def latest() -> Latest:
    return Latest()


def _take(latest):
    return latest.take((), Health())


def _trade(number, symbol="A", at=None):
    return Trade(symbol, ONE, ONE, number if at is None else at, number)


def _bar(begin, symbol="A", **fields):
    return Bar(symbol, begin, 1, ONE, ONE, ONE, fields.pop("close", ONE), None, **fields)


def test_it_keeps_the_newest_ticker_by_the_venues_time(latest):
    for at in (5, 7, 6):
        latest.put(Ticker("A", Decimal(at), at))
    latest.put(Ticker("B", ONE, 1))
    assert [(ticker.symbol, ticker.at) for ticker in _take(latest).tickers] == [("A", 7), ("B", 1)]
    assert _take(latest).tickers == []
    assert latest.at("A") == 7
    assert latest.newest_at == 7


def test_trades_keep_their_order_and_come_once(latest):
    for number in (4, 2, 4, 9, 2):
        latest.put(_trade(number))
    latest.put(_trade(4, symbol="B"))
    turn = _take(latest)
    assert [(trade.symbol, trade.trade_id) for trade in turn.trades] == [
        ("A", 4),
        ("A", 2),
        ("A", 9),
        ("B", 4),
    ]
    latest.put(_trade(9))
    assert _take(latest).trades == []
    assert latest.duplicates == 3


def test_trades_without_numbers_all_count(latest):
    for _ in range(2):
        latest.put(Trade("A", ONE, ONE, 1))
    assert len(_take(latest).trades) == 2


def test_ids_from_long_ago_are_known(latest):
    for number in range(SEEN_IDS * 3):
        latest.put(_trade(number))
    before = len(_take(latest).trades)
    for number in range(SEEN_IDS * 3):
        latest.put(_trade(number))
    assert before == SEEN_IDS * 3
    assert _take(latest).trades == []


def test_one_wild_id_does_not_refuse_those_that_follow(latest):
    numbers = [1, 10**15, *range(2, SEEN_IDS * 3)]
    for number in numbers:
        latest.put(_trade(number))
    assert [trade.trade_id for trade in _take(latest).trades] == numbers
    latest.put(_trade(2))
    assert _take(latest).trades == []


def test_a_snapshot_stays_one_with_what_follows_before_it_is_taken(latest):
    latest.put(Ticker("A", ONE, 1, is_snapshot=True))
    latest.put(Ticker("A", ONE, 2))
    assert [ticker.is_snapshot for ticker in _take(latest).tickers] == [True]
    latest.put(Ticker("A", ONE, 3))
    assert [ticker.is_snapshot for ticker in _take(latest).tickers] == [False]


def test_candles_come_as_they_are_last_and_stay_amended(latest):
    latest.put(_bar(0))
    latest.put(_bar(60, close=Decimal(2), is_amended=True))
    latest.put(_bar(0, close=Decimal(3)))
    latest.put(_bar(60, close=Decimal(4)))
    bars = _take(latest).bars
    assert [(bar.begin, bar.close, bar.is_amended) for bar in bars] == [
        (0, Decimal(3), False),
        (60, Decimal(4), True),
    ]


def test_the_last_halt_counts(latest):
    latest.put(Halt("A", True))
    latest.put(Halt("A", False, "resumed"))
    assert _take(latest).halts == [Halt("A", False, "resumed")]


def test_what_does_not_fit_is_lost_since_its_time(latest, monkeypatch):
    monkeypatch.setattr(module, "MAX_TRADES", 3)
    monkeypatch.setattr(module, "MAX_BARS", 2)
    for number in range(5):
        latest.put(_trade(number, at=100 + number))
    for begin in (10, 20, 30):
        latest.put(_bar(begin, symbol="B"))
    turn = _take(latest)
    assert [trade.trade_id for trade in turn.trades] == [2, 3, 4]
    assert [bar.begin for bar in turn.bars] == [20, 30]
    assert turn.lost == [Lost("A", 100), Lost("B", 10)]
    assert latest.dropped == 3
    assert _take(latest).lost == []


def test_the_earliest_of_several_losses_counts(latest):
    latest.lose("A", 7)
    latest.lose("A", 3)
    latest.lose("A", 5)
    assert _take(latest).lost == [Lost("A", 3)]
