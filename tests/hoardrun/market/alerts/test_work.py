"""What is to be stored comes in order for an instrument, and a storm holds nobody up."""

from __future__ import annotations

from hoardrun.market.alerts.board import Fires, Rearms
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.work import PAGE, Work


def _fires(*ids: int) -> Fires:
    return Fires(ids, Metric.PRICE, 1, 1, 1)


def test_a_storm_of_one_instrument_lets_others_pass() -> None:
    work = Work()
    work.add(1, [_fires(*range(3 * PAGE))], "kraken")
    work.add(2, [_fires(900)], "kraken")
    order = []
    while (task := work.next()) is not None:
        order.append((task.instrument_id, list(task.effect.ids)[0]))
        work.done(task)
    assert order == [(1, 0), (2, 900), (1, PAGE), (1, 2 * PAGE)]
    assert len(work) == 0 and 1 not in work


def test_the_effects_on_an_instrument_stay_in_their_order() -> None:
    work = Work()
    rearms = Rearms([5], Metric.PRICE, 1, 1)
    work.add(1, [rearms], "kraken")
    work.add(1, [_fires(5)], "coinbase")
    first = work.next()
    assert first is not None and first.effect is rearms and work.next() is first
    work.done(first)
    second = work.next()
    assert second is not None and (second.effect, second.source) == (_fires(5), "coinbase")
    assert 1 in work and len(work) == 1
