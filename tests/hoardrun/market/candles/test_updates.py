from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from hoardrun.market.candles.directory import Directory
from hoardrun.market.candles.ladder import Ladder
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.updates import Updates
from hoardrun.market.models import Instrument
from hoardrun.market.selectors import listing_of
from realtime.publish import Ephemeral
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.candles.rows import drawn
from tests.hoardrun.market.tools import instrument

HOUR = 60 * MINUTE


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


@pytest.fixture
def updates(btc: Instrument) -> Updates:
    sent: list[Ephemeral] = []
    made = Updates(lambda topic, messages: sent.extend(messages))
    made.directory = Directory({btc.pk: listing_of(btc)}, {btc.pk: UTC})
    made.load({btc.pk: Ladder(UTC)})
    return made


@pytest.mark.parametrize(
    ("minutes", "ago", "is_loaded"), [(60, 1, False), (60, 2, True), (1440, 2, True), (5, 2, False)]
)
def test_an_hour_that_is_added_up_late_is_read_into_the_running_candles(
    updates: Updates, btc: Instrument, minutes: int, ago: int, is_loaded: bool
):
    """The running day has what was there when it was loaded, and the minutes since."""
    updates.rolled([drawn(btc, -ago, minutes)], lambda _: NOON + MINUTE)
    assert updates.to_load == ({btc.pk} if is_loaded else set())


def test_an_amended_minute_is_read_into_the_running_candles(updates: Updates, btc: Instrument):
    updates.closed([drawn(btc, 0), drawn(btc, 1)])
    assert not updates.to_load
    updates.closed([drawn(btc, 0, revision=1)])
    assert updates.to_load == {btc.pk}


def test_ladders_of_new_instruments_are_loaded(updates: Updates, btc: Instrument):
    updates.load_new()
    assert not updates.to_load
    updates.directory = Directory({btc.pk: listing_of(btc), 99: listing_of(btc)})
    updates.load_new()
    assert updates.to_load == {99}
