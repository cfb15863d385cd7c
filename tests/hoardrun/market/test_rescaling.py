from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import models

from hoardrun.market import lease
from hoardrun.market.columns import Scaled
from hoardrun.market.errors import InstrumentNotFound, RescaleRefused
from hoardrun.market.lease import Overtaken, acquire, fenced
from hoardrun.market.models import Candle, Instrument, PriceAlert, Quote
from hoardrun.market.rescaling import instrument_rescale
from hoardrun.market.selectors import quote_get
from hoardrun.market.services import quotes_record
from tests.hoardrun.market.tools import quotes_at

# Whole numbers of rows about an instrument that count something else than steps of its price.
OTHERS = {"volume", "epoch"}


@pytest.fixture
def priced(instruments: Any) -> Instrument:
    """An instrument of two decimals, with a quote and a candle."""
    quotes_record(quotes=quotes_at())
    sol: Instrument = instruments["SOL-USD"]
    Candle.objects.create(
        instrument=sol,
        minutes=1,
        bucket=datetime(2026, 3, 18, tzinfo=UTC),
        open=16800,
        high=16900,
        low=16750,
        close=16850,
        volume=7,
        is_closed=True,
        is_indicative=False,
        source="simulator",
    )
    return sol


def candle() -> tuple[int | None, ...]:
    [row] = Candle.objects.values_list("open", "high", "low", "close", "volume")
    return row


def test_prices_stay_what_they_are_with_more_decimals(priced: Instrument):
    before = quote_get(symbol="SOL-USD")
    others = list(Quote.objects.exclude(pk=priced.pk).order_by("pk").values())
    written = instrument_rescale(symbol="sol-usd", decimals=8)
    assert (written["market_last_quote"], written["market_candle"]) == (1, 1)
    after = quote_get(symbol="SOL-USD")
    assert after.listing.decimals == 8
    assert (after.price, after.high, after.change) == (before.price, before.high, before.change)
    assert candle() == (16800000000, 16900000000, 16750000000, 16850000000, 7)
    assert list(Quote.objects.exclude(pk=priced.pk).order_by("pk").values()) == others


def test_what_was_made_finer_can_be_made_coarser_again(priced: Instrument):
    before = list(Quote.objects.order_by("pk").values()), candle()
    instrument_rescale(symbol="SOL-USD", decimals=12)
    instrument_rescale(symbol="SOL-USD", decimals=2)
    assert (list(Quote.objects.order_by("pk").values()), candle()) == before


def test_it_refuses_to_lose_a_digit_and_changes_nothing(priced: Instrument):
    before = list(Quote.objects.order_by("pk").values()), candle()
    with pytest.raises(RescaleRefused, match="market_"):
        instrument_rescale(symbol="SOL-USD", decimals=0)
    assert (list(Quote.objects.order_by("pk").values()), candle()) == before
    assert Instrument.objects.get(pk=priced.pk).decimals == 2


def test_it_refuses_a_price_that_would_be_too_large(priced: Instrument):
    Candle.objects.update(high=10**9)
    with pytest.raises(RescaleRefused, match="market_candle would be too large"):
        instrument_rescale(symbol="SOL-USD", decimals=12)
    assert candle()[1] == 10**9


def test_it_keeps_what_a_source_does_not_say_empty(priced: Instrument):
    Quote.objects.filter(pk=priced.pk).update(open=None, previous_close=None, change=None)
    instrument_rescale(symbol="SOL-USD", decimals=4)
    instrument_rescale(symbol="SOL-USD", decimals=2)
    row = Quote.objects.get(pk=priced.pk)
    assert (row.open, row.previous_close, row.change) == (None, None, None)


def test_alerts_of_a_price_keep_it_and_others_their_number(priced: Instrument, alice: User):
    for kind in ("price_above", "change_above"):
        PriceAlert.objects.create(
            user=alice,
            instrument=priced,
            kind=kind,
            window="24h" if kind == "change_above" else "",
            threshold=17000,
            hysteresis=100,
            cooldown_seconds=300,
            armed_price=16850,
        )
    instrument_rescale(symbol="SOL-USD", decimals=4)
    columns = ("threshold", "hysteresis", "armed_price")
    price, change = PriceAlert.objects.order_by("id").values_list(*columns)
    assert price == (1700000, 10000, 1685000)
    assert change == (17000, 100, 1685000)


def test_leaders_store_nothing_more_in_the_former_decimals(priced: Instrument):
    held = acquire("source:kraken", "node")
    assert held is not None
    instrument_rescale(symbol="SOL-USD", decimals=4)
    with pytest.raises(Overtaken), fenced(held):
        pass
    assert not lease.renew(held)
    again = acquire("source:kraken", "node")
    assert again is not None and again.epoch > held.epoch


@pytest.mark.parametrize("decimals", [-1, 13])
def test_it_refuses_decimals_that_no_price_has(priced: Instrument, decimals: int):
    with pytest.raises(RescaleRefused, match="0 to 12"):
        instrument_rescale(symbol="SOL-USD", decimals=decimals)


def test_it_refuses_a_symbol_that_it_does_not_know(instruments: Any):
    with pytest.raises(InstrumentNotFound):
        instrument_rescale(symbol="NOPE", decimals=4)


def test_every_column_of_prices_is_rescaled():
    """A new table with steps of an instrument's price: name its columns in `SCALED`."""
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if "instrument" not in names:
            continue
        numbers = {
            field.name
            for field in model._meta.concrete_fields
            if type(field) is models.BigIntegerField
        }
        groups: tuple[Scaled, ...] = getattr(model, "SCALED", ())
        assert numbers - OTHERS == {name for each in groups for name in each.columns}, model
