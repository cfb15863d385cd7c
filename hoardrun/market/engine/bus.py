"""What leaders of sources send to the leader of the engine: as texts, numbered. Pure.

A text may be lost on its way. The numbers tell, and the receiver puts gaps where prices are
missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import Any

import msgspec

from hoardrun.market.engine.holes import Holes
from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed, FeedChange, Gap, Item

TOPIC = "market_items"
ITEMS_A_TEXT = 200

_KINDS: tuple[type[Item], ...] = (Accepted, AcceptedBar, FeedChange, Gap)
_NUMBERS: dict[type[Any], int] = {kind: number for number, kind in enumerate(_KINDS)}
_FIELDS = {kind: tuple(each.name for each in fields(kind)) for kind in _KINDS}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, int, int, list[list[Any]]]).decode


class Outgoing:
    """Numbers the texts of one term of a source's leader."""

    def __init__(self, source: str, epoch: int) -> None:
        self._source, self._epoch = source, epoch
        self._number = 0

    def texts(self, items: Sequence[Item]) -> list[str]:
        """Write items as texts of at most ITEMS_A_TEXT each."""
        found = []
        for start in range(0, len(items), ITEMS_A_TEXT):
            self._number += 1
            rows = [_row(item) for item in items[start : start + ITEMS_A_TEXT]]
            found.append(_encode((self._source, self._epoch, self._number, rows)).decode())
        return found


class Incoming:
    """Reads the texts of all sources, and notices which are missing.

    Drops the texts of a leader that another has followed, and repeated ones.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, int]] = {}  # epoch and number, by source
        self._last: dict[str, dict[int, int]] = {}  # the newest price's time, by instrument
        self._holes: dict[str, Holes] = {}
        self.lost = 0  # texts

    def items(self, text: str) -> Sequence[Item]:
        """Read a text. Raises ValueError for one that is none of ours: it counts as lost."""
        source, epoch, number, rows = _decode(text)
        before_epoch, before = self._newest.get(source, (epoch, number - 1))
        if (epoch, number) <= (before_epoch, before):
            return ()
        items = _items(rows)
        holes = self._holes.setdefault(source, Holes())
        last = self._last.setdefault(source, {})
        missing = number - 1 - (before if epoch == before_epoch else 0)
        if missing:
            self.lost += missing
            for instrument_id, at in last.items():
                holes.open(instrument_id, at)
        self._newest[source] = epoch, number
        found = holes.closed_by(items)
        for item in found:
            if isinstance(item, Accepted) and not item.is_history:
                last[item.instrument_id] = item.at
        return found


def _row(item: Item) -> tuple[Any, ...]:
    kind = type(item)
    return _NUMBERS[kind], *(getattr(item, name) for name in _FIELDS[kind])


def _items(rows: Iterable[list[Any]]) -> Sequence[Item]:
    try:
        return [_item(row) for row in rows]
    except (IndexError, TypeError) as error:
        raise ValueError(f"not as this release sends them: {error}") from error


def _item(row: list[Any]) -> Item:
    number, *values = row
    kind: Callable[..., Item] = _KINDS[number]
    if kind is FeedChange:
        values[2] = Feed(values[2])
    return kind(*values)
