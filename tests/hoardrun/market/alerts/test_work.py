"""What is to be stored comes in order for an instrument, and a storm holds nobody up."""

from __future__ import annotations

from hoardrun.market.alerts.board import Arms, Effect, Fires, Rearms
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.work import PAGE, Work
from tests.hoardrun.market.alerts.naive import fires


def _fires(*ids: int) -> Fires:
    return fires(list(ids), Metric.PRICE, 1, 1, 1)


def test_a_storm_of_one_instrument_lets_others_pass() -> None:
    work = Work()
    work.add(1, [_fires(*range(3 * PAGE))], "kraken")
    work.add(2, [_fires(900)], "kraken")
    order = []
    while (task := work.next()) is not None:
        order.append((task.instrument_id, list(task.effect.ids)[0]))
        work.done(task)
    assert order == [(1, 0), (2, 900), (1, PAGE), (1, 2 * PAGE)]
    assert len(work) == 0 and not work.instruments()


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
    assert list(work.instruments()) == [1] and len(work) == 1


def _order(work: Work, failing: int) -> list[tuple[int, Effect]]:
    """Store all but what fails; return what was tried, until nothing else waits."""
    tried: list[tuple[int, Effect]] = []
    while (task := work.next()) is not None and len(work) > 1:
        tried.append((task.instrument_id, task.effect))
        if failing in task.effect.ids:
            work.failed(task)
        else:
            work.done(task)
    return tried


def test_an_alert_that_cannot_be_stored_holds_nobody_up() -> None:
    work = Work()
    work.add(1, [_fires(1, 2, 3)], "kraken")
    work.add(1, [_fires(4)], "kraken")
    work.add(2, [_fires(9)], "kraken")
    assert _order(work, failing=2) == [
        (1, _fires(1, 2, 3)), (2, _fires(9)), (1, _fires(1)), (1, _fires(2)), (1, _fires(3)),
        (1, _fires(4)),
    ]  # fmt: skip
    left = work.next()
    assert left is not None and left.effect == _fires(2) and len(work) == 1


def test_what_follows_an_alert_that_is_not_armed_yet_waits_for_that() -> None:
    work = Work()
    work.add(1, [Arms([1, 2], [7, 8], 100, 5), _fires(2)], "kraken")
    for effect in (Arms([1, 2], [7, 8], 100, 5), Arms([1], [7], 100, 5), Arms([1], [7], 100, 5)):
        task = work.next()
        assert task is not None and task.effect == effect
        work.failed(task)
    assert len(work) == 3
