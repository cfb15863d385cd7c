"""Load running candles, candles to add up, and holes when a leader begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hoardrun.market.candles import spans
from hoardrun.market.candles.backfill import Missing, wanted
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.directory import Directory
from hoardrun.market.candles.histories import Past
from hoardrun.market.candles.holes import hole_list
from hoardrun.market.candles.ladder import Ladder
from hoardrun.market.candles.selectors import closed_list, drawn_list, last_bucket, stored_list
from hoardrun.market.candles.spans import DAY_MINUTES, MINUTE, PARTS, STORED
from hoardrun.market.candles.values import Drawn

_HOUR, _DAY = 60 * MINUTE, DAY_MINUTES * MINUTE
NOT_ROLLED = 720  # spans of an interval that are looked through, at most
COMPARED_HOURS = 11  # that are asked for again: with the running one, all that Kraken has


@dataclass(frozen=True, slots=True)
class Opening:
    """What was found."""

    running: list[Drawn] = field(default_factory=list)
    not_rolled: list[Drawn] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


def read(
    directory: Directory,
    pasts: Mapping[str, Past],
    time: Callable[[int], int],
) -> Opening:
    """Read it for all instruments. `pasts` are those of the sources."""
    found = Opening()
    holes = _first_holes()
    for instrument_id in directory.listings:
        now, zone = time(instrument_id), directory.zone(instrument_id)
        rows = stored_list(minutes=1, instrument_ids=[instrument_id], since=now - _DAY)
        found.running.extend(drawn_list(rows.filter(is_closed=False)))
        newest = {}
        for minutes in STORED:
            last = last_bucket(instrument_id, minutes, closed=True)
            if last is not None:
                newest[minutes] = last
        bars: dict[int, int] = {}
        for symbol in directory.symbols.get(instrument_id, ()):
            if (past := pasts.get(symbol.source)) is not None:
                bars |= {minutes: past.bars for minutes in past.minutes if minutes in STORED}
        found.missing.extend(wanted(instrument_id, bars, newest, now))
        for minutes in STORED[1:]:
            part, begin = PARTS[minutes], now - NOT_ROLLED * minutes * MINUTE
            if minutes in newest:
                # That one too: its last parts may have been stored and not been added up. So may
                # those of spans that have waited for a hole.
                last, span = spans.begin_of(minutes, newest[minutes], zone), minutes * MINUTE
                hole = holes.get((instrument_id, part), last + span)
                begin = max(begin, min(last, hole - span))
            if part in newest and newest[part] >= begin:
                found.not_rolled.extend(
                    closed_list(minutes=part, instrument_ids=[instrument_id], since=begin)
                )
    return found


def _first_holes() -> dict[tuple[int, int], int]:
    """Return where the first hole that can be filled begins, by instrument and interval."""
    found: dict[tuple[int, int], int] = {}
    for hole in hole_list():
        if not hole.is_left:
            key = hole.instrument_id, hole.minutes
            found[key] = min(hole.since, found.get(key, hole.since))
    return found


def ladders(
    directory: Directory, instrument_ids: Sequence[int], time: Callable[[int], int]
) -> dict[int, Ladder]:
    """Load the ladders of instruments in three queries."""
    if not instrument_ids:
        return {}
    now = min(map(time, instrument_ids))
    month = spans.bucket_of(spans.MONTH_MINUTES, now)
    rows: dict[int, dict[int, list[Drawn]]] = {}
    for minutes, since in (
        (1, now - now % _HOUR - _HOUR),
        (60, now - now % _DAY - _DAY),
        (DAY_MINUTES, month - 7 * _DAY),
    ):
        rows[minutes] = defaultdict(list)
        for drawn in closed_list(minutes=minutes, instrument_ids=instrument_ids, since=since):
            rows[minutes][drawn.instrument_id].append(drawn)
    found = {}
    for key in instrument_ids:
        found[key] = Ladder(directory.zone(key))
        found[key].load(rows[1][key], rows[60][key], rows[DAY_MINUTES][key])
    return found


def of_last_hours(directory: Directory, time: Callable[[int], int]) -> list[Hole]:
    """Return holes that ask again for the last hours of all instruments with a source.

    The running hour is left out, so that no candle waits for the answer before it closes.
    """
    found = []
    for instrument_id in directory.symbols:
        hour = spans.bucket_of(60, time(instrument_id))
        found.append(Hole(instrument_id, hour - COMPARED_HOURS * _HOUR, hour))
    return found
