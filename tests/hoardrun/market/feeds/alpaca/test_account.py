from __future__ import annotations

from typing import Any

import msgspec

from hoardrun.market.feeds import venue_named


def test_it_logs_in_with_the_key_of_the_deployment(settings: Any):
    settings.MARKET = {"MARKET_ALPACA_KEY": "AK1", "MARKET_ALPACA_SECRET": "hush"}
    venue = venue_named("alpaca")
    (login,) = map(msgspec.json.decode, venue().opening())
    assert (login["key"], login["secret"]) == ("AK1", "hush")
    assert venue.history is not None
    headers = venue.history.bars_request("AAPL", 1, 0, 1).headers
    assert headers == {"APCA-API-KEY-ID": "AK1", "APCA-API-SECRET-KEY": "hush"}
