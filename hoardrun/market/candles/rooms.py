"""The rooms of candles: `candles:<SYMBOL>:<interval>`, for every user who is logged in.

Each interval has a topic of its own, so that a node is woken for the intervals that its sockets
look at. A room's snapshot is its newest stored candles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hoardrun.market.candles import names
from hoardrun.market.candles.messages import candle_update
from hoardrun.market.candles.pages import DEFAULT_LIMIT, candle_page
from hoardrun.market.candles.spans import INTERVALS
from hoardrun.market.candles.values import Drawn
from hoardrun.market.errors import InstrumentNotFound
from realtime.publish import Ephemeral
from realtime.rooms import RoomKind

SHORTEST = "1m"
_OTHERS = " ".join(name for name in INTERVALS if name != SHORTEST)


class CandleRooms(RoomKind):
    """The rooms of one interval. `symbols` returns the names of active instruments by symbol."""

    open = True
    max_keys = DEFAULT_LIMIT

    def __init__(self, interval: str, symbols: Callable[[], dict[str, str]]) -> None:
        self.name = self.topic = names.topic(interval)
        self.description = f"Candles of one symbol, {interval}"
        self._interval = interval
        self._symbols = symbols

    def matches(self, room: str) -> bool:
        subject = names.room_subject(room)
        return subject is not None and subject[1] == self._interval

    def may_join(self, user_id: int, room: str) -> bool:
        subject = names.room_subject(room)
        return subject is not None and subject[0] in self._symbols()

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        """List the rooms of the shortest interval; the others are called alike."""
        if self._interval == SHORTEST:
            for symbol, name in self._symbols().items():
                yield names.room(symbol, SHORTEST), f"Candles of {name}; also {_OTHERS}"

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        subject = names.room_subject(room)
        if subject is None:
            return []
        try:
            page = candle_page(symbol=subject[0], interval=self._interval)
        except InstrumentNotFound:  # it has just been taken out of the market
            return []
        listing = page.listing
        return [ephemeral(drawn, listing.symbol, listing.decimals) for drawn in page.candles]


def ephemeral(drawn: Drawn, symbol: str, decimals: int) -> Ephemeral:
    """Make the message of a candle to its room; a later one of the same bucket replaces it."""
    update = candle_update(drawn, symbol, decimals)
    return Ephemeral((names.room(symbol, update.interval),), update.time, update)
