from __future__ import annotations

import pytest

from hoardrun.market.feeds.subscriptions import Subscriptions, SymbolState
from hoardrun.market.feeds.venue import Limits

LIMITS = Limits(silence_seconds=20, ack_seconds=10, symbols_a_frame=2, symbols=3)


@pytest.fixture
def subscriptions() -> Subscriptions:
    return Subscriptions(LIMITS, 2, {})


def _state(subscriptions, name):
    return subscriptions.states()[name][0]


def test_it_asks_in_frames_of_the_venues_size_and_for_each_symbol_once(subscriptions):
    ask = subscriptions.want(["A", "B", "C", "A"], 0)
    assert (ask.add, ask.drop) == ([["A", "B"], ["C"]], [])
    assert subscriptions.want(["C", "B", "A"], 1).add == []


def test_it_ends_what_is_wanted_no_longer(subscriptions):
    subscriptions.want(["A", "B"], 0)
    ask = subscriptions.want(["B"], 1)
    assert ask.drop == [["A"]]
    assert list(subscriptions.states()) == ["B"]


def test_a_symbol_is_live_once_all_channels_accepted_it(subscriptions):
    subscriptions.want(["A"], 0)
    subscriptions.accepted("A", "ticker")
    subscriptions.accepted("A", "ticker")
    assert _state(subscriptions, "A") is SymbolState.ASKED
    assert not subscriptions.is_settled
    subscriptions.accepted("A", "trade")
    assert _state(subscriptions, "A") is SymbolState.LIVE
    assert subscriptions.is_settled


def test_a_symbol_that_is_not_accepted_anew_is_silent_until_it_is(subscriptions):
    subscriptions.want(["A"], 0)
    for channel in ("ticker", "trade"):
        subscriptions.accepted("A", channel)
    subscriptions.ask_again(["A"], 100)
    assert subscriptions.overdue(119) == []
    assert subscriptions.is_live("A")
    assert subscriptions.overdue(120) == ["A"]
    assert _state(subscriptions, "A") is SymbolState.SILENT
    subscriptions.ask_again(["A"], 120)
    for channel in ("ticker", "trade"):
        subscriptions.accepted("A", channel)
    assert subscriptions.is_live("A")
    assert subscriptions.overdue(1000) == []


def test_a_symbol_that_is_asked_for_anew_is_live_by_its_data(subscriptions):
    subscriptions.want(["A"], 0)
    for channel in ("ticker", "trade"):
        subscriptions.accepted("A", channel)
    subscriptions.ask_again(["A"], 100)
    subscriptions.seen("A")
    assert subscriptions.overdue(1000) == []
    assert subscriptions.is_live("A")


def test_data_is_proof_enough(subscriptions):
    subscriptions.want(["A"], 0)
    subscriptions.seen("A")
    assert subscriptions.is_live("A")
    assert subscriptions.overdue(1000) == []  # of a venue that answers nothing


def test_symbols_beyond_the_venues_limit_are_refused_until_there_is_place(subscriptions):
    subscriptions.want(["A", "B", "C", "D"], 0)
    assert subscriptions.states()["D"] == (SymbolState.REFUSED, "The venue allows 3 symbols.")
    subscriptions.want(["A", "B"], 1)
    assert subscriptions.want(["A", "B", "D"], 2).add == [["D"]]


def test_a_refusal_holds_for_the_connections_after_it(subscriptions):
    refused: dict[str, str] = {}
    first, second = Subscriptions(LIMITS, 1, refused), Subscriptions(LIMITS, 1, refused)
    first.want(["A", "B"], 0)
    assert first.refuse("A", "unknown")
    assert not first.refuse("A", "unknown")
    assert second.want(["A", "B"], 9).add == [["B"]]
    assert second.states()["A"] == (SymbolState.REFUSED, "unknown")
    first.seen("A")
    first.accepted("A", "ticker")
    assert _state(first, "A") is SymbolState.REFUSED
    first.forget_refusals()
    assert first.want(["A", "B"], 9).add == [["A"]]


def test_a_refused_place_is_free_for_another(subscriptions):
    subscriptions.want(["A", "B", "C"], 0)
    subscriptions.refuse("A", "unknown")
    assert subscriptions.want(["A", "B", "C", "D"], 1).add == [["D"]]


def test_what_is_not_answered_is_silent_and_asked_for_at_growing_intervals(subscriptions):
    subscriptions.want(["A"], 0)
    subscriptions.accepted("A", "ticker")
    asked = []
    for now in range(2000):
        if late := subscriptions.overdue(now):
            asked.append(now)
            ask = subscriptions.ask_again(late, now)
            assert (ask.drop, ask.add) == ([["A"]], [["A"]])
    assert subscriptions.states()["A"] == (SymbolState.SILENT, "The venue did not answer.")
    pauses = [b - a for a, b in zip(asked, asked[1:], strict=False)]
    assert pauses[:4] == [20, 40, 80, 160]
    assert max(pauses) == 300
    subscriptions.accepted("A", "ticker")
    subscriptions.accepted("A", "trade")
    assert subscriptions.is_live("A")


def test_an_answer_in_part_is_asked_for_three_times_while_data_flows(subscriptions):
    subscriptions.want(["A"], 0)
    subscriptions.accepted("A", "ticker")
    asked = 0
    for now in range(1000):
        subscriptions._symbols["A"].state = SymbolState.LIVE
        if late := subscriptions.overdue(now):
            asked += 1
            subscriptions.ask_again(late, now)
            subscriptions.accepted("A", "ticker")
    assert asked == 3


def test_only_data_ends_the_silence_of_an_accepted_symbol(subscriptions):
    subscriptions.want(["A"], 0)
    subscriptions.seen("A")
    subscriptions.silence("A", "quiet")
    for channel in ("ticker", "trade"):
        subscriptions.accepted("A", channel)
    assert subscriptions.states()["A"] == (SymbolState.SILENT, "quiet")
    subscriptions.seen("A")
    assert subscriptions.is_live("A")


def test_each_change_of_a_state_raises_the_version(subscriptions):
    versions = [subscriptions.version]
    for change in (
        lambda: subscriptions.want(["A"], 0),
        lambda: subscriptions.seen("A"),
        lambda: subscriptions.silence("A", "quiet"),
        lambda: subscriptions.refuse("A", "gone"),
        lambda: subscriptions.want([], 1),
    ):
        change()
        versions.append(subscriptions.version)
    assert versions == sorted(set(versions))
    subscriptions.seen("A")
    assert subscriptions.version == versions[-1]
