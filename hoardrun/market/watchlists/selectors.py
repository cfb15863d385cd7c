"""Reads of watchlists. Instruments that are no longer traded are left out."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from hoardrun.market.watchlists.errors import WatchlistNotFound
from hoardrun.market.watchlists.models import Watchlist, WatchlistItem
from realtime.core.text import row_id


def watchlists_list(user_id: int) -> QuerySet[Watchlist]:
    """Select a user's watchlists with their items, oldest first."""
    items = WatchlistItem.objects.filter(instrument__is_active=True).select_related("instrument")
    found = Watchlist.objects.filter(user_id=user_id).order_by("pk")
    return found.prefetch_related(Prefetch("items", items.order_by("place")))


def watchlist_get(*, user_id: int, watchlist_id: int | str, is_locked: bool = False) -> Watchlist:
    """Return one of a user's lists, locked if it is to be changed. Raises WatchlistNotFound."""
    mine = watchlists_list(user_id)
    if is_locked:
        mine = mine.select_for_update(no_key=True)
    found = mine.filter(pk=row_id(watchlist_id)).first()
    if found is None:
        raise WatchlistNotFound
    return found


def symbols_of(watchlist: Watchlist) -> list[str]:
    """Return the symbols of a list that was read here, in its order."""
    return [item.instrument.symbol for item in watchlist.items.all()]


def symbols_followed(watchlist_id: int) -> Sequence[str]:
    """Return the symbols of a list, in its order; none if there is no such list."""
    items = WatchlistItem.objects.filter(watchlist_id=watchlist_id, instrument__is_active=True)
    return list(items.order_by("place").values_list("instrument__symbol", flat=True))
