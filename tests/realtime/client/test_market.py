"""Candles, alerts and watchlists are asked for at their paths."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from realtime.client import ApiError
from tests.nodes import ALICE
from tests.realtime.client.conftest import client_of
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_times_are_asked_for_with_their_zone(served: Server) -> None:
    client, _ = client_of(served, ALICE)
    noon = datetime(2026, 3, 3, 12, tzinfo=timezone(timedelta(hours=3)))
    with pytest.raises(ApiError) as refused:
        await client.market.candles("NOTHING-USD", "1m", start=noon, end="2026-03-03T09:00:00Z")
    assert refused.value.problem["errors"] == {"to": ["Give a moment after `from`."]}
    with pytest.raises(ValueError, match="time zone"):
        await client.market.candles("NOTHING-USD", "1m", end=noon.replace(tzinfo=None))


async def test_what_does_not_exist_is_not_there(served: Server) -> None:
    client, _ = client_of(served, ALICE)
    market = client.market
    for asking in (
        market.candles("NOTHING-USD", "1m", limit=5, cursor=None),
        market.alerts.get("7"),
        market.alerts.update("7", {"version": 1, "paused": True}),
        market.alerts.remove("7"),
        market.watchlists.get("7"),
        market.watchlists.remove("7"),
    ):
        with pytest.raises(ApiError) as refused:
            await asking
        assert refused.value.status == 404
