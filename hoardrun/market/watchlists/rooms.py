"""The room of a watchlist: the prices of its symbols, for its user alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hoardrun.market import names
from hoardrun.market.quotes import ephemerals
from hoardrun.market.selectors import quote_list
from hoardrun.market.watchlists.models import Watchlist
from hoardrun.market.watchlists.selectors import (
    symbols_followed,
    watchlists_list,
)
from hoardrun.market.watchlists.services import watchlist_changed
from realtime.core.text import row_id
from realtime.publish import Ephemeral
from realtime.rooms import RoomKind


class WatchlistRooms(RoomKind):
    """`watchlist:<id>`, which has the messages of the rooms of its symbols."""

    name = "watchlist"
    topic = names.TOPIC
    description = "Quotes of the instruments on a list of your own"
    is_composed = True

    def matches(self, room: str) -> bool:
        return names.watchlist_of(room) is not None

    def may_join(self, user_id: int, room: str) -> bool:
        return Watchlist.objects.filter(user_id=user_id, pk=_id(room)).exists()

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        for row in Watchlist.objects.filter(user_id=user_id).order_by("pk"):
            yield names.watchlist_room(row.pk), f"Quotes of your list {row.name}"

    def parts(self, room: str) -> Sequence[str]:
        return [names.room(symbol) for symbol in symbols_followed(_id(room))]

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        row = Watchlist.objects.filter(pk=_id(room)).first()
        if row is None:
            return ()
        [read] = watchlists_list(row.user_id).filter(pk=row.pk)
        told = watchlist_changed(read)
        first = Ephemeral((room,), names.WATCHLIST_KEY, told)
        quotes = quote_list(symbols=told.symbols) if told.symbols else ()
        return [first, *ephemerals(quotes)]


def _id(room: str) -> int:
    return row_id(names.watchlist_of(room) or "")
