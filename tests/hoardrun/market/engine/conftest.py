"""A venue for leaders that the tests of this folder play."""

from __future__ import annotations

from typing import Any

import pytest

from hoardrun.market import feeds, lease
from hoardrun.market.engine import runtime as runtimes
from tests.hoardrun.market.engine.scripted import SCALE, VENUE

CONSUMER = "tests.hoardrun.market.engine.tools.Taken"


@pytest.fixture
def scripted_venue(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let venues be played, four times as fast, and a consumer keep what it is given."""
    settings.MARKET = {"MARKET_TIME_SCALE": SCALE}
    # Ten real seconds all the same: no pause of this machine costs a lease.
    monkeypatch.setattr(lease, "TTL_SECONDS", lease.TTL_SECONDS * SCALE)
    settings.REDIS_URL = ""
    monkeypatch.setattr(runtimes, "CONSUMERS", (CONSUMER,))
    monkeypatch.setitem(feeds.VENUES, "scripted", VENUE)
