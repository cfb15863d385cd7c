from __future__ import annotations

from typing import Any

import pytest

from hoardrun.market.rooms import AlwaysMovingRoom, MarketRooms
from hoardrun.market.services import quotes_record
from realtime.publish import Ephemeral
from realtime.rooms import kind_of
from tests.hoardrun.market.tools import instrument, quote_of, quotes_at


@pytest.mark.parametrize(
    ("room", "kind"),
    [
        ("market_data", "market"),
        ("market:crypto", "market"),
        ("market:BTC-USD", "market"),
        ("market_data:TEST", "market_test"),
        ("market:", None),
        ("market", None),
        ("market_data:BTC-USD", None),
        ("user:1", None),
    ],
)
def test_it_knows_which_rooms_are_its_own(room: str, kind: str | None):
    found = kind_of(room)
    assert (found.name if found else None) == kind


def test_it_lets_alice_into_known_rooms_only(instruments: Any):
    instrument(symbol="GONE", is_active=False)
    rooms = MarketRooms()
    for room in ["market_data", "market:index", "market:SCOM", "market:JSE-TOP40"]:
        assert rooms.may_join(1, room)
    for room in ["market:bonds", "market:scom", "market:NOPE", "market:GONE", "market:*"]:
        assert not rooms.may_join(1, room)
    assert AlwaysMovingRoom().may_join(1, "market_data:TEST")


def test_it_asks_the_database_once_for_many_joins(instruments: Any, django_assert_num_queries: Any):
    rooms = MarketRooms()
    with django_assert_num_queries(1):
        for number in range(1000):
            rooms.may_join(1, f"market:{number}")


def test_it_lists_only_rooms_that_may_be_joined(instruments: Any):
    for kind in (MarketRooms(), AlwaysMovingRoom()):
        for room, description in kind.rooms(1):
            assert kind.matches(room)
            assert kind.may_join(1, room)
            assert description
    assert len(list(MarketRooms().rooms(1))) == 1 + 5 + 20


def _symbols(messages: Any) -> set[str]:
    return {message.key for message in messages}


def test_a_client_that_joins_gets_the_newest_quotes(instruments: Any):
    quotes_record(quotes=quotes_at())
    rooms = MarketRooms()
    assert _symbols(rooms.snapshot("market_data")) == set(instruments)
    assert _symbols(rooms.snapshot("market:crypto")) == {"BTC-USD", "ETH-USD", "SOL-USD"}
    [message] = rooms.snapshot("market:SCOM")
    assert message.rooms == ("market_data", "market:stock", "market:SCOM")
    assert message.payload.price == f"{quote_of('SCOM').price:f}"  # type: ignore[attr-defined]


def test_it_shows_nothing_before_the_first_quote(instruments: Any, settings: Any):
    settings.SIMULATE_MARKET = False
    assert MarketRooms().snapshot("market_data") == []


def test_it_shows_simulated_quotes_before_the_first_is_stored(instruments: Any, settings: Any):
    settings.SIMULATE_MARKET = True
    assert _symbols(MarketRooms().snapshot("market_data")) == set(instruments)


async def test_it_always_moves_in_the_test_room():
    room = AlwaysMovingRoom()
    shown = room.snapshot("market_data:TEST")
    batches = room.source("market_data:TEST")
    first, second = await anext(batches), await anext(batches)
    messages: list[Ephemeral] = [*shown, *first, *second]
    assert {(message.rooms, message.key) for message in messages} == {
        (("market_data:TEST",), "HOARD-TEST")
    }
    assert first[0].payload != second[0].payload
