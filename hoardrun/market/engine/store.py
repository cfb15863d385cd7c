"""Database reads and writes of a source's leader. All synchronous; writes are fenced."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hoardrun.market import lease, selectors, services
from hoardrun.market.engine.leases import source_lease, source_of
from hoardrun.market.engine.prices import Feed
from hoardrun.market.engine.pricing import Line, micros
from hoardrun.market.engine.states import HALTED
from hoardrun.market.feeds.fetching import fetcher_of
from hoardrun.market.lease import Held
from hoardrun.market.models import Lease, Quote, Source, SourceSymbol
from hoardrun.market.models.sources import MAX_REASON
from hoardrun.market.quotes import Listing, LiveQuote
from hoardrun.market.symbols import sync_symbols
from realtime import clock

logger = logging.getLogger(__name__)

# The states of a source that has no live price at all.
_DOWN = ("waiting", "stopped", "stale")


@dataclass(frozen=True, slots=True)
class Report:
    """How a source fares, for its row."""

    state: str
    reason: str
    last_price_at: datetime | None = None
    lag_ms: int | None = None
    quarantined: int = 0
    odd: int = 0
    reconnects: int = 0
    refused: int = 0


def lines(source: str) -> list[Line]:
    """Return the instruments that a source has symbols for, with what is stored of their prices."""
    found = SourceSymbol.objects.filter(
        source=source, is_enabled=True, instrument__is_active=True
    ).select_related("instrument", "instrument__quote")
    others = _Others(source)
    return [_line(row, others) for row in found]


class _Others:
    """The other sources that have a leader now, and what they are the primary of."""

    def __init__(self, source: str) -> None:
        in_force = Lease.objects.filter(expires_at__gt=clock.now()).exclude(
            name=source_lease(source)
        )
        self.led = {source_of(name) for name in in_force.values_list("name", flat=True)}
        self.down = set(Source.objects.filter(state__in=_DOWN).values_list("name", flat=True))
        self.primary = dict(
            SourceSymbol.objects.filter(
                source__in=self.led, is_enabled=True, role=SourceSymbol.Role.PRIMARY
            ).values_list("instrument_id", "source")
        )

    def price(self, row: SourceSymbol, quote: Quote | None) -> bool:
        """Say whether another source prices an instrument now, by what is stored."""
        if quote is not None and quote.source == row.source:
            return False
        if quote is not None and quote.source in self.led and quote.feed != Feed.STALE:
            return True
        primary = self.primary.get(row.instrument_id)
        is_first = quote is None or quote.source != primary  # it has priced nothing yet
        return (
            row.role == SourceSymbol.Role.BACKUP
            and primary is not None
            and is_first
            and primary not in self.down
        )


def _line(row: SourceSymbol, others: _Others) -> Line:
    quote: Quote | None = getattr(row.instrument, "quote", None)
    is_halted = quote is not None and quote.source == row.source and quote.feed == Feed.HALTED
    return Line(
        listing=selectors.listing_of(row.instrument),
        venue_symbol=row.venue_symbol,
        is_backup=row.role == SourceSymbol.Role.BACKUP,
        is_yielded=others.price(row, quote),
        last_price=quote.price if quote else None,
        last_at=micros(quote.as_of) if quote else 0,
        # That of staff holds for as long as they say so.
        was_halted=is_halted and row.instrument.status != HALTED,
    )


def quotes(listings: Sequence[Listing]) -> dict[int, LiveQuote]:
    """Return the stored quotes of some instruments."""
    found = selectors.quote_list(symbols=[listing.symbol for listing in listings])
    return {quote.listing.id: quote for quote in found}


def last_prices() -> dict[int, datetime]:
    """Return when the stored quotes were made, by instrument."""
    return dict(Quote.objects.values_list("pk", "as_of"))


def keep(held: Held, source: str, quotes: Sequence[LiveQuote], report: Report) -> None:
    """Store quotes and how the source fares. Raises Overtaken."""
    with lease.fenced(held):
        services.quotes_record(quotes=quotes)
        values = {name: getattr(report, name) for name in Report.__slots__}
        now = clock.now()
        row = Source.objects.filter(name=source)
        before = row.values_list("state", flat=True).first()
        if before is None:
            Source.objects.create(name=source, since=now, updated_at=now, **values)
        else:
            row.update(
                updated_at=now, **values, **({} if before == report.state else {"since": now})
            )


def refuse(held: Held, source: str, reasons: Mapping[str, str]) -> None:
    """Note which symbols a source does not have: they are asked for no more. Raises Overtaken."""
    with lease.fenced(held):
        for symbol, reason in reasons.items():
            SourceSymbol.objects.filter(source=source, venue_symbol=symbol).update(
                is_enabled=False, reason=f"refused: {reason}"[:MAX_REASON]
            )


def sync(held: Held, source: str) -> None:
    """Ask the venue for its list, and bring the symbols in line with it.

    Raises FetchFailed, ValueError for an empty list, and Overtaken.
    """
    fetcher = fetcher_of(source)
    if fetcher is None:
        return
    listed = fetcher.listing()
    with lease.fenced(held):
        synced = sync_symbols(source, listed)
    if synced.created:
        logger.info("market: %s has %s", source, ", ".join(synced.created))
    for symbol, reason in synced.disabled.items():
        logger.warning("market: %s no more has %s: %s", source, symbol, reason)


def is_stopped(source: str) -> bool:
    """Say whether staff have stopped a source."""
    return Source.objects.filter(name=source, is_stopped=True).exists()
