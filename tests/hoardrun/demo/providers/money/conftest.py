"""The providers on loopback, and a merchant who is told by callbacks."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore
import pytest

from hoardrun.demo.providers.money.server import STILL, Money
from tests.hoardrun.demo.providers.money.support import CallbackServer, Merchant

SILENCE = 0.03


@pytest.fixture(scope="module")
def servers() -> Iterator[Merchant]:
    with (
        CallbackServer() as callbacks,
        Money(pace=STILL, silence=SILENCE) as money,
        httpcore.ConnectionPool() as http,
    ):
        yield Merchant(money, callbacks, http)


@pytest.fixture
def merchant(servers: Merchant) -> Iterator[Merchant]:
    yield servers
    servers.money.clear()
    servers.callbacks.clear()
    servers.callbacks.refuses = 0
