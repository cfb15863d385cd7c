from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hoardrun.market.models import Holiday, Instrument, Lease, Source, SourceSymbol, TradingSession
from tests.clients import count_queries
from tests.hoardrun.market.tools import instrument

SESSION = {
    "venue": "XLON",
    "weekday": "0",
    "kind": "regular",
    "opens": "08:00",
    "closes": "16:30",
    "timezone": "Europe/London",
    "valid_from": "2026-01-01",
}


def test_staff_enter_the_hours_of_a_venue(admin_client: Client):
    path = "/admin/market/tradingsession/add/"
    assert admin_client.post(path, SESSION).status_code == 302
    row = TradingSession.objects.get(venue="XLON")
    assert (row.weekday, str(row.closes)) == (0, "16:30:00")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"closes": "07:00"}, "A session ends after it begins"),
        ({"timezone": "Europe/Atlantis"}, "no time zone"),
        ({"weekday": "7"}, "Select a valid choice"),
    ],
)
def test_it_refuses_hours_that_cannot_be(admin_client: Client, change: dict[str, str], why: str):
    page = admin_client.post("/admin/market/tradingsession/add/", SESSION | change)
    assert why in page.content.decode()
    assert not TradingSession.objects.filter(venue="XLON").exists()


def test_it_refuses_the_same_holiday_twice_and_half_a_short_day(admin_client: Client):
    day = {"venue": "XLON", "day": "2026-12-25", "name": "Christmas Day"}
    path = "/admin/market/holiday/add/"
    assert admin_client.post(path, day).status_code == 302
    assert "already exists" in admin_client.post(path, day).content.decode()
    half = day | {"day": "2026-12-24", "opens": "08:00"}
    assert "needs both times" in admin_client.post(path, half).content.decode()
    assert Holiday.objects.filter(venue="XLON").count() == 1


def test_staff_stop_a_source_and_change_nothing_else_of_it(admin_client: Client):
    Source.objects.create(name="kraken", state="live", reconnects=3)
    path = "/admin/market/source/kraken/change/"
    form = {"is_stopped": "on", "licence": "Free to show.", "state": "stopped", "reconnects": "0"}
    assert admin_client.post(path, form).status_code == 302
    row = Source.objects.get()
    assert (row.is_stopped, row.licence, row.state, row.reconnects) == (
        True,
        "Free to show.",
        "live",
        3,
    )
    assert admin_client.get("/admin/market/source/add/").status_code == 403
    assert admin_client.post("/admin/market/source/kraken/delete/").status_code == 403


def test_nobody_edits_a_lease(admin_client: Client):
    Lease.objects.create(name="engine", holder="node-1", epoch=4)
    assert "node-1" in admin_client.get("/admin/market/lease/").content.decode()
    path = "/admin/market/lease/engine/change/"
    assert admin_client.get(path).status_code == 200
    assert admin_client.post(path, {"epoch": "9"}).status_code == 403
    assert Lease.objects.get().epoch == 4


def test_decimals_of_an_instrument_are_not_changed_beside_its_prices(admin_client: Client):
    item = instrument(symbol="KLMO")
    form = {"symbol": "KLMO", "name": "Kilimo Ltd", "type": "stock", "currency": "KES"}
    form |= {"decimals": "4", "status": "open", "is_active": "on"}
    path = f"/admin/market/instrument/{item.pk}/change/"
    assert admin_client.post(path, form).status_code == 302
    assert Instrument.objects.values_list("name", "decimals").get() == ("Kilimo Ltd", 2)


def test_it_lists_many_symbols_with_as_few_queries_as_one(admin_client: Client):
    def add(number: int) -> None:
        item = instrument(symbol=f"K{number}")
        SourceSymbol.objects.create(instrument=item, source="kraken", venue_symbol=f"K{number}")

    path: Any = "/admin/market/sourcesymbol/"
    add(0)
    few = count_queries(admin_client, path)
    for number in range(1, 30):
        add(number)
    assert count_queries(admin_client, path) == few
    assert "K17" in admin_client.get(f"{path}?q=K17").content.decode()
