from __future__ import annotations

from hoardrun.market.noise import BOUND, Walk, chance

START = 17_900_000_000


def test_its_extremes_hold_every_tick_and_lie_close():
    walk = Walk("BTC-USD")
    for last in (START, START + 77, START + 20_000, START + 100_000):
        values = [walk.at(tick) for tick in range(START, last + 1)]
        high, low = walk.extremes(START, last)
        assert low <= min(values) <= max(values) <= high
    assert high - max(values) < 0.2
    assert min(values) - low < 0.2


def test_its_extremes_never_come_closer():
    walk = Walk("BTC-USD")
    ranges = [walk.extremes(START, START + 1234 * step) for step in range(200)]
    assert [high for high, _ in ranges] == sorted(high for high, _ in ranges)
    assert [low for _, low in ranges] == sorted((low for _, low in ranges), reverse=True)


def test_it_stays_within_its_bound_and_wanders_both_ways():
    walk = Walk("ETH-USD")
    values = [walk.at(START + day * 864_000) for day in range(500)]
    assert all(-BOUND <= value <= BOUND for value in values)
    assert min(values) < -1 < 1 < max(values)


def test_it_differs_by_seed():
    assert Walk("A").at(START) != Walk("B").at(START)
    assert chance("A", 1) != chance("B", 1)


def test_it_draws_evenly():
    draws = [chance("A", number) for number in range(1000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert 450 < sum(draw < 0.5 for draw in draws) < 550
