from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hoardrun.market.models import Instrument
from hoardrun.market.services import quotes_record
from tests.clients import count_queries
from tests.hoardrun.market.tools import instrument, quotes_at


@pytest.mark.parametrize("model", ["instrument", "quote"])
def test_it_lists_many_with_as_few_queries_as_one(admin_client: Client, model: str):
    instrument(symbol="KLMO")
    quotes_record(quotes=quotes_at())
    few = count_queries(admin_client, f"/admin/market/{model}/")
    for number in range(30):
        instrument(symbol=f"K{number}")
    quotes_record(quotes=quotes_at())
    assert count_queries(admin_client, f"/admin/market/{model}/") == few


@pytest.mark.parametrize("model", ["instrument", "quote"])
def test_it_finds_an_instrument_by_name(admin_client: Client, instruments: Any, model: str):
    quotes_record(quotes=quotes_at())
    page = admin_client.get(f"/admin/market/{model}/?q=Safari").content.decode()
    assert "SCOM" in page
    assert "MSFT" not in page


def test_it_lets_staff_add_an_instrument(admin_client: Client):
    form = {"symbol": "KLMO", "name": "Kilimo", "type": "stock", "currency": "KES"}
    form |= {"decimals": "2", "status": "open", "is_active": "on"}
    assert admin_client.post("/admin/market/instrument/add/", form).status_code == 302
    assert Instrument.objects.get().symbol == "KLMO"


def test_it_shows_quotes_and_changes_none(admin_client: Client, instruments: Any):
    quotes_record(quotes=quotes_at())
    url = f"/admin/market/quote/{instruments['SCOM'].pk}"
    assert admin_client.get(f"{url}/change/").status_code == 200
    assert admin_client.post(f"{url}/change/", {"price": "1"}).status_code == 403
    assert admin_client.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/market/quote/add/").status_code == 403
