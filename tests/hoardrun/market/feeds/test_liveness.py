from __future__ import annotations

from hoardrun.market.feeds.liveness import Liveness, Quiet
from hoardrun.market.feeds.venue import Limits


def _limit(name):
    return 10.0


def _liveness(**limits):
    return Liveness(Limits(**({"silence_seconds": 20} | limits)), 0)


def test_each_of_three_clocks_keeps_a_connection_alive():
    for clock in ("pong_at", "heartbeat_at", "data_at"):
        liveness = _liveness()
        assert liveness.death(20, is_subscribed=True) == ""
        assert liveness.death(21, is_subscribed=True) == "no sign of life for 20 s"
        setattr(liveness, clock, 15)
        assert liveness.death(21, is_subscribed=True) == ""


def test_promised_heartbeats_are_waited_for_while_something_is_subscribed():
    liveness = _liveness(heartbeat_seconds=5)
    liveness.pong_at = 100
    assert liveness.death(100, is_subscribed=False) == ""
    assert liveness.death(100, is_subscribed=True) == "no heartbeat and no data for 5 s"
    liveness.heartbeat_at = 96
    assert liveness.death(100, is_subscribed=True) == ""


def test_a_symbol_is_asked_for_and_then_silent_before_its_limit_while_others_move():
    liveness = _liveness()
    liveness.data("A", 0)
    found: dict[Quiet, float] = {}
    for now in range(100):
        liveness.data("B", now / 10)
        for name, quiet in liveness.quiet(["A", "B"], _limit, now / 10):
            assert name == "A"
            found.setdefault(quiet, now / 10)
    assert found == {Quiet.PROBE: 5.0, Quiet.SILENT: 9.0}


def test_a_whole_market_that_is_quiet_is_asked_for_and_not_called_silent():
    liveness = _liveness()
    liveness.data("A", 0)
    liveness.data("B", 0)
    found = []
    for now in range(60):
        liveness.heartbeat_at = now
        found += [(now, name, quiet) for name, quiet in liveness.quiet(["A", "B"], _limit, now)]
    assert found[:2] == [(30, "A", Quiet.PROBE), (30, "B", Quiet.PROBE)]
    assert all(quiet is Quiet.PROBE for _, _, quiet in found)


def test_a_trade_after_a_common_pause_makes_no_other_symbol_silent_before_it_was_asked_for():
    liveness = _liveness()
    liveness.data("A", 0)
    liveness.data("B", 20)
    found: dict[Quiet, float] = {}
    for now in range(200, 300):
        for _, quiet in liveness.quiet(["A"], _limit, now / 10):
            found.setdefault(quiet, now / 10)
    assert found == {Quiet.PROBE: 20.0, Quiet.SILENT: 24.0}


def test_a_symbol_without_any_data_is_silent_too():
    liveness = _liveness()
    found = []
    for now in range(10):
        liveness.data("B", now)
        found += liveness.quiet(["A"], _limit, now)
    assert ("A", Quiet.SILENT) in found


def test_nothing_is_expected_while_the_market_is_closed_and_time_begins_when_it_opens():
    liveness = _liveness()
    for now in range(100):
        liveness.data("B", now)
        assert list(liveness.quiet(["A"], lambda _: None, now)) == []
    liveness.data("B", 103)
    assert list(liveness.quiet(["A"], _limit, 103)) == []
    liveness.data("B", 106)
    assert list(liveness.quiet(["A"], _limit, 106)) == [("A", Quiet.PROBE)]


def test_a_symbol_is_asked_for_at_growing_intervals():
    liveness = _liveness()
    asked = []
    for now in range(2000):
        liveness.data("B", now)
        if ("A", Quiet.PROBE) in liveness.quiet(["A"], _limit, now):
            asked.append(now)
    pauses = [b - a for a, b in zip(asked, asked[1:], strict=False)]
    assert pauses[:4] == [10, 20, 40, 80]
    assert max(pauses) == 300


def test_a_heartbeat_proves_only_what_came_before_it():
    liveness = _liveness()
    liveness.heartbeat_at = 5
    assert liveness.proven_at("A") is None
    liveness.data("A", 6)
    assert liveness.proven_at("A") is None
    liveness.heartbeat_at = 7
    assert liveness.proven_at("A") == 7


def test_it_measures_for_how_long_data_has_come():
    liveness = _liveness()
    assert liveness.data_seconds == 0
    liveness.data("A", 50)
    liveness.data("A", 80)
    assert liveness.data_seconds == 30
