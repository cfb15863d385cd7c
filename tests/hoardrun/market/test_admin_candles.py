from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.holes import holes_add
from hoardrun.market.lease import Held
from tests.clients import browser_as, staff_with
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.tools import instrument


def test_staff_see_holes_and_why_they_stay(held: Held, alice: User, db: Any):
    btc = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    [hole] = holes_add(
        held=held, holes=[Hole(btc.pk, NOON, NOON + 60_000_000)], is_left=True, reason="Too old."
    )
    browser = browser_as(staff_with(alice, "view_candlehole"))
    listed = browser.get("/admin/market/candlehole/?q=BTC&is_left__exact=1").content.decode()
    assert "BTC-USD" in listed and "1m" in listed
    page = browser.get(f"/admin/market/candlehole/{hole.id}/change/").content.decode()
    assert "Too old." in page and 'name="_save"' not in page
