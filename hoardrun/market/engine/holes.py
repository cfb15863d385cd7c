"""Put a `Gap` before the first price that comes after prices were lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hoardrun.market.engine.prices import Accepted, Gap, Item


class Holes:
    """Since when prices of instruments are missing."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}

    def open(self, instrument_id: int, since: int) -> None:
        """Note that prices may be missing since a time, microseconds. The earliest one counts."""
        self._since[instrument_id] = min(since, self._since.get(instrument_id, since))

    def closed_by(self, items: Iterable[Item]) -> Sequence[Item]:
        """Return the items, with the gap that each of them ends before it."""
        if not self._since:
            return list(items)
        found: list[Item] = []
        for item in items:
            if isinstance(item, Accepted) and not item.is_history:
                since = self._since.pop(item.instrument_id, None)
                if since is not None:
                    found.append(Gap(item.instrument_id, item.symbol, item.source, since, item.at))
            found.append(item)
        return found
