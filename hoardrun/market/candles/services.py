"""All writes of candles. What the engine's leader writes is fenced by its lease."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import tzinfo

from hoardrun.market.candles import spans
from hoardrun.market.candles.selectors import closed_list, drawn_list, grouped, stored_list
from hoardrun.market.candles.spans import PARTS, moment
from hoardrun.market.candles.values import Drawn, repaired, revised, roll_up
from hoardrun.market.lease import Held, fenced
from hoardrun.market.models import Candle

_ROWS = 500  # that one transaction stores, so that it is short
_KEY = ("instrument_id", "minutes", "bucket")
_VALUES = ("open", "high", "low", "close", "volume", "trades")
_UPDATED = (*_VALUES, "is_closed", "is_indicative", "revision", "source", "epoch")
Judge = Callable[[Drawn | None, Drawn], Drawn | None]


def candles_store(*, held: Held, drawn: Sequence[Drawn]) -> list[Drawn]:
    """Store what was built; return what has changed, with its revision.

    A closed candle is never opened again. Raises Overtaken, with the rest not stored.
    """
    return _store(drawn, held, revised)


def candles_repair(*, held: Held, drawn: Sequence[Drawn], is_doubtful: bool) -> list[Drawn]:
    """Store what a source's history has, where it is better; return what has changed.

    `is_doubtful`: prices of this time were missed. Storing the same again changes nothing.
    Raises Overtaken, with the rest not stored.
    """
    return _store(drawn, held, lambda old, new: repaired(old, new, is_doubtful=is_doubtful))


def candles_roll(
    *,
    held: Held,
    minutes: int,
    buckets: Collection[tuple[int, int]],
    zones: Callable[[int], tzinfo],
    is_whole: Callable[[int, int, int], bool],
) -> list[Drawn]:
    """Add up closed candles from their parts and store them; return what has changed.

    `buckets` are instruments and buckets whose spans have passed. Where not all parts are known,
    by `is_whole` of an instrument and the moments of the span, a candle that is stored stays: its
    source may have seen all of it. Raises Overtaken.
    """
    by_instrument: dict[int, list[int]] = defaultdict(list)
    for instrument_id, bucket in buckets:
        by_instrument[instrument_id].append(bucket)
    found: list[Drawn] = []
    for (first, last, zone), ids in _alike(by_instrument, zones).items():
        begin = spans.begin_of(minutes, first, zone)
        end = spans.end_of(minutes, last, zone)
        parts = closed_list(minutes=PARTS[minutes], instrument_ids=ids, since=begin, until=end)
        by_id: dict[int, list[Drawn]] = defaultdict(list)
        for part in parts:
            by_id[part.instrument_id].append(part)
        for instrument_id, own in by_id.items():
            wanted = set(by_instrument[instrument_id])
            found += [
                roll_up(minutes, bucket, inside, is_closed=True)
                for bucket, inside in grouped(minutes, own, zone)
                if bucket in wanted
            ]

    def judge(old: Drawn | None, new: Drawn) -> Drawn | None:
        if old is not None and old.is_closed:
            zone = zones(new.instrument_id)
            begin = spans.begin_of(minutes, new.bucket, zone)
            if not is_whole(new.instrument_id, begin, spans.end_of(minutes, new.bucket, zone)):
                return None
        return revised(old, new)

    return _store(found, held, judge)


def _alike(
    by_instrument: dict[int, list[int]], zones: Callable[[int], tzinfo]
) -> dict[tuple[int, int, tzinfo], list[int]]:
    """Group instruments that ask for the same time, which one query reads."""
    found: dict[tuple[int, int, tzinfo], list[int]] = defaultdict(list)
    for instrument_id, buckets in by_instrument.items():
        found[min(buckets), max(buckets), zones(instrument_id)].append(instrument_id)
    return found


def _store(drawn: Iterable[Drawn], held: Held, judge: Judge) -> list[Drawn]:
    """Store what `judge` makes of the stored candle and the new one."""
    # In the order of the key: another writer, such as an import, never deadlocks with this one.
    rows = sorted(drawn, key=lambda each: (each.minutes, each.instrument_id, each.bucket))
    changed: list[Drawn] = []
    for start in range(0, len(rows), _ROWS):
        with fenced(held):
            page = rows[start : start + _ROWS]
            stored = _stored(page)
            found = [judge(stored.get(_key(each)), each) for each in page]
            better = [each for each in found if each is not None]
            Candle.objects.bulk_create(
                [_row(each, held.epoch) for each in better],
                update_conflicts=True,
                unique_fields=list(_KEY),
                update_fields=list(_UPDATED),
            )
        changed += better
    return changed


def _stored(drawn: Sequence[Drawn]) -> dict[tuple[int, int, int], Drawn]:
    """Read the stored candles of the same keys, and some between them."""
    by_minutes: dict[int, list[Drawn]] = defaultdict(list)
    for each in drawn:
        by_minutes[each.minutes].append(each)
    found: dict[tuple[int, int, int], Drawn] = {}
    for minutes, inside in by_minutes.items():
        buckets = [each.bucket for each in inside]
        rows = stored_list(
            minutes=minutes,
            instrument_ids=sorted({each.instrument_id for each in inside}),
            since=min(buckets),
            until=max(buckets) + 1,
        )
        found.update((_key(each), each) for each in drawn_list(rows))
    return found


def _key(drawn: Drawn) -> tuple[int, int, int]:
    return drawn.minutes, drawn.instrument_id, drawn.bucket


def _row(drawn: Drawn, epoch: int) -> Candle:
    values = drawn.values
    return Candle(
        instrument_id=drawn.instrument_id,
        minutes=drawn.minutes,
        bucket=moment(drawn.bucket),
        open=values.open,
        high=values.high,
        low=values.low,
        close=values.close,
        volume=values.volume,
        trades=values.trades,
        is_closed=drawn.is_closed,
        is_indicative=drawn.is_indicative,
        revision=drawn.revision,
        source=drawn.source,
        epoch=epoch,
    )
