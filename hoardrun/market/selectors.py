"""All queries of the market. Inactive instruments do not exist for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Now
from django.utils import timezone

from hoardrun.market import simulator
from hoardrun.market.calendars import calendars
from hoardrun.market.candles.selectors import candle_list, zone_of
from hoardrun.market.candles.spans import DAY_MINUTES, moment
from hoardrun.market.candles.values import Drawn
from hoardrun.market.engine.leases import source_lease
from hoardrun.market.engine.prices import Feed
from hoardrun.market.errors import InstrumentNotFound, QuoteNotFound
from hoardrun.market.judged import feed_read, status_read
from hoardrun.market.models import SYMBOL_PATTERN, Instrument, Lease, Source, SourceSymbol
from hoardrun.market.options import SIMULATOR
from hoardrun.market.quotes import PRICES, Listing, LiveQuote
from hoardrun.market.scaled import VOLUME_EXPONENT, unscale
from hoardrun.market.simulator import Day
from realtime.sql.prepared import Prepared

MAX_LISTINGS = 4096  # that are kept as they were read


def instrument_list(*, type: str = "") -> QuerySet[Instrument]:
    """Select the active instruments, by symbol; of one type if given."""
    found = Instrument.objects.filter(is_active=True)
    return found.filter(type=type) if type else found


def instrument_get(*, symbol: str) -> Instrument:
    """Return an active instrument. Raises InstrumentNotFound."""
    found = instrument_list().filter(symbol__in=_symbols([symbol])).first()
    if found is None:
        raise InstrumentNotFound([symbol])
    return found


def listing_of(instrument: Instrument) -> Listing:
    return Listing(**{field.name: getattr(instrument, field.name) for field in fields(Listing)})


def listing_list(*, symbols: Collection[str] = ()) -> list[Listing]:
    """Return the listings of the active instruments, or of those named.

    Raises InstrumentNotFound, which names each unknown symbol.
    """
    found = {item.symbol: listing_of(item) for item in instrument_list()}
    if not symbols:
        return list(found.values())
    wanted = _symbols(symbols)
    if missing := [symbol for symbol in wanted if symbol not in found]:
        raise InstrumentNotFound(missing)
    return [found[symbol] for symbol in wanted]


def quote_list(*, type: str = "", symbols: Collection[str] = ()) -> list[LiveQuote]:
    """Return the newest quotes of active instruments, by symbol, in one query.

    `feed` says how far each can be trusted now: see `judged`.

    Leaves out an instrument without a quote, unless SIMULATE_MARKET is on: then the simulator
    quotes it. Raises InstrumentNotFound for an unknown symbol.
    """
    wanted = tuple(_symbols(symbols))
    found = _quoted.rows(type="" if wanted else type, symbols=wanted)
    if unknown := set(wanted) - {row.symbol for row in found}:
        raise InstrumentNotFound(sorted(unknown))
    tick = simulator.tick_of(timezone.now())
    quotes = (_live(row, tick) for row in found if type in {"", row.type})
    return [quote for quote in quotes if quote is not None]


def quote_get(*, symbol: str) -> LiveQuote:
    """Return the newest quote of a symbol; raises InstrumentNotFound or QuoteNotFound."""
    found = quote_list(symbols=[symbol])
    if not found:
        raise QuoteNotFound(symbol=symbol.strip().upper())
    return found[0]


def daily_list(*, symbol: str, moment: datetime | None = None) -> Sequence[Day]:
    """Return a symbol's last thirty days, oldest first, as far as there are candles of them.

    Without any, return the day of its quote. Raises InstrumentNotFound or QuoteNotFound.
    """
    instrument = instrument_get(symbol=symbol)
    if settings.SIMULATE_MARKET:
        return simulator.days_until(listing_of(instrument), moment or timezone.now())
    days = candle_list(
        instrument_id=instrument.pk,
        minutes=DAY_MINUTES,
        zone=zone_of(instrument),
        newest=simulator.DAYS_KEPT,
    )
    if days:
        return [_day(drawn, instrument.decimals) for drawn in days]
    quote = quote_get(symbol=symbol)
    first, high, low = (
        quote.price if price is None else price for price in (quote.open, quote.high, quote.low)
    )
    volume = Decimal(0) if quote.volume is None else quote.volume
    return [Day(quote.as_of.date(), first, high, low, quote.price, volume)]


def _day(drawn: Drawn, decimals: int) -> Day:
    values = drawn.values
    return Day(
        date=moment(drawn.bucket).date(),
        open=unscale(values.open, decimals),
        high=unscale(values.high, decimals),
        low=unscale(values.low, decimals),
        close=unscale(values.close, decimals),
        volume=unscale(values.volume or 0, VOLUME_EXPONENT),
    )


def _symbols(given: Collection[str]) -> list[str]:
    """Normalise symbols and drop repeated ones. Raises InstrumentNotFound for malformed ones."""
    symbols = list(dict.fromkeys(symbol.strip().upper() for symbol in given))
    if odd := [symbol for symbol in symbols if not re.match(SYMBOL_PATTERN, symbol)]:
        raise InstrumentNotFound(odd)
    return symbols


_LISTING = tuple(field.name for field in fields(Listing))
_QUOTE = (*PRICES, "volume", "market_cap", "as_of", "source", "feed", "window", "epoch")
_listing = lru_cache(MAX_LISTINGS)(Listing)  # instruments change seldom


def _select_quoted(*, type: str, symbols: Sequence[str]) -> QuerySet[Instrument, Any]:
    found = instrument_list(type=type)
    if symbols:
        found = found.filter(symbol__in=symbols)
    return found.annotate(now=Now(), is_led=Q(_is_led())).values_list(
        *_LISTING, *(f"quote__{name}" for name in _QUOTE), "now", "is_led"
    )


def _is_led() -> Any:
    """Say whether a process keeps the quote of an instrument right: its source's leader.

    It does not while staff have stopped the source, or disabled its symbol for the instrument.
    """
    source = OuterRef("quote__source")
    lease = Concat(Value(source_lease("")), source)
    off = SourceSymbol.objects.filter(instrument=OuterRef("pk"), source=source, is_enabled=False)
    return (
        Exists(Lease.objects.filter(name=lease, expires_at__gt=Now()))
        & ~Exists(Source.objects.filter(name=source, is_stopped=True))
        & ~Exists(off)
    )


_quoted = Prepared(_select_quoted)


def _live(row: Any, tick: int) -> LiveQuote | None:
    """Make the quote of a row of `_quoted`, which may have none."""
    listing = _listing(*row[: len(_LISTING)])
    found: dict[str, Any] = dict(zip(_QUOTE, row[len(_LISTING) : -2], strict=True))
    if found["as_of"] is None:
        return simulator.quote_at(listing, tick) if settings.SIMULATE_MARKET else None
    for name in PRICES:
        found[name] = _number(found[name], listing.decimals)
    found["volume"] = _number(found["volume"], VOLUME_EXPONENT)
    stored, status = Feed(found["feed"]), _market(listing, found["source"])
    feed = found["feed"] = feed_read(
        stored,
        # A delayed price is not of now: the hours of its market say nothing of it.
        status=listing.status if stored is Feed.DELAYED else status,
        is_led=row.is_led,
        age=(row.now - found["as_of"]).total_seconds(),
    )
    if (status := status_read(feed, status)) != listing.status:
        listing = replace(listing, status=status)
    return LiveQuote(listing, **found)


def _market(listing: Listing, source: str) -> str:
    """Return the state of an instrument's market; the simulated one is always open."""
    return listing.status if source == SIMULATOR else calendars.status_of(listing)


def _number(steps: int | None, exponent: int) -> Decimal | None:
    return None if steps is None else unscale(steps, exponent)
