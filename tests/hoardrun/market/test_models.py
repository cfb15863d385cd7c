from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from hoardrun.market.models import Instrument
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
