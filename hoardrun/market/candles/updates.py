"""The messages to the rooms of candles: closed ones at once, running ones now and then.

Called by `consumer` in its event loop. Running candles of the longer intervals are added up here,
in ladders, which are loaded from the database where minutes have changed before the newest one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from hoardrun.market.candles import names, spans
from hoardrun.market.candles.directory import Directory
from hoardrun.market.candles.ladder import Ladder
from hoardrun.market.candles.rooms import ephemeral
from hoardrun.market.candles.spans import NAMES, PARTS
from hoardrun.market.candles.values import Drawn
from realtime.publish import Ephemeral

_PARTS = frozenset(PARTS.values())
MAX_MESSAGES = 200  # in one message of the layer
Publish = Callable[[str, Sequence[Ephemeral]], None]


class Updates:
    """Sends candles to their rooms by `publish`, which is given the topic of an interval."""

    def __init__(self, publish: Publish) -> None:
        self.directory = Directory()
        self.to_load: set[int] = set()  # instruments whose ladders must be loaded anew
        self._publish = publish
        self._ladders: dict[int, Ladder] = {}
        self._unsent: set[int] = set()

    def load(self, ladders: Mapping[int, Ladder]) -> None:
        """Take in ladders as they were just read."""
        self._ladders.update(ladders)

    def load_new(self) -> None:
        """Have the ladders of new instruments loaded."""
        self.to_load.update(self.directory.listings.keys() - self._ladders.keys())

    def runs(self, instrument_id: int) -> None:
        """Send the running minute of an instrument next time."""
        self._unsent.add(instrument_id)

    def closed(self, minutes: Sequence[Drawn]) -> None:
        """Send minutes that have closed, or were amended."""
        for each in minutes:
            ladder = self._ladders.get(each.instrument_id)
            if ladder is not None and not ladder.close(each):
                self.to_load.add(each.instrument_id)
        self.send(minutes)

    def rolled(self, candles: Sequence[Drawn], time: Callable[[int], int]) -> None:
        """Send candles that were added up. A ladder has seen the parts of a span that has just
        passed; what comes of earlier ones, and is a part of others, it must load.
        """
        for each in candles:
            if each.minutes not in _PARTS:
                continue
            after = spans.next_bucket(each.minutes, each.bucket)
            zone = self.directory.zone(each.instrument_id)
            if spans.end_of(each.minutes, after, zone) <= time(each.instrument_id):
                self.to_load.add(each.instrument_id)
        self.send(candles)

    def send_running(self, running: Mapping[int, Drawn]) -> None:
        """Send the running candles of all intervals of instruments that have moved."""
        keys, self._unsent = self._unsent, set()
        drawn: list[Drawn] = []
        for key in sorted(keys):
            minute, ladder = running.get(key), self._ladders.get(key)
            if minute is not None:
                drawn += [minute, *(ladder.running(minute) if ladder else ())]
        self.send(drawn)

    def send(self, drawn: Iterable[Drawn]) -> None:
        """Send candles to their rooms, in one message for each interval and MAX_MESSAGES."""
        by_interval: dict[str, list[Ephemeral]] = defaultdict(list)
        for each in drawn:
            listing = self.directory.listings.get(each.instrument_id)
            if listing is not None:
                message = ephemeral(each, listing.symbol, listing.decimals)
                by_interval[NAMES[each.minutes]].append(message)
        for interval, messages in by_interval.items():
            for start in range(0, len(messages), MAX_MESSAGES):
                self._publish(names.topic(interval), messages[start : start + MAX_MESSAGES])
