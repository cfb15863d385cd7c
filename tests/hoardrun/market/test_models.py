from __future__ import annotations

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hoardrun.market.models import Holiday, Instrument, SourceSymbol, TradingSession
from tests.hoardrun.market.tools import instrument

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("symbol", ["BTC:USD", "btc", "stock", "-A", "A B", "É", "A" * 21, ""])
def test_it_refuses_a_symbol_that_could_not_name_a_room(symbol: str):
    item = Instrument(symbol=symbol, name="X", type="stock", currency="USD")
    with pytest.raises(ValidationError):
        item.full_clean()


def test_it_keeps_colons_out_even_without_validation():
    with pytest.raises(IntegrityError):
        instrument(symbol="BTC:USD")


def test_it_keeps_a_symbol_once():
    instrument(symbol="KLMO")
    with pytest.raises(IntegrityError):
        instrument(symbol="KLMO")


@pytest.mark.parametrize("decimals", [13, 30])
def test_it_refuses_more_decimals_than_a_scaled_price_has(decimals: int):
    with pytest.raises(IntegrityError):
        instrument(symbol="KLMO", decimals=decimals)


def session(**fields: object) -> TradingSession:
    given = {"opens": time(9), "closes": time(15), "timezone": "Africa/Nairobi"} | fields
    return TradingSession(venue="XNAI", weekday=0, valid_from=date(2026, 1, 1), **given)


@pytest.mark.parametrize("zone", ["Africa/Nowhere", "", "../etc/passwd", "EAT+3"])
def test_it_refuses_a_time_zone_that_does_not_exist(zone: str):
    with pytest.raises(ValidationError, match="timezone"):
        session(timezone=zone).full_clean()


def test_a_session_may_end_with_the_day_and_not_before_it_begins():
    session(closes=time(0)).full_clean()
    with pytest.raises(ValidationError, match="after it begins"):
        session(closes=time(8)).full_clean()
    with pytest.raises(IntegrityError):
        session(closes=time(8)).save()


@pytest.mark.parametrize("half", [{"opens": time(9)}, {"closes": time(12)}])
def test_a_short_day_has_both_its_times(half: dict[str, time]):
    day = Holiday(venue="XNAI", day=date(2026, 12, 24), name="Christmas Eve", **half)
    with pytest.raises(ValidationError, match="both times"):
        day.full_clean()
    with pytest.raises(IntegrityError):
        day.save()


def test_a_source_names_an_instrument_once_and_a_symbol_once():
    one, other = instrument(symbol="KLMO"), instrument(symbol="MBEU")
    SourceSymbol.objects.create(instrument=one, source="kraken", venue_symbol="KLMO/KES")
    for again in ({"instrument": one, "venue_symbol": "X"}, {"instrument": other}):
        values = {"source": "kraken", "venue_symbol": "KLMO/KES"} | again
        with pytest.raises(IntegrityError), transaction.atomic():
            SourceSymbol.objects.create(**values)
