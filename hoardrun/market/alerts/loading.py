"""Queries by which the engine loads alerts and prices. Synchronous."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from django.db.models import Max

from hoardrun.market.alerts.board import Board
from hoardrun.market.alerts.choices import AlertKind, AlertState, Metric, metric_of
from hoardrun.market.alerts.desk import Desk, Known
from hoardrun.market.alerts.imported import is_imported
from hoardrun.market.alerts.judge import waiting
from hoardrun.market.alerts.models import AlertCursor, PriceAlert
from hoardrun.market.alerts.numbers import price_of, reference_of
from hoardrun.market.alerts.past import SPANS, STEPS, Past
from hoardrun.market.alerts.times import microseconds_of, moment_of
from hoardrun.market.lease import Held, fenced
from hoardrun.market.models.candles import Candle
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.selectors import quote_list
from realtime import clock

_PAGE = 5_000
_MINUTE = 60_000_000
_BEFORE = timedelta(hours=1)  # a market may be quiet for so long
_LOADED = ("pk", "instrument_id", "kind", "window", "threshold")


def load() -> Desk:
    """Read all alerts that are watched, the cursors, and the newest quotes."""
    quotes = {quote.listing.id: quote for quote in quote_list()}
    judged = {
        row.instrument_id: Known(row.price, microseconds_of(row.at), row.source)
        for row in AlertCursor.objects.all()
    }
    boards, armed_until = boards_load(), _armed_until()
    for key, board in boards.items():
        if known := _begun(judged.get(key), quotes.get(key)):
            # Some alerts know nothing of an older price: it must not take them out of memory.
            board.begin(known.price, known.at, armed_until.get(key, 0))
    return Desk(
        boards,
        judged={key: known.at for key, known in judged.items()},
        feeds={key: quote.feed for key, quote in quotes.items()},
        quoted={key: _known_of(quote) for key, quote in quotes.items()},
    )


def boards_load() -> dict[int, Board]:
    """Read all alerts that are watched; page by page, in the order of their ids."""
    sides: dict[tuple[int, Metric, bool], tuple[array[int], array[int]]] = defaultdict(
        lambda: (array("q"), array("q"))
    )
    for alert_id, instrument_id, kind, window, threshold in _armed():
        key = instrument_id, metric_of(kind, window), AlertKind(kind).is_above
        levels, ids = sides[key]
        levels.append(threshold)
        ids.append(alert_id)
    boards: dict[int, Board] = defaultdict(Board)
    for (instrument_id, metric, is_above), (levels, ids) in sides.items():
        boards[instrument_id].ladder(metric).armed(is_above).fill(levels, ids)
    for row in PriceAlert.objects.filter(state=AlertState.WAITING_REARM).iterator(_PAGE):
        boards[row.instrument_id].wait(waiting(row))
    return dict(boards)


def _armed_until() -> dict[int, int]:
    """Return when alerts were armed last, by instrument."""
    rows = PriceAlert.objects.filter(state=AlertState.ARMED, armed_as_of__isnull=False)
    ends = rows.order_by().values_list("instrument_id").annotate(Max("armed_as_of"))
    return {key: microseconds_of(at) for key, at in ends}


def _armed() -> Iterator[tuple[int, int, str, str, int]]:
    last = 0
    rows = PriceAlert.objects.filter(state=AlertState.ARMED).order_by("pk").values_list(*_LOADED)
    while page := list(rows.filter(pk__gt=last)[:_PAGE]):
        yield from page
        last = page[-1][0]


def pending_list(limit: int, without: Collection[int] = ()) -> list[PriceAlert]:
    """Return alerts that are to be taken up, oldest first; not those of some instruments."""
    rows = PriceAlert.objects.filter(state=AlertState.PENDING).order_by("pk")
    if without:
        rows = rows.exclude(instrument_id__in=without)
    return list(rows[:limit])


def quoted(instruments: Collection[int]) -> dict[int, Known]:
    """Return the stored prices of some instruments."""
    return {key: _known_of(quote) for key, quote in _quotes(instruments).items()}


def references(
    wanted: Mapping[int, Collection[Metric]],
) -> dict[int, dict[Metric, int | Past]]:
    """Return the prices that changes are reckoned from, by instrument.

    What no quote says is a past of candles that goes on from here, which may be empty; since the
    previous close, it is that of the last day.
    """
    quotes = _quotes(wanted)
    found: dict[int, dict[Metric, int | Past]] = {}
    for key, metrics in wanted.items():
        quote = quotes.get(key)
        for metric in metrics:
            told: int | Past | None = None if quote is None else reference_of(quote, metric)
            if told is None:
                told = past_read(key, metric) if metric in SPANS else _last_close(key)
            if told is not None:
                found.setdefault(key, {})[metric] = told
    return found


def past_read(instrument_id: int, metric: Metric) -> Past:
    """Return the past of a change by a fixed time, as the candles have it."""
    past = Past(SPANS[metric], STEPS[metric])
    since = clock.now() - timedelta(microseconds=past.span) - _BEFORE
    candles = Candle.objects.filter(
        instrument_id=instrument_id, minutes=1, bucket__gte=since, is_closed=True
    )
    for bucket, close in candles.order_by("bucket").values_list("bucket", "close"):
        past.add(close, microseconds_of(bucket) + _MINUTE - 1)
    return past


def _last_close(instrument_id: int) -> int | None:
    """Return the close of the last day that is over."""
    days = Candle.objects.filter(instrument_id=instrument_id, minutes=1440, is_closed=True)
    return days.order_by("-bucket").values_list("close", flat=True).first()


def _quotes(instruments: Collection[int]) -> dict[int, LiveQuote]:
    return {quote.listing.id: quote for quote in quote_list() if quote.listing.id in instruments}


def _known_of(quote: LiveQuote) -> Known:
    return Known(price_of(quote), microseconds_of(quote.as_of), quote.source)


def cursors_store(held: Held, judged: Mapping[int, Known]) -> None:
    """Note up to which prices alerts were judged. Raises Overtaken."""
    if not judged:
        return
    rows = [
        AlertCursor(
            instrument_id=key,
            price=known.price,
            at=moment_of(known.at),
            source=known.source,
            epoch=held.epoch,
        )
        for key, known in sorted(judged.items())
    ]
    with fenced(held):
        AlertCursor.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["instrument"],
            update_fields=["price", "at", "source", "epoch"],
        )


def _begun(cursor: Known | None, quote: LiveQuote | None) -> Known | None:
    """Return the price that a leader begins with: the newest, or of what comes by file, the last
    that was judged, as no source tells what was missed of it.
    """
    newest = None if quote is None else _known_of(quote)
    if cursor is None or newest is None:
        return cursor or newest
    if quote is not None and is_imported(quote):
        return cursor
    return max(cursor, newest, key=lambda each: each.at)
