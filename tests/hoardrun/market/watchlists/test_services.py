"""Watchlists keep an order, are bounded, and are their user's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.market.errors import InstrumentNotFound
from hoardrun.market.models import Instrument, Watchlist
from hoardrun.market.watchlists import services
from hoardrun.market.watchlists.errors import (
    WatchlistChangedMeanwhile,
    WatchlistLimit,
    WatchlistNotFound,
)
from hoardrun.market.watchlists.selectors import symbols_of, watchlist_get, watchlists_list
from hoardrun.market.watchlists.services import (
    watchlist_change,
    watchlist_create,
    watchlist_remove,
)
from realtime.errors import InvalidInput

pytestmark = pytest.mark.usefixtures("instruments")


def mine(user: User, *symbols: str) -> Watchlist:
    return watchlist_create(user_id=user.pk, name="Mine", symbols=symbols)


def test_a_list_keeps_its_order_and_is_replaced_by_version(alice: User) -> None:
    row = mine(alice, "SCOM", "btc-usd", "AAPL")
    assert symbols_of(row) == ["SCOM", "BTC-USD", "AAPL"]
    change: dict[str, Any] = {"user_id": alice.pk, "watchlist_id": row.pk}
    row = watchlist_change(**change, version=1, symbols=["AAPL", "SCOM"])
    assert (symbols_of(row), row.version, row.name) == (["AAPL", "SCOM"], 2, "Mine")
    row = watchlist_change(**change, version=2, name=" Shares ")
    assert (symbols_of(row), row.name) == (["AAPL", "SCOM"], "Shares")
    with pytest.raises(WatchlistChangedMeanwhile) as refusal:
        watchlist_change(**change, version=2, symbols=[])
    assert refusal.value.extra["version"] == 3
    assert symbols_of(watchlist_change(**change, version=3, symbols=[])) == []


def test_what_cannot_be_on_a_list_is_refused(alice: User) -> None:
    with pytest.raises(InstrumentNotFound):
        mine(alice, "NONE")
    with pytest.raises(InvalidInput, match="twice"):
        mine(alice, "AAPL", "aapl")
    with pytest.raises(InvalidInput, match="at most 100"):
        mine(alice, *["AAPL"] * 101)
    with pytest.raises(InvalidInput, match="name"):
        watchlist_create(user_id=alice.pk, name=" ")
    assert not Watchlist.objects.exists()


def test_there_are_so_many_lists_and_no_more(alice: User, bob: User) -> None:
    for _ in range(services.MAX_LISTS):
        mine(alice)
    with pytest.raises(WatchlistLimit, match="20 watchlists"):
        mine(alice)
    assert mine(bob).pk


def test_everybody_has_their_own(alice: User, bob: User) -> None:
    row = mine(alice, "AAPL")
    with pytest.raises(WatchlistNotFound):
        watchlist_get(user_id=bob.pk, watchlist_id=row.pk)
    with pytest.raises(WatchlistNotFound):
        watchlist_remove(user_id=bob.pk, watchlist_id=row.pk)
    assert list(watchlists_list(alice.pk)) == [row] and not watchlists_list(bob.pk)
    watchlist_remove(user_id=alice.pk, watchlist_id=str(row.pk))
    assert not Watchlist.objects.exists()


def test_an_instrument_that_is_no_longer_traded_is_left_out(alice: User) -> None:
    row = mine(alice, "AAPL", "SCOM")
    Instrument.objects.filter(symbol="AAPL").update(is_active=False)
    assert symbols_of(watchlist_get(user_id=alice.pk, watchlist_id=row.pk)) == ["SCOM"]
