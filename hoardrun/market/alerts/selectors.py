"""Reads of alerts, for their users."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from hoardrun.market.alerts.errors import AlertNotFound
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.numbers import is_suspended
from hoardrun.market.alerts.payloads import alert_fields
from hoardrun.market.errors import InstrumentNotFound
from hoardrun.market.messages import AlertFields
from hoardrun.market.models import Instrument
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.selectors import quote_list
from realtime.core.text import row_id


def alerts_list(user_id: int, *, symbol: str = "") -> QuerySet[PriceAlert]:
    """Select a user's alerts, newest first; of one symbol if given. Raises InstrumentNotFound."""
    found = PriceAlert.objects.filter(user_id=user_id).select_related("instrument")
    if symbol:
        instrument = Instrument.objects.filter(symbol=symbol.strip().upper()).first()
        if instrument is None:
            raise InstrumentNotFound([symbol])
        found = found.filter(instrument=instrument)
    return found.order_by("-pk")


def alert_get(*, user_id: int, alert_id: int | str, is_locked: bool = False) -> PriceAlert:
    """Return one of a user's alerts, locked if it is to be changed. Raises AlertNotFound."""
    mine = alerts_list(user_id)
    if is_locked:
        mine = mine.select_for_update(of=("self",), no_key=True)
    found = mine.filter(pk=row_id(alert_id)).first()
    if found is None:
        raise AlertNotFound
    return found


def alerts_shown(rows: Iterable[PriceAlert]) -> list[AlertFields]:
    """Describe alerts, with what the newest quotes say of them."""
    found = list(rows)
    quotes = quotes_of(found)
    return [
        alert_fields(row, is_suspended=is_suspended(quotes.get(row.instrument_id))) for row in found
    ]


def quotes_of(rows: Iterable[PriceAlert]) -> dict[int, LiveQuote]:
    """Return the newest quotes of the instruments of alerts, by the instrument's id."""
    symbols = {row.instrument.symbol for row in rows if row.instrument.is_active}
    if not symbols:
        return {}
    return {quote.listing.id: quote for quote in quote_list(symbols=symbols)}
