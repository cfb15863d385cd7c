from __future__ import annotations

from typing import Any

import pytest

from hoardrun.market.candles.pages import DEFAULT_LIMIT
from hoardrun.market.candles.rooms import CandleRooms
from hoardrun.market.lease import Held
from hoardrun.market.rooms import MarketRooms
from realtime.rooms import kind_of
from tests.hoardrun.market.candles.rows import minutes_of
from tests.hoardrun.market.tools import instrument


@pytest.mark.parametrize(
    ("room", "kind"),
    [
        ("candles:BTC-USD:1m", "candles_1m"),
        ("candles:BTC-USD:1M", "candles_1M"),
        ("candles:BTC-USD:4h", "candles_4h"),
        ("candles:BTC-USD:2m", None),
        ("candles:BTC-USD", None),
        ("candles:1m", None),
        ("candles::1m", None),
    ],
)
def test_each_interval_has_rooms_of_its_own(room: str, kind: str | None):
    found = kind_of(room)
    assert (found.name if found else None) == kind


def test_it_lets_alice_into_the_rooms_of_active_instruments(instruments: Any):
    instrument(symbol="GONE", is_active=False)
    rooms = CandleRooms("5m", MarketRooms().symbols)
    assert rooms.may_join(1, "candles:JSE-TOP40:5m")
    for room in ("candles:NOPE:5m", "candles:GONE:5m", "candles:btc-usd:5m"):
        assert not rooms.may_join(1, room)


def test_it_lists_only_rooms_that_may_be_joined(instruments: Any):
    rooms = CandleRooms("1m", MarketRooms().symbols)
    listed = list(rooms.rooms(1))
    assert len(listed) == 20
    for room, description in listed:
        assert rooms.matches(room) and rooms.may_join(1, room) and description
    assert list(CandleRooms("5m", MarketRooms().symbols).rooms(1)) == []


def test_a_snapshot_is_the_newest_candles_each_under_its_own_key(instruments: Any, held: Held):
    minutes_of(held, instruments["BTC-USD"], DEFAULT_LIMIT + 7, running=True)
    rooms = CandleRooms("1m", MarketRooms().symbols)
    found = rooms.snapshot("candles:BTC-USD:1m")
    assert len({message.key for message in found}) == len(found) == DEFAULT_LIMIT
    assert all(message.rooms == ("candles:BTC-USD:1m",) for message in found)
    assert rooms.snapshot("candles:ETH-USD:1m") == []
    assert rooms.snapshot("candles:GONE:1m") == []
