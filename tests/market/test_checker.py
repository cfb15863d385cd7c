"""The checker, with runs made by hand: each verdict has one that it must name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.market import truth
from tests.market.checker import (
    MINUTE,
    VERDICTS,
    Alert,
    Candle,
    Evidence,
    Told,
    check,
)
from tests.market.truth import Deal

PRICES = (100, 101, 103, 99, 98, 104)


def evidence() -> Evidence:
    """Return a run in which all is right: three alerts, of which two were crossed."""
    trades = [
        Deal("BTC/USD", at, at, at, Decimal(price), Decimal("0.5"))
        for at, price in enumerate(PRICES, 10 * MINUTE + 1)
    ]
    trades += [trade._replace(at=trade.at + MINUTE) for trade in trades]
    alerts = [
        Alert(1, 7, "BTC", True, Decimal(103), False, 0, 1),
        Alert(2, 8, "BTC", False, Decimal(98), True, 0, 2, Decimal(99), MINUTE // 2),
        Alert(3, 8, "BTC", True, Decimal(105), False, 0, 0),
    ]
    told = [_told(1, 7, trades[2]), _told(2, 8, trades[4]), _told(2, 8, trades[10])]
    candles = {
        ("BTC", minutes, begin): Candle(*bar)
        for minutes in (1, 5)
        for (_, begin), bar in truth.candles(trades, minutes).items()
    }
    return Evidence(10 * MINUTE, 15 * MINUTE, {"BTC": trades}, alerts, told, candles)


def _told(alert: int, user: int, trade: Deal) -> Told:
    return Told(alert, user, trade.at + 5, trade.price, trade.at)


def test_what_is_as_it_must_be_is_clean() -> None:
    verdict = check(evidence(), failover=12, telling=12)
    assert verdict.clean, dict(verdict.examples)
    assert verdict.figures["candles"] == 3
    assert verdict.figures["fired"] == verdict.figures["notifications"] == 3


def _not_told(found: Evidence) -> None:
    found.alerts = [replace(found.alerts[0], fired=0), *found.alerts[1:]]
    found.told = found.told[1:]


def _told_twice(found: Evidence) -> None:
    found.told = [*found.told, found.told[0]]


def _told_too_early(found: Evidence) -> None:
    found.told = [*found.told[:2], found.told[1]]


def _told_again_on_the_same_side(found: Evidence) -> None:
    found.alerts = [found.alerts[0], replace(found.alerts[1], back=Decimal(200)), found.alerts[2]]


def _not_told_again(found: Evidence) -> None:
    found.alerts = [found.alerts[0], replace(found.alerts[1], fired=1), found.alerts[2]]
    found.told = found.told[:2]


def _told_of_another_price(found: Evidence) -> None:
    found.told = [replace(found.told[0], price=Decimal("103.5")), *found.told[1:]]


def _told_of_another_time(found: Evidence) -> None:
    since, as_of = 10 * MINUTE + 5_000, 11 * MINUTE - 1_000
    found.told = [replace(found.told[0], since=since, as_of=as_of), *found.told[1:]]


def _told_before(found: Evidence) -> None:
    found.told = [replace(found.told[0], at=10 * MINUTE), *found.told[1:]]


def _told_of_nothing(found: Evidence) -> None:
    found.alerts = [*found.alerts[:2], replace(found.alerts[2], fired=1)]
    found.told = [*found.told, Told(3, 8, 12 * MINUTE, Decimal(105), 12 * MINUTE)]


def _fired_without_word(found: Evidence) -> None:
    found.told = found.told[:2]


def _told_another(found: Evidence) -> None:
    found.told = [replace(found.told[0], user=8), *found.told[1:]]


def _told_late(found: Evidence) -> None:
    found.told = [replace(found.told[0], at=10 * MINUTE + 13_000_000), *found.told[1:]]


def _open(found: Evidence) -> None:
    _change(found, is_closed=False)


def _wrong(found: Evidence) -> None:
    _change(found, high=Decimal(105))


def _change(found: Evidence, **fields: object) -> None:
    key = ("BTC", 1, 10 * MINUTE)
    found.candles = {**found.candles, key: replace(found.candles[key], **fields)}  # type: ignore[arg-type]


def _missing(found: Evidence) -> None:
    found.candles = {key: one for key, one in found.candles.items() if key[1] != 5}


def _invented(found: Evidence) -> None:
    one = Candle(Decimal(1), Decimal(1), Decimal(1), Decimal(1), Decimal(1), 1)
    found.candles = {**found.candles, ("BTC", 1, 13 * MINUTE): one}


def _leaderless(found: Evidence) -> None:
    found.leaderless = [("kill", 12.5)]


def _noted(verdict: str) -> Callable[[Evidence], None]:
    def note(found: Evidence) -> None:
        found.noted = [(verdict, "a row")]

    return note


DAMAGES: list[tuple[Callable[[Evidence], None], str]] = [
    (_not_told, "lost"),
    (_told_twice, "doubled"),
    (_told_too_early, "doubled"),
    (_told_again_on_the_same_side, "doubled"),
    (_not_told_again, "lost"),
    (_told_of_another_price, "false"),
    (_told_of_another_time, "false"),
    (_told_before, "false"),
    (_told_of_nothing, "false"),
    (_fired_without_word, "silent"),
    (_told_another, "silent"),
    (_told_late, "late"),
    (_open, "candle"),
    (_wrong, "candle"),
    (_missing, "candle"),
    (_invented, "candle"),
    (_leaderless, "leaderless"),
    *((_noted(verdict), verdict) for verdict in ("overtaken", "unrevised", "stolen")),
]


@pytest.mark.parametrize(("damage", "expected"), DAMAGES)
def test_each_damage_is_named(damage: Callable[[Evidence], None], expected: str) -> None:
    found = evidence()
    damage(found)
    assert dict(check(found, failover=12, telling=12).counts) == {expected: 1}


def test_each_verdict_has_a_damage() -> None:
    assert {expected for _, expected in DAMAGES} == set(VERDICTS)


def test_what_was_told_of_a_time_is_true_if_it_was_reached_in_it() -> None:
    found = evidence()
    between = replace(found.told[0], price=Decimal(104), since=10 * MINUTE, as_of=11 * MINUTE)
    found.told = [between, *found.told[1:]]
    assert check(found, failover=12, telling=12).clean


def test_an_alert_may_be_armed_at_the_very_trade_that_crossed() -> None:
    found = evidence()
    armed_at = found.trades["BTC"][2].at
    found.alerts = [replace(found.alerts[0], armed_at=armed_at), *found.alerts[1:]]
    assert check(found, failover=12, telling=12).clean


@pytest.mark.parametrize("is_told", [True, False])
def test_what_was_traded_at_the_time_of_arming_and_before_it_may_be_told(is_told: bool) -> None:
    """An alert is armed at the last of several trades of one time; it need not know the others."""
    found = evidence()
    first = found.trades["BTC"][:6]
    second = [trade._replace(arrived=trade.at) for trade in found.trades["BTC"][6:]]
    crossing = first[-1]
    armed = crossing._replace(trade_id=crossing.trade_id + 1, price=Decimal(100))
    found.trades = {"BTC": [*first, armed, *second]}
    found.alerts = [replace(found.alerts[0], armed_at=armed.at)]
    found.told = [_told(1, 7, crossing if is_told else second[2])]
    assert check(found, failover=12, telling=12, minutes=()).clean


def test_an_alert_that_came_back_during_a_fault_need_not_fire_again() -> None:
    found = evidence()
    _not_told_again(found)
    found.healed = [(10 * MINUTE, 10 * MINUTE + 20)]
    assert check(found, failover=12, telling=12).clean


def test_what_was_broken_before_a_crossing_may_take_a_failover_and_no_more() -> None:
    found = evidence()
    _told_late(found)
    found.healed = [(10 * MINUTE, 10 * MINUTE + 12_000_000)]
    assert dict(check(found, failover=12, telling=12).counts) == {"late": 1}


def test_what_breaks_after_a_crossing_may_make_it_late() -> None:
    found = evidence()
    _told_late(found)
    found.healed = [(10 * MINUTE + 3, 10 * MINUTE + 2_000_000)]
    assert check(found, failover=12, telling=12).clean


def test_after_each_fault_that_begins_meanwhile_the_venue_may_be_asked_anew() -> None:
    found = evidence()
    _told_late(found)
    found.healed = [(10 * MINUTE + 3, 10 * MINUTE + 20)]
    assert dict(check(found, failover=12, telling=12).counts) == {"late": 1}
    assert check(found, failover=12, telling=12, asking=3).clean
