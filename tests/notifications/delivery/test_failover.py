"""Which provider a call goes to."""

from __future__ import annotations

import pytest

from notifications.delivery.failover import Choice, Tried, choose

BOTH = ["one", "two"]


def tried(*calls):
    return [Tried(lease, name, outcome) for lease, (name, outcome) in enumerate(calls, 1)]


def test_the_first_provider_is_tried_first():
    assert choose(BOTH, [], ()) == Choice("one", True)
    assert choose(["one"], [], ()) == Choice("one", False)
    assert choose([], [], ()) == Choice(None, False)


def test_one_that_lets_nothing_through_is_passed_over():
    assert choose(BOTH, [], {"one"}) == Choice("two", False)
    assert choose(BOTH, [], {"one", "two"}) == Choice(None, False)


def test_after_not_sent_the_next_one_and_then_in_turn():
    assert choose(BOTH, tried(("one", "not_sent")), ()) == Choice("two", False)
    calls = tried(("one", "not_sent"), ("two", "not_sent"))
    assert choose(BOTH, calls, ()) == Choice("one", False)  # nothing untried: it pauses first


def test_one_that_has_refused_is_not_asked_again():
    assert choose(BOTH, tried(("one", "refused")), ()) == Choice("two", False)
    calls = tried(("one", "refused"), ("two", "later"))
    assert choose(BOTH, calls, ()) == Choice("two", False)


@pytest.mark.reported(number=27)
def test_an_unknown_outcome_never_leads_to_another_provider():
    calls = tried(("one", "unknown"))
    assert choose(BOTH, calls, (), unsettled="one") == Choice("one", False)
    assert choose(BOTH, calls, {"one"}, unsettled="one") == Choice(None, False)
