"""Create, change and remove watchlists. Sockets in a list's room are told of each change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from hoardrun.market import names
from hoardrun.market.messages import WatchlistChanged
from hoardrun.market.selectors import listing_list
from hoardrun.market.watchlists.errors import WatchlistChangedMeanwhile, WatchlistLimit
from hoardrun.market.watchlists.models import NAME_LENGTH, Watchlist, WatchlistItem
from hoardrun.market.watchlists.selectors import symbols_of, watchlist_get, watchlists_list
from notifications import validation
from realtime.errors import InvalidInput
from realtime.publish import Ephemeral, publish_ephemeral
from realtime.retry import one_transaction

MAX_LISTS = 20  # of one user
MAX_SYMBOLS = 100  # of one list


@one_transaction
def watchlist_create(*, user_id: int, name: str, symbols: Sequence[str] = ()) -> Watchlist:
    """Create a list, and return it. Raises InvalidInput, InstrumentNotFound and WatchlistLimit."""
    # Of two at once, both may be the last: the bound protects the list, and is no promise.
    if watchlists_list(user_id).count() >= MAX_LISTS:
        raise WatchlistLimit(MAX_LISTS)
    row = Watchlist.objects.create(user_id=user_id, name=validation.text("name", name, NAME_LENGTH))
    _fill(row, symbols)
    return watchlist_get(user_id=user_id, watchlist_id=row.pk)


@one_transaction
def watchlist_change(
    *,
    user_id: int,
    watchlist_id: int | str,
    version: int,
    name: str | None = None,
    symbols: Sequence[str] | None = None,
) -> Watchlist:
    """Change a list's name, or all its symbols with their order, and return it.

    Raises WatchlistNotFound, WatchlistChangedMeanwhile, InvalidInput and InstrumentNotFound.
    """
    row = watchlist_get(user_id=user_id, watchlist_id=watchlist_id, is_locked=True)
    if row.version != version:
        raise WatchlistChangedMeanwhile(row.version)
    if name is not None:
        row.name = validation.text("name", name, NAME_LENGTH)
    row.version += 1
    row.save()
    if symbols is not None:
        row.items.all().delete()
        _fill(row, symbols)
    row = watchlist_get(user_id=user_id, watchlist_id=row.pk)
    _tell(watchlist_changed(row))
    return row


@one_transaction
def watchlist_remove(*, user_id: int, watchlist_id: int | str) -> None:
    """Remove a list; its room has no more prices. Raises WatchlistNotFound."""
    row = watchlist_get(user_id=user_id, watchlist_id=watchlist_id, is_locked=True)
    told = WatchlistChanged(
        id=str(row.pk), name=row.name, symbols=[], version=row.version + 1, deleted=True
    )
    row.delete()
    _tell(told)


def watchlist_changed(row: Watchlist) -> WatchlistChanged:
    """Describe a list that was read by `selectors`."""
    return WatchlistChanged(
        id=str(row.pk), name=row.name, symbols=symbols_of(row), version=row.version
    )


def _fill(row: Watchlist, symbols: Sequence[str]) -> None:
    if len(symbols) > MAX_SYMBOLS:
        raise InvalidInput("symbols", f"has {len(symbols)}; at most {MAX_SYMBOLS} fit")
    if not symbols:
        return
    found = listing_list(symbols=symbols)
    if len(found) != len(symbols):
        raise InvalidInput("symbols", "names one of them twice")
    WatchlistItem.objects.bulk_create(
        WatchlistItem(watchlist=row, instrument_id=listing.id, place=place)
        for place, listing in enumerate(found)
    )


def _tell(message: WatchlistChanged) -> None:
    room = names.watchlist_room(message.id)
    told = [Ephemeral((room,), names.WATCHLIST_KEY, message)]
    transaction.on_commit(partial(publish_ephemeral, names.TOPIC, told))
