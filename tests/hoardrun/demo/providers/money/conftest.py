"""The providers on loopback, and a merchant with an ear for their callbacks."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore
import pytest

from hoardrun.demo.providers.money.server import STILL, Money
from tests.hoardrun.demo.providers.money.support import Ear, Merchant

SILENCE = 0.03


@pytest.fixture(scope="module")
def servers() -> Iterator[Merchant]:
    with (
        Ear() as ear,
        Money(pace=STILL, silence=SILENCE) as money,
        httpcore.ConnectionPool() as http,
    ):
        yield Merchant(money, ear, http)


@pytest.fixture
def merchant(servers: Merchant) -> Iterator[Merchant]:
    yield servers
    servers.money.clear()
    servers.ear.clear()
    servers.ear.refuses = 0
