"""What the leader knows of instruments: their decimals, time zones and sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from hoardrun.market import selectors
from hoardrun.market.candles.histories import Symbol
from hoardrun.market.candles.selectors import zones
from hoardrun.market.models import SourceSymbol
from hoardrun.market.options import SIMULATOR
from hoardrun.market.quotes import Listing


@dataclass(frozen=True, slots=True)
class Directory:
    """The active instruments by their ids, as they were read."""

    listings: Mapping[int, Listing] = field(default_factory=dict)
    zones: Mapping[int, tzinfo] = field(default_factory=dict)
    symbols: Mapping[int, Sequence[Symbol]] = field(default_factory=dict)  # the primary first

    def zone(self, instrument_id: int) -> tzinfo:
        return self.zones.get(instrument_id, UTC)

    def of(self, instrument_ids: Collection[int]) -> Directory:
        """Return what is known of some of them."""
        return replace(self, listings={key: self.listings[key] for key in sorted(instrument_ids)})


def read_directory(sources: Collection[str]) -> Directory:
    """Read the instruments, and what these sources call them."""
    known = zones()
    listings = {listing.id: listing for listing in selectors.listing_list()}
    by_id = {key: known.get(each.venue_code, UTC) for key, each in listings.items()}
    symbols: dict[int, list[Symbol]] = defaultdict(list)
    rows = SourceSymbol.objects.filter(is_enabled=True, source__in=sources)
    for row in rows.order_by("-role", "source"):  # primary comes before backup, from behind
        if row.instrument_id in listings:
            zone = by_id[row.instrument_id]
            symbols[row.instrument_id].append(
                Symbol(row.source, row.venue_symbol, row.rest_symbol, zone)
            )
    if SIMULATOR in sources:
        for key, listing in listings.items():
            symbols[key].append(Symbol(SIMULATOR, listing.symbol, listing.symbol, by_id[key]))
    return Directory(listings, by_id, dict(symbols))
