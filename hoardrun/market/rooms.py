"""The rooms of the market: all quotes, one type, one symbol, and one that always moves.

The app registers them with `realtime.rooms`. A room's snapshot is its newest stored quotes.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterable, Sequence

from django.utils import timezone

from hoardrun.market import names, simulator
from hoardrun.market.feeds.simulator import ticks
from hoardrun.market.models import Instrument
from hoardrun.market.quotes import ephemerals
from hoardrun.market.selectors import instrument_list, quote_list
from realtime.publish import Ephemeral
from realtime.rooms import RoomKind

SYMBOLS_KEPT_SECONDS = 5.0  # the room of a new instrument opens within this time
TEST_INTERVAL_SECONDS = 0.5


class MarketRooms(RoomKind):
    """`market_data`, `market:<type>` and `market:<SYMBOL>`, for every user who is logged in."""

    name = "market"
    topic = names.TOPIC
    description = "Quotes of all instruments, of one type, or of one symbol"
    open = True

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._known_until = 0.0

    def matches(self, room: str) -> bool:
        return room == names.ALL_ROOM or bool(names.room_subject(room))

    def may_join(self, user_id: int, room: str) -> bool:
        subject = names.room_subject(room)
        return subject is None or subject in Instrument.Type or subject in self.symbols()

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        yield names.ALL_ROOM, "Quotes of all instruments"
        for kind in Instrument.Type:
            yield names.room(kind), f"Quotes of type {kind.label.lower()}"
        for symbol, name in self.symbols().items():
            yield names.room(symbol), f"Quotes of {name}"

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        subject = names.room_subject(room)
        if subject is None:
            return ephemerals(quote_list())
        if subject in Instrument.Type:
            return ephemerals(quote_list(type=subject))
        return ephemerals(quote_list(symbols=[subject]))

    def symbols(self) -> dict[str, str]:
        """Return the names by symbol. Reads the database once in SYMBOLS_KEPT_SECONDS."""
        now = time.monotonic()
        if now >= self._known_until:
            self._known = dict(instrument_list().values_list("symbol", "name"))
            self._known_until = now + SYMBOLS_KEPT_SECONDS
        return self._known


class AlwaysMovingRoom(RoomKind):
    """`market_data:TEST`: a made-up instrument, to try a client without a feed."""

    name = "market_test"
    topic = names.TEST_TOPIC
    description = "A made-up instrument that moves twice a second, with or without a feed"
    open = True

    def matches(self, room: str) -> bool:
        return room == names.TEST_ROOM

    def may_join(self, user_id: int, room: str) -> bool:
        return True

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        yield names.TEST_ROOM, self.description

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        return _test_quote(simulator.tick_of(timezone.now()))

    def source(self, room: str) -> AsyncGenerator[Sequence[Ephemeral], None]:
        return _test_quotes()


async def _test_quotes() -> AsyncGenerator[Sequence[Ephemeral], None]:
    async for tick in ticks(TEST_INTERVAL_SECONDS):
        yield _test_quote(tick)


def _test_quote(tick: int) -> Sequence[Ephemeral]:
    quote = simulator.quote_at(simulator.TEST_LISTING, tick)
    return ephemerals([quote], rooms=(names.TEST_ROOM,))
