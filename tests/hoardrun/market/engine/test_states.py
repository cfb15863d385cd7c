from __future__ import annotations

from collections.abc import Sequence

import pytest

from hoardrun.market.engine.prices import Feed
from hoardrun.market.engine.states import Feeds, feed_of, limit_of, state_of_source


@pytest.mark.parametrize(
    ("status", "age", "is_delayed", "feed"),
    [
        ("open", 0.0, False, Feed.LIVE),
        ("pre_market", 9.9, False, Feed.LIVE),
        ("open", 10.0, False, Feed.LIVE),
        ("open", 10.1, False, Feed.STALE),
        ("open", None, False, Feed.STALE),
        ("open", 10.0, True, Feed.DELAYED),
        ("open", 10.1, True, Feed.STALE),
        ("open", None, True, Feed.STALE),
        ("closed", 0.0, False, Feed.CLOSED),
        ("holiday", None, True, Feed.CLOSED),
        ("halted", 86_400.0, False, Feed.HALTED),
    ],
)
def test_a_price_is_judged_by_its_market_then_its_age(
    status: str, age: float | None, is_delayed: bool, feed: Feed
):
    assert feed_of(status=status, age=age, limit=10, is_delayed=is_delayed) is feed


def test_major_coins_are_stale_sooner_than_others():
    assert limit_of("crypto", "BTC-USD") == 10
    assert limit_of("crypto", "SOL-USD") == 60
    assert limit_of("forex", "EUR-USD") == 30
    assert limit_of("stock", "AAPL") == 60


@pytest.mark.parametrize(
    ("feeds", "link", "state"),
    [
        ([], "waiting", "waiting"),
        ([Feed.LIVE], "waiting", "waiting"),
        ([Feed.LIVE, Feed.CLOSED], "open", "live"),
        ([Feed.LIVE, Feed.STALE], "open", "partly"),
        ([Feed.STALE, Feed.HALTED], "open", "stale"),
        ([Feed.CLOSED, Feed.HALTED], "open", "closed"),
        ([Feed.DELAYED], "open", "delayed"),
    ],
)
def test_a_source_is_as_its_connection_and_then_as_its_prices(
    feeds: Sequence[Feed], link: str, state: str
):
    assert state_of_source(feeds, link) == state


def test_only_changes_are_told():
    feeds = Feeds()
    assert list(feeds.judge({1: Feed.STALE, 2: Feed.LIVE})) == [1, 2]
    assert list(feeds.judge({1: Feed.LIVE, 2: Feed.LIVE})) == [1]
    assert feeds[1] is Feed.LIVE
    assert feeds[3] is Feed.STALE
