from __future__ import annotations

from hoardrun.market.noise import BOUND, Noise

START = 17_900_000_000


def test_it_finds_the_extremes_of_every_single_tick():
    noise = Noise("BTC-USD")
    for first, last in [(START, START), (START + 77, START + 4_001), (START, START + 20_000)]:
        values = [noise.at(tick) for tick in range(first, last + 1)]
        assert noise.highest(first, last) == max(values)
        assert noise.lowest(first, last) == min(values)


def test_it_stays_within_its_bound_and_wanders_both_ways():
    noise = Noise("ETH-USD")
    values = [noise.at(START + day * 864_000) for day in range(500)]
    assert all(-BOUND <= value <= BOUND for value in values)
    assert min(values) < -1 < 1 < max(values)


def test_it_differs_by_seed():
    assert Noise("A").at(START) != Noise("B").at(START)
