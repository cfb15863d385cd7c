"""Import what banks and exchanges publish once a day: candles of days, and delayed quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hoardrun.market import scaled, selectors, services
from hoardrun.market.engine.prices import Feed
from hoardrun.market.feeds.daily import candles
from hoardrun.market.feeds.daily.layouts import LAYOUTS, Layout
from hoardrun.market.feeds.daily.reading import Daily, NoRates, Pair, read_daily
from hoardrun.market.models import Instrument, Quote, Source, SourceSymbol
from hoardrun.market.quotes import PRICES, LiveQuote
from hoardrun.market.scaled import VOLUME_EXPONENT, Unscalable
from realtime import clock
from realtime.retry import one_transaction

_SHOWN = 5
# A live price is shown rather than that of a bank's day, until it is so much older.
OUTDATED = timedelta(days=1)
_EARLIEST = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done."""

    source: str
    first: date
    last: date
    prices: int  # read for our instruments
    candles: int  # stored anew or changed
    left: int  # candles that another source has made
    quoted: Sequence[str]  # the symbols whose newest price it is
    instruments: Sequence[str]

    def __str__(self) -> str:
        days = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        quoted = f"newest price of {', '.join(self.quoted)}" if self.quoted else "no newer price"
        left = f", {self.left:,} left to another source" if self.left else ""
        return (
            f"{LAYOUTS[self.source].title}, {days}: prices of {', '.join(self.instruments)}; "
            f"{self.candles:,} of {self.prices:,} candles new or changed{left}; {quoted}."
        )


def daily_import(
    *, source: str, raw: bytes, day: date | None = None, accept_jumps: bool = False
) -> Imported:
    """Import a file. The same file again changes nothing.

    Each price is of the bank's day, and marked delayed; it makes a candle of that day and of
    nothing shorter. A candle that another source has made, or is making, stays. Raises NoRates for
    a file that cannot be read as a whole, is of the future, or has a price that is too far from the
    day before, unless `accept_jumps`.
    """
    services.instruments_ensure()
    layout = LAYOUTS[source]
    instruments = _instruments(source, layout)
    if not instruments:
        raise NoRates(f"No instrument takes its prices from {source}.")
    found = read_daily(source, raw, list(instruments), day=day)
    if not found:
        raise NoRates("The file holds nothing of our instruments.")
    _check_days(layout, found)
    if not accept_jumps:
        _check_jumps(layout, found, _last_known(source, instruments, found[0].day))
    return _store(source, layout, instruments, found)


def _check_days(layout: Layout, found: Sequence[Daily]) -> None:
    """Refuse what is not known yet, and dates that no file of today has."""
    if found[0].day < _EARLIEST:
        raise NoRates(f"line {found[0].row}: {found[0].day} is too long ago.")
    now = timezone.now()
    for each in found:
        moment = layout.moment(each.day)
        if moment > now:
            today = now.astimezone(moment.tzinfo).date()
            when = "has not come yet" if each.day > today else "is not over"
            raise NoRates(f"line {each.row}: {each.day} {when}: its prices are of {layout.at}.")


def _instruments(source: str, layout: Layout) -> dict[Pair, Instrument]:
    """Return whom a file may price: by the symbols of the source, else by what instruments are."""
    symbols = SourceSymbol.objects.filter(source=source)
    # What staff have disabled is priced by nobody here.
    named = set(symbols.values_list("instrument_id", flat=True))
    found = {
        _pair(layout, row.venue_symbol): row.instrument
        for row in symbols.filter(is_enabled=True, instrument__is_active=True).select_related(
            "instrument"
        )
    }
    ours = (
        Q(venue_code=layout.venue)
        if layout.kind == "prices"
        else Q(type=Instrument.Type.FOREX) & ~Q(base="")
    )
    if layout.kind != "table":
        ours &= Q(currency=layout.currency)
    for instrument in Instrument.objects.filter(ours, is_active=True).exclude(pk__in=named):
        pair = Pair(instrument.base or instrument.symbol, instrument.currency)
        found.setdefault(pair, instrument)
    return found


def _pair(layout: Layout, venue_symbol: str) -> Pair:
    base, slash, currency = venue_symbol.partition("/")
    return Pair(base, currency if slash else layout.currency)


def _symbol(layout: Layout, pair: Pair) -> str:
    return pair.base if layout.kind == "prices" else f"{pair.base}/{pair.currency}"


def _last_known(
    source: str, instruments: Mapping[Pair, Instrument], before: date
) -> dict[Pair, Decimal]:
    """Return the newest price of each that the source gave before a day."""
    last = candles.last_closes(source, [each.pk for each in instruments.values()], before)
    return {
        pair: scaled.unscale(last[instrument.pk], instrument.decimals)
        for pair, instrument in instruments.items()
        if instrument.pk in last
    }


def _check_jumps(layout: Layout, found: Sequence[Daily], last: dict[Pair, Decimal]) -> None:
    """Refuse prices that no day makes: a wrong column, a wrong unit, a slip of the comma."""
    most = Decimal(layout.jump_percent) / 100
    odd: list[str] = []
    for each in found:
        before = last.get(each.pair) or each.before
        for price in (each.close, each.open, each.high, each.low):
            if before and price and abs(price - before) > before * most:
                odd.append(f"line {each.row}: {each.pair.base} is {price:.6g} after {before:.6g}")
                break
        last[each.pair] = each.close
    if odd:
        more = f", and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        raise NoRates(f"Too far from the day before: {'; '.join(odd[:_SHOWN])}{more}")


@one_transaction
def _store(
    source: str, layout: Layout, instruments: Mapping[Pair, Instrument], found: Sequence[Daily]
) -> Imported:
    instruments = _locked(instruments)
    drawn = [_candle(source, instruments[each.pair], each) for each in found]
    stored = candles.store(drawn)
    newest: dict[Pair, tuple[Daily, Decimal | None]] = {}
    for each in found:
        last = newest.get(each.pair)
        newest[each.pair] = each, each.before or (last[0].close if last else None)
    priced = {pair: instruments[pair] for pair in newest}
    _note_symbols(source, layout, priced)
    quotes = _newer(
        source,
        [
            _quote(source, layout, priced[pair], each, before)
            for pair, (each, before) in newest.items()
        ],
    )
    services.quotes_record(quotes=quotes)
    _note_source(source, layout, found[-1].day)
    transaction.on_commit(lambda: services.quotes_publish(quotes=quotes))
    return Imported(
        source,
        found[0].day,
        found[-1].day,
        len(found),
        *stored,
        sorted(quote.listing.symbol for quote in quotes),
        sorted(instrument.symbol for instrument in priced.values()),
    )


def _locked(instruments: Mapping[Pair, Instrument]) -> dict[Pair, Instrument]:
    """Return instruments as they stay until the transaction ends: none is rescaled meanwhile."""
    ids = [each.pk for each in instruments.values()]
    rows = Instrument.objects.select_for_update(no_key=True).order_by("pk").in_bulk(ids)
    return {pair: rows[each.pk] for pair, each in instruments.items() if each.pk in rows}


def _candle(source: str, instrument: Instrument, each: Daily) -> candles.DayCandle:
    """Make the candle of a day. Raises NoRates for a price that cannot be kept."""
    known = [price for price in (each.open, each.high, each.low, each.close) if price is not None]
    prices = (each.open or each.close, max(known), min(known), each.close)
    try:
        steps = [scaled.rounded(price, instrument.decimals) for price in prices]
        volume = None if each.volume is None else scaled.rounded(each.volume, VOLUME_EXPONENT)
    except Unscalable as error:
        raise NoRates(f"line {each.row}: {error}") from error
    if steps[2] <= 0:
        raise NoRates(f"line {each.row}: {instrument.symbol} has too few decimals for its price.")
    is_traded = LAYOUTS[source].kind == "prices"
    return candles.DayCandle(
        instrument.pk, each.day, (steps[0], steps[1], steps[2], steps[3]), volume, source, is_traded
    )


def _quote(
    source: str, layout: Layout, instrument: Instrument, each: Daily, before: Decimal | None
) -> LiveQuote:
    listing = selectors.listing_of(instrument)

    def rounded(price: Decimal | None) -> Decimal | None:
        return None if price is None else listing.round(price)

    return LiveQuote(
        listing=listing,
        price=listing.round(each.close),
        open=rounded(each.open),
        high=rounded(each.high),
        low=rounded(each.low),
        previous_close=rounded(before),
        volume=each.volume,
        market_cap=None,
        as_of=layout.moment(each.day),
        source=source,
        feed=Feed.DELAYED,
        window=Quote.Window.SESSION,
    )


def _newer(source: str, quotes: Sequence[LiveQuote]) -> list[LiveQuote]:
    """Return the quotes that are newer than what is stored, or say otherwise of the same day.

    The day before is taken from there if the file does not have it.
    """
    stored = Quote.objects.in_bulk([quote.listing.id for quote in quotes])
    found = []
    for quote in quotes:
        old = stored.get(quote.listing.id)
        if old is None:
            found.append(quote)
            continue
        is_same_day = old.source == source and quote.as_of == old.as_of
        if quote.previous_close is None and old.source == source:
            last = old.previous_close if is_same_day else old.price
            quote = replace(quote, previous_close=_price(last, quote.listing.decimals))
        margin = OUTDATED if old.source not in LAYOUTS else timedelta(0)
        if quote.as_of > old.as_of + margin or (is_same_day and _differs(quote, old)):
            found.append(quote)
    return found


def _price(steps: int | None, decimals: int) -> Decimal | None:
    return None if steps is None else scaled.unscale(steps, decimals)


def _differs(quote: LiveQuote, old: Quote) -> bool:
    """Say whether a quote has other numbers than the one that is stored."""
    exponents = {**dict.fromkeys(PRICES, quote.listing.decimals), "volume": VOLUME_EXPONENT}
    return any(
        getattr(quote, name) != _price(getattr(old, name), exponent)
        for name, exponent in exponents.items()
    )


def _note_symbols(source: str, layout: Layout, priced: Mapping[Pair, Instrument]) -> None:
    """Give the instruments that were priced their symbol of the source.

    It is a backup: what comes once a day makes way for any live price.
    """
    SourceSymbol.objects.bulk_create(
        [
            SourceSymbol(
                instrument=instrument,
                source=source,
                venue_symbol=_symbol(layout, pair),
                role=SourceSymbol.Role.BACKUP,
            )
            for pair, instrument in sorted(priced.items(), key=lambda item: item[1].pk)
        ],
        ignore_conflicts=True,
    )


def _note_source(source: str, layout: Layout, last: date) -> None:
    now = clock.now()
    row, is_new = Source.objects.get_or_create(
        name=source, defaults={"licence": layout.licence, "since": now}
    )
    at = layout.moment(last)
    row.state, row.reason, row.updated_at = "delayed", "", now
    row.last_price_at = max(at, row.last_price_at or at)
    row.save(update_fields=["state", "reason", "updated_at", "last_price_at"])
