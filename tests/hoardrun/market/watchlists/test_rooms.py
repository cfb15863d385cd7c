"""The room of a list: its user's alone, with the prices of its symbols."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from hoardrun.market.services import quotes_record
from hoardrun.market.watchlists.rooms import WatchlistRooms
from hoardrun.market.watchlists.services import watchlist_create, watchlist_remove
from realtime.rooms import kind_of
from tests.hoardrun.market.tools import quotes_at


def test_a_list_has_a_room_for_its_user_alone(alice: User, bob: User, instruments: Any) -> None:
    row = watchlist_create(user_id=alice.pk, name="Mine", symbols=["SCOM", "BTC-USD"])
    room = f"watchlist:{row.pk}"
    kind = kind_of(room)
    assert isinstance(kind, WatchlistRooms)
    assert kind.may_join(alice.pk, room) and not kind.may_join(bob.pk, room)
    assert not kind.may_join(alice.pk, "watchlist:x") and not kind.may_join(alice.pk, "watchlist:")
    assert list(kind.rooms(alice.pk)) == [(room, "Quotes of your list Mine")]
    assert list(kind.rooms(bob.pk)) == []
    assert kind.parts(room) == ["market:SCOM", "market:BTC-USD"]
    watchlist_remove(user_id=alice.pk, watchlist_id=row.pk)
    assert not kind.may_join(alice.pk, room)
    assert (kind.parts(room), kind.snapshot(room)) == ([], ())


def test_its_snapshot_begins_with_the_list(alice: User, instruments: Any) -> None:
    quotes_record(quotes=quotes_at())
    row = watchlist_create(user_id=alice.pk, name="Mine", symbols=["SCOM", "BTC-USD"])
    room = f"watchlist:{row.pk}"
    first, *prices = WatchlistRooms().snapshot(room)
    assert (first.rooms, first.key) == ((room,), "watchlist")
    assert {each.key for each in prices} == {"SCOM", "BTC-USD"}
    assert all(f"market:{each.key}" in each.rooms for each in prices)
