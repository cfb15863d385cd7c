from __future__ import annotations

import pytest

from hoardrun.market.engine.prices import Feed
from hoardrun.market.judged import UNLED_SECONDS, feed_read


@pytest.mark.parametrize("stored", Feed)
@pytest.mark.parametrize("age", [0.0, 1e6])
def test_what_the_leader_says_holds_while_it_leads(stored: Feed, age: float):
    assert feed_read(stored, status="open", is_led=True, age=age) is stored


@pytest.mark.parametrize("stored", [Feed.LIVE, Feed.STALE, Feed.CLOSED, Feed.HALTED])
def test_a_price_without_a_leader_is_soon_stale(stored: Feed):
    assert feed_read(stored, status="open", is_led=False, age=UNLED_SECONDS) is stored
    assert feed_read(stored, status="open", is_led=False, age=UNLED_SECONDS + 1) is Feed.STALE


def test_a_price_of_yesterday_stays_what_it_said_it_was():
    assert feed_read(Feed.DELAYED, status="open", is_led=False, age=1e6) is Feed.DELAYED


@pytest.mark.parametrize("is_led", [True, False])
@pytest.mark.parametrize(
    ("status", "feed"),
    [
        ("halted", Feed.HALTED),
        ("closed", Feed.CLOSED),
        ("holiday", Feed.CLOSED),
        ("pre_market", Feed.LIVE),
        ("after_hours", Feed.LIVE),
    ],
)
def test_what_staff_say_of_the_market_comes_first(status: str, feed: Feed, is_led: bool):
    assert feed_read(Feed.LIVE, status=status, is_led=is_led, age=1) is feed
