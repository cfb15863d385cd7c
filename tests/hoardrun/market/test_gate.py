from __future__ import annotations

from decimal import Decimal
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.gate import JUMP_PERCENT, Gate, Limits, Verdict
from hoardrun.market.models import Instrument

S = 1_000_000
NOW = 1_700_000_000 * S
ACCEPTED, QUARANTINED = Verdict.ACCEPTED, Verdict.QUARANTINED


@pytest.fixture
def gate() -> Gate:
    return _gate()


def _gate(prices=(), **limits) -> Gate:
    gate = Gate(Limits(Decimal(10), **limits))
    for price in prices:
        gate.ticker(price, NOW - 30 * S, NOW - 30 * S)
    return gate


def _is_near(price, anchor):
    return max(price, anchor) * 10 <= min(price, anchor) * 11


def _tickers(gate, prices, step=S // 10):
    return [gate.ticker(p, NOW + i * step, NOW + i * step) for i, p in enumerate(prices)]


def test_every_type_of_instrument_has_its_limit():
    assert set(JUMP_PERCENT) == set(Instrument.Type)


@pytest.mark.parametrize("price", [0, -1])
def test_no_price_is_zero_or_less(gate, price):
    assert gate.ticker(price, NOW, NOW) is Verdict.NOT_POSITIVE
    assert gate.trade(price, NOW, NOW) is Verdict.NOT_POSITIVE
    assert gate.bar(100, 100, price, 100, is_recent=False) is Verdict.NOT_POSITIVE
    assert gate.counts == {Verdict.NOT_POSITIVE: 3}
    assert gate.ticker(100, NOW, NOW) is ACCEPTED


def test_times_may_be_a_little_ahead_of_ours_and_no_more(gate):
    assert gate.ticker(100, NOW + 5 * S, NOW) is ACCEPTED
    assert gate.ticker(100, NOW + 5 * S + 1, NOW) is Verdict.AHEAD
    assert gate.trade(100, NOW + 6 * S, NOW) is Verdict.AHEAD


def test_a_price_never_goes_back_in_time(gate):
    assert gate.ticker(100, NOW, NOW) is ACCEPTED
    assert gate.ticker(101, NOW, NOW) is ACCEPTED
    assert gate.ticker(100, NOW - 1, NOW) is Verdict.OLD


def test_a_late_trade_is_for_candles_and_an_older_one_for_nothing(gate):
    assert gate.trade(100, NOW, NOW) is ACCEPTED
    assert gate.trade(100, NOW - S, NOW) is ACCEPTED
    assert gate.trade(100, NOW - 20 * S, NOW) is Verdict.LATE
    assert gate.trade(100, NOW - 60 * S, NOW) is Verdict.LATE
    assert gate.trade(100, NOW - 61 * S, NOW) is Verdict.OLD
    assert gate.trade(150, NOW - 20 * S, NOW) is QUARANTINED


def test_a_trade_is_not_older_than_a_ticker_that_overtook_it(gate):
    gate.trade(100, NOW - 5 * S, NOW)
    gate.ticker(100, NOW, NOW)
    assert gate.trade(105, NOW - 3 * S, NOW) is ACCEPTED


def test_the_same_trade_counts_once(gate):
    assert gate.trade(100, NOW, NOW, trade_id=7) is ACCEPTED
    assert gate.trade(100, NOW, NOW, trade_id=7) is Verdict.DUPLICATE
    assert gate.trade(100, NOW, NOW, trade_id=8) is ACCEPTED
    assert gate.trade(100, NOW, NOW) is ACCEPTED
    assert gate.trade(100, NOW, NOW) is ACCEPTED


@pytest.mark.parametrize("spike", [1, 80, 125, 10**9])
def test_a_single_spike_is_nobodys_price(spike):
    gate = _gate([100] * 20)
    assert _tickers(gate, [spike, 101, 100]) == [QUARANTINED, ACCEPTED, ACCEPTED]
    assert gate.counts[QUARANTINED] == 1


@pytest.mark.parametrize("level", [50, 200])
def test_a_new_level_is_believed_after_three_ticks_that_confirm_it(level):
    gate = _gate([100] * 20)
    verdicts = _tickers(gate, [level, level + 1, level, level - 1, level])
    assert verdicts == [QUARANTINED, QUARANTINED, QUARANTINED, ACCEPTED, ACCEPTED]
    assert _tickers(gate, [100]) == [Verdict.OLD]
    assert gate.ticker(100, NOW + S, NOW + S) is QUARANTINED  # the old level is far now


def test_a_new_level_is_believed_after_five_seconds_of_agreement():
    gate = _gate([100] * 20)
    assert gate.ticker(200, NOW, NOW) is QUARANTINED
    assert gate.ticker(200, NOW + 5 * S, NOW + 5 * S) is ACCEPTED


def test_ticks_that_contradict_each_other_confirm_nothing():
    gate = _gate([100] * 20)
    wild = [50, 200, 10, 400, 50, 200, 10, 400]
    assert set(_tickers(gate, wild, step=S)) == {QUARANTINED}
    assert gate.ticker(100, NOW + 20 * S, NOW + 20 * S) is ACCEPTED


def test_a_level_that_the_old_one_interrupts_begins_anew():
    gate = _gate([100] * 20)
    verdicts = _tickers(gate, [200, 200, 200, 100, 200, 200, 200, 200])
    assert verdicts == [QUARANTINED] * 3 + [ACCEPTED] + [QUARANTINED] * 3 + [ACCEPTED]


def test_one_bad_first_tick_is_no_anchor_for_long():
    for bad in (1, 10_000):
        gate = _gate()
        verdicts = _tickers(gate, [bad, 100, 100, 100, 100, 101])
        assert verdicts == [ACCEPTED, QUARANTINED, QUARANTINED, QUARANTINED, ACCEPTED, ACCEPTED]


def test_a_snapshot_is_believed_after_a_minute_without_prices():
    gate = _gate([100] * 20)  # 30 s ago
    assert gate.ticker(200, NOW, NOW, is_snapshot=True) is QUARANTINED
    later = NOW + 30 * S
    assert gate.ticker(201, later, later) is ACCEPTED  # five seconds of agreement
    gate = _gate([100] * 20)
    assert gate.ticker(200, later, later, is_snapshot=True) is ACCEPTED
    assert gate.ticker(100, later, later) is QUARANTINED


def test_the_first_price_is_compared_with_the_stored_one():
    gate = _gate()
    gate.seed(100, NOW - 10 * S)
    assert gate.ticker(200, NOW, NOW, is_snapshot=True) is QUARANTINED
    gate = _gate()
    gate.seed(100, NOW - 3600 * S)
    assert gate.ticker(200, NOW, NOW, is_snapshot=True) is ACCEPTED


@pytest.mark.parametrize("price", [0, 500])
def test_it_says_for_how_long_no_price_was_believed(gate, price):
    gate.ticker(100, NOW, NOW)
    assert gate.doubting_seconds(NOW + 9 * S) == 0
    for second in range(1, 4):
        gate.ticker(price, NOW + second * S, NOW + second * S)
    assert gate.doubting_seconds(NOW + 4 * S) == 3
    gate.trade(100, NOW + 4 * S, NOW + 4 * S)
    assert gate.doubting_seconds(NOW + 9 * S) == 0


@pytest.mark.parametrize(
    ("bar", "verdict"),
    [
        ((100, 105, 95, 101), ACCEPTED),
        ((100, 95, 105, 101), Verdict.INCONSISTENT),
        ((106, 105, 95, 101), Verdict.INCONSISTENT),
        ((100, 105, 95, 94), Verdict.INCONSISTENT),
        ((100, 105, 1, 101), QUARANTINED),
        ((100, 900, 95, 101), QUARANTINED),
        ((100, 130, 95, 130), QUARANTINED),
    ],
)
def test_a_recent_candle_stays_near_the_prices(bar, verdict):
    gate = _gate([100] * 20)
    assert gate.bar(*bar, is_recent=True) is verdict


def test_an_old_candle_is_only_consistent():
    gate = _gate([100] * 20)
    assert gate.bar(900, 950, 850, 900, is_recent=False) is ACCEPTED


def test_a_candle_of_a_crash_that_the_prices_went_through_is_believed():
    gate = _gate([1000] * 20)
    crash = list(range(1000, 700, -5))
    assert set(_tickers(gate, crash)) == {ACCEPTED}
    assert gate.bar(1000, 1000, 705, 705, is_recent=True) is ACCEPTED


ticks = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 8 * S)), min_size=1, max_size=120)


@given(ticks)
def test_what_is_far_from_the_last_prices_has_been_confirmed_by_an_earlier_one(stream):
    gate, now = _gate(), NOW
    believed: list[int] = []
    doubted: list[int] = []
    for price, pause in stream:
        now += pause
        verdict = gate.ticker(price, now, now)
        if believed and not _is_near(price, median_low(believed[-20:])):
            if verdict is QUARANTINED:
                doubted.append(price)
                continue
            assert any(_is_near(price, earlier) for earlier in doubted)
        assert verdict is ACCEPTED
        believed, doubted = list(gate._window), []


@given(ticks)
def test_no_stream_is_frozen_for_ever(stream):
    """Whatever came before, a price that holds is believed within four ticks or five seconds."""
    gate, now = _gate(), NOW
    for price, pause in stream:
        now += pause
        gate.ticker(price, now, now)
    verdicts = [gate.ticker(777, now + i, now + i) for i in range(4)]
    assert ACCEPTED in verdicts
    assert gate.ticker(777, now + 9, now + 9) is ACCEPTED


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_rises_and_falls_are_judged_alike(stream):
    """Prices and their inverses, on a scale where both are exact, get the same verdicts."""
    whole = 1
    for price in set(stream):
        whole *= price
    up, down = _gate(window=1), _gate(window=1)
    for number, price in enumerate(stream):
        now = NOW + number
        assert up.ticker(price, now, now) is down.ticker(whole // price, now, now)
