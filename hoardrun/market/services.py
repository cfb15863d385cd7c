"""All writes of the market, and the sending of quotes. Called by `runner` and commands."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import connection

from hoardrun.market import names
from hoardrun.market.catalogue import CATALOGUE
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.quotes import LiveQuote, ephemerals
from realtime.publish import publish_ephemeral

logger = logging.getLogger(__name__)

_ROWS = 80  # quotes a statement stores at most: SQLite allows 999 parameters on old builds


def instruments_ensure() -> int:
    """Fill an empty table with the catalogue; return how many were added.

    Changes nothing if the table holds any instrument. Safe in several processes at once.
    """
    if Instrument.objects.exists():
        return 0
    fields = ("symbol", "name", "type", "currency", "decimals")
    rows = [Instrument(**{name: getattr(seed, name) for name in fields}) for seed in CATALOGUE]
    Instrument.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def quotes_publish(*, quotes: Sequence[LiveQuote]) -> None:
    """Send quotes to every node with sockets in a market room, in one message of the layer."""
    if quotes:
        publish_ephemeral(names.TOPIC, ephemerals(quotes))


def quotes_record(*, quotes: Sequence[LiveQuote]) -> None:
    """Store the newest quotes in one statement; an older one never replaces a newer.

    Several processes may store the same quotes. Sending does not wait for it. A quote with more
    digits than the table holds is logged and left out: SQLite would store it and then fail at
    every read.
    """
    newest = {quote.listing.id: quote for quote in sorted(quotes, key=lambda q: q.quoted_at)}
    # In the order of the key, so that two processes never deadlock.
    rows = [_row(newest[instrument_id]) for instrument_id in sorted(newest)]
    rows = [row for row in rows if _fits(row)]
    for start in range(0, len(rows), _ROWS):
        _upsert(rows[start : start + _ROWS])


def _row(quote: LiveQuote) -> Quote:
    fields = (field.name for field in Quote._meta.concrete_fields if not field.primary_key)
    return Quote(instrument_id=quote.listing.id, **{name: getattr(quote, name) for name in fields})


def _fits(row: Quote) -> bool:
    try:
        row.clean_fields(exclude=["instrument"])
    except ValidationError as error:
        logger.warning(
            "market: quote of instrument %s not recorded: %s", row.pk, error.message_dict
        )
        return False
    return True


def _upsert(rows: Sequence[Quote]) -> None:
    fields = Quote._meta.concrete_fields
    quote = connection.ops.quote_name
    table, columns = quote(Quote._meta.db_table), [quote(str(field.column)) for field in fields]
    key, moment = quote("instrument_id"), quote("quoted_at")
    row = f"({', '.join(['%s'] * len(fields))})"
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * len(rows))} "
            f"ON CONFLICT ({key}) DO UPDATE SET {updates} "
            f"WHERE {table}.{moment} < excluded.{moment}",
            [
                field.get_db_prep_save(getattr(item, field.attname), connection)
                for item in rows
                for field in fields
            ],
        )
