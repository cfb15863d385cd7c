"""Which instruments a source prices, and under which names: by the venue's own list.

Names are never made up from an instrument's: `BTC/USD` of one list is `XBT/USD` of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hoardrun.market.feeds import venue_named
from hoardrun.market.feeds.venue import Listed
from hoardrun.market.models import Instrument, SourceSymbol
from realtime.retry import one_transaction

NOT_LISTED = "The venue does not list it."
NOT_TRADING = "The venue does not trade it now."
REFUSED = "refused:"  # how the reason begins that the source's leader notes
_OURS = (NOT_LISTED, NOT_TRADING)


@dataclass(slots=True)
class Synced:
    """What `sync_symbols` has done, by the symbols of instruments."""

    created: list[str] = field(default_factory=list)
    enabled: list[str] = field(default_factory=list)
    disabled: dict[str, str] = field(default_factory=dict)  # and why
    missing: list[str] = field(default_factory=list)  # of its types, and not in its list
    # With more decimals than the instrument, whose prices are rounded; and how many.
    finer: dict[str, int] = field(default_factory=dict)


@one_transaction
def sync_symbols(source: str, listed: Sequence[Listed]) -> Synced:
    """Bring the symbols of a source in line with its list.

    Instruments that have none get theirs, if the list has their base and currency. What the list
    no longer has, or does not trade, is disabled with the reason, and enabled when it comes back.
    What staff have disabled stays so, and what the venue has refused, until its entry in the list
    changes. Raises ValueError for an empty list, which no venue has.
    """
    if not listed:
        raise ValueError(f"The list of {source} is empty.")
    synced = Synced()
    by_name = {each.symbol: each for each in listed}
    rows = list(SourceSymbol.objects.filter(source=source).select_related("instrument"))
    for row in rows:
        _refresh(row, by_name.get(row.venue_symbol), synced)
    _add(source, listed, {row.instrument_id for row in rows}, synced)
    return synced


def _refresh(row: SourceSymbol, found: Listed | None, synced: Synced) -> None:
    symbol = row.instrument.symbol
    if found is None or not found.is_trading:
        if row.is_enabled:
            row.is_enabled, row.reason = False, NOT_LISTED if found is None else NOT_TRADING
            synced.disabled[symbol] = row.reason
            row.save(update_fields=["is_enabled", "reason"])
        return
    is_changed = (row.rest_symbol, row.exponent) != (found.rest_symbol, found.exponent)
    is_back = row.reason in _OURS or (is_changed and row.reason.startswith(REFUSED))
    if not row.is_enabled and is_back:
        row.is_enabled, row.reason = True, ""
        synced.enabled.append(symbol)
        is_changed = True
    if is_changed:
        row.rest_symbol, row.exponent = found.rest_symbol, found.exponent
        row.save(update_fields=["is_enabled", "reason", "rest_symbol", "exponent"])
    _compare(row.instrument, found, synced)


def _add(source: str, listed: Sequence[Listed], known: set[int], synced: Synced) -> None:
    """Give their symbols to the instruments of the venue's types that have none."""
    # The first of two with the same base and quote: a venue lists its own before others.
    by_pair: dict[tuple[str, str], Listed] = {}
    for each in listed:
        if each.is_trading:
            by_pair.setdefault((each.base, each.quote), each)
    instruments = Instrument.objects.filter(is_active=True, type__in=venue_named(source).types)
    role = SourceSymbol.Role
    priced = set(
        SourceSymbol.objects.filter(role=role.PRIMARY).values_list("instrument_id", flat=True)
    )
    taken = set(SourceSymbol.objects.filter(source=source).values_list("venue_symbol", flat=True))
    for instrument in instruments.exclude(pk__in=known):
        found = by_pair.get((instrument.base or instrument.symbol, instrument.currency))
        if found is None or found.symbol in taken:
            synced.missing.append(instrument.symbol)
            continue
        taken.add(found.symbol)
        SourceSymbol.objects.create(
            instrument=instrument,
            source=source,
            venue_symbol=found.symbol,
            rest_symbol=found.rest_symbol,
            exponent=found.exponent,
            role=role.BACKUP if instrument.pk in priced else role.PRIMARY,
        )
        synced.created.append(instrument.symbol)
        _compare(instrument, found, synced)


def _compare(instrument: Instrument, found: Listed, synced: Synced) -> None:
    if found.exponent is not None and found.exponent > instrument.decimals:
        synced.finer[instrument.symbol] = found.exponent
