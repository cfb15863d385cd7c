from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hoardrun.market import lease
from hoardrun.market.engine.leases import source_lease
from hoardrun.market.engine.prices import Feed
from hoardrun.market.engine.unled import say_stale
from hoardrun.market.models import Quote
from hoardrun.market.quotes import LiveQuote
from tests.hoardrun.market.alerts.tools import coin

pytestmark = pytest.mark.django_db


def said() -> list[LiveQuote]:
    found: list[LiveQuote] = []
    say_stale(found.extend)
    return found


def priced(seconds: float, **more: Any) -> None:
    """Store a live price of Kraken's, made so many seconds ago."""
    coin("100.00", as_of=datetime.now(UTC) - timedelta(seconds=seconds), **more)


def test_a_price_that_nobody_vouches_for_is_stale_to_all_once() -> None:
    priced(11)
    [quote] = said()
    assert (quote.listing.symbol, f"{quote.price}", quote.source) == ("BTC-USD", "100.00", "kraken")
    assert quote.feed is Feed.STALE
    assert Quote.objects.get().feed == "stale"
    assert said() == []


def test_a_price_whose_source_is_led_is_left_alone() -> None:
    priced(3600)
    held = lease.acquire(source_lease("kraken"), "one")
    assert held is not None
    assert said() == []
    lease.release(held)
    assert len(said()) == 1


@pytest.mark.parametrize(
    ("seconds", "feed"), [(3, Feed.LIVE), (3600, Feed.DELAYED), (3600, Feed.CLOSED)]
)
def test_what_is_new_or_was_never_live_is_left_alone(seconds: int, feed: Feed) -> None:
    priced(seconds, feed=feed)
    assert said() == []


def test_the_next_leader_makes_it_live_again() -> None:
    at = datetime.now(UTC) - timedelta(seconds=11)
    coin("100.00", as_of=at)
    assert said()
    coin("100.00", as_of=at)  # proven anew, though nothing was traded
    assert Quote.objects.get().feed == "live"
