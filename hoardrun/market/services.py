"""All writes of the market, and the sending of quotes. Called by the engine and commands."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from decimal import Decimal

from django.db import connection
from django.db.models import DecimalField

from hoardrun.market import names, scaled
from hoardrun.market.catalogue import CATALOGUE
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.quotes import PRICES, LiveQuote, ephemerals
from hoardrun.market.scaled import VOLUME_EXPONENT, Unscalable
from realtime.publish import publish_ephemeral

logger = logging.getLogger(__name__)

_ROWS = 80  # quotes a statement stores at most: SQLite allows 999 parameters on old builds


def instruments_ensure() -> int:
    """Fill an empty table with the catalogue; return how many were added.

    Changes nothing if the table holds any instrument. Safe in several processes at once.
    """
    if Instrument.objects.exists():
        return 0
    fields = ("symbol", "name", "type", "currency", "decimals", "base", "venue_code")
    rows = [Instrument(**{name: getattr(seed, name) for name in fields}) for seed in CATALOGUE]
    Instrument.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def quotes_publish(*, quotes: Sequence[LiveQuote]) -> None:
    """Send quotes to every node with sockets in a market room, in one message of the layer."""
    if quotes:
        publish_ephemeral(names.TOPIC, ephemerals(quotes))


def quotes_record(*, quotes: Sequence[LiveQuote]) -> None:
    """Store the newest quotes in one statement; an older one never replaces a newer.

    Of two with the same time the last one is kept. Several processes may store the same quotes.
    Sending does not wait for it. A quote with a price larger than the table holds is logged and
    left out; another number that is too large is stored as not known.
    """
    newest = {quote.listing.id: quote for quote in sorted(quotes, key=lambda q: q.as_of)}
    # In the order of the key, so that two processes never deadlock.
    rows = [row for key in sorted(newest) if (row := _row(newest[key])) is not None]
    for start in range(0, len(rows), _ROWS):
        _upsert(rows[start : start + _ROWS])


_SCALED = ("change", *PRICES)
# A column of decimals holds numbers below this.
_BOUNDS = {
    field.name: Decimal(10) ** (field.max_digits - field.decimal_places)
    for field in Quote._meta.concrete_fields
    if isinstance(field, DecimalField)
}
_AS_THEY_ARE = tuple(
    field.name
    for field in Quote._meta.concrete_fields
    if field.name not in {"instrument", "volume", *_SCALED, *_BOUNDS}
)


def _row(quote: LiveQuote) -> Quote | None:
    decimals = quote.listing.decimals
    try:
        prices = {name: _steps(getattr(quote, name), decimals) for name in _SCALED}
    except Unscalable as error:
        logger.warning("market: quote of %s not recorded: %s", quote.listing.symbol, error)
        return None
    return Quote(
        instrument_id=quote.listing.id,
        volume=_volume(quote.volume),
        **prices,
        **{name: _within(getattr(quote, name), bound) for name, bound in _BOUNDS.items()},
        **{name: getattr(quote, name) for name in _AS_THEY_ARE},
    )


def _steps(value: Decimal | None, exponent: int) -> int | None:
    return None if value is None else scaled.rounded(value, exponent)


def _within(value: Decimal | None, bound: Decimal) -> Decimal | None:
    return None if value is None or abs(value) > bound - 1 else value


def _volume(value: Decimal | None) -> int | None:
    try:
        return _steps(value, VOLUME_EXPONENT)
    except Unscalable:
        return None


def _upsert(rows: Sequence[Quote]) -> None:
    fields = Quote._meta.concrete_fields
    quote = connection.ops.quote_name
    table, columns = quote(Quote._meta.db_table), [quote(str(field.column)) for field in fields]
    key, moment = quote("instrument_id"), quote("as_of")
    row = f"({', '.join(['%s'] * len(fields))})"
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * len(rows))} "
            f"ON CONFLICT ({key}) DO UPDATE SET {updates} "
            f"WHERE {table}.{moment} <= excluded.{moment}",
            [
                field.get_db_prep_save(getattr(item, field.attname), connection)
                for item in rows
                for field in fields
            ],
        )
