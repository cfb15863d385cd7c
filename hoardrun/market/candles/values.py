"""The values of a candle, and how candles are added up, compared and replaced. Pure.

Prices are scaled by the instrument's decimals, volumes by `scaled.VOLUME_EXPONENT`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from hoardrun.market.scaled import MAX_SCALED


class Values(NamedTuple):
    """The prices, volume and number of trades of a span; None: not known."""

    open: int
    high: int
    low: int
    close: int
    volume: int | None = None
    trades: int | None = None

    def fitting(self) -> Values:
        """Return values that can be stored: a volume that is too large is not known."""
        if self.volume is None or self.volume <= MAX_SCALED:
            return self
        return self._replace(volume=None)

    def is_sane(self) -> bool:
        """Say whether these can be a candle's: positive, and between `low` and `high`."""
        if not 0 < self.low <= min(self.open, self.close):
            return False
        if max(self.open, self.close) > self.high:
            return False
        return (self.volume or 0) >= 0 and (self.trades or 0) >= 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A candle without its place in a table; `bucket` is in microseconds.

    `is_indicative`: made of quoted prices, no trade is known. `revision` counts the changes since
    it was first closed.
    """

    instrument_id: int
    minutes: int
    bucket: int
    values: Values
    source: str
    is_closed: bool
    is_indicative: bool = False
    revision: int = 0

    def same_as(self, other: Drawn) -> bool:
        """Say whether two candles of one bucket say the same, whatever their revision."""
        return replace(self, revision=0) == replace(other, revision=0)


def rolled(parts: Iterable[Values]) -> Values:
    """Add up the values of consecutive spans, of which there is at least one.

    What is not known of a part is left out of the sum.
    """
    found = list(parts)
    volumes = [each.volume for each in found if each.volume is not None]
    trades = [each.trades for each in found if each.trades is not None]
    # Trades whose volume is not known: it was too large to be kept.
    is_partial = any(each.volume is None and each.trades for each in found)
    return Values(
        found[0].open,
        max(each.high for each in found),
        min(each.low for each in found),
        found[-1].close,
        sum(volumes) if volumes and not is_partial else None,
        sum(trades) if trades else None,
    ).fitting()


def roll_up(minutes: int, bucket: int, parts: Iterable[Drawn], *, is_closed: bool) -> Drawn:
    """Make a candle of its parts, ascending, of which there is at least one.

    It is indicative if one of them is, and names the source of the last.
    """
    found = list(parts)
    return Drawn(
        found[-1].instrument_id,
        minutes,
        bucket,
        rolled(part.values for part in found),
        found[-1].source,
        is_closed,
        any(part.is_indicative for part in found),
    )


def revised(old: Drawn | None, new: Drawn) -> Drawn | None:
    """Return what to store in place of `old`, None if it stays.

    A closed candle is not opened again; a change of it counts as a revision.
    """
    if old is None:
        return replace(new, revision=0)
    if (old.is_closed and not new.is_closed) or old.same_as(new):
        return None
    return replace(new, revision=old.revision + old.is_closed)


def repaired(old: Drawn | None, new: Drawn, *, is_doubtful: bool) -> Drawn | None:
    """Return what to store of a candle that the venue's history has, None if `old` stays.

    It replaces a candle of the same source, an indicative one, and one that is doubtful because
    prices were missed; no running one, and none that another source has seen whole.
    """
    if old is not None:
        if not old.is_closed and not is_doubtful:
            return None
        if not (is_doubtful or old.is_indicative or old.source == new.source):
            return None
        if old.is_closed and not old.is_indicative and new.is_indicative:
            return None
    return revised(old, new)
