from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from hoardrun.market.engine.leases import ENGINE
from hoardrun.market.lease import Held, acquire
from hoardrun.market.models import Instrument, Lease
from hoardrun.market.services import instruments_ensure
from tests.clients import api_as


@pytest.fixture
def instruments(db: Any) -> dict[str, Instrument]:
    """The catalogue's instruments, by symbol; a process leads the simulator."""
    instruments_ensure()
    until = timezone.now() + timedelta(hours=1)
    Lease.objects.update_or_create(name="source:simulator", defaults={"expires_at": until})
    return {item.symbol: item for item in Instrument.objects.all()}


@pytest.fixture
def held(db: Any) -> Held:
    """The lease of the engine, which the test has."""
    found = acquire(ENGINE, "test")
    assert found is not None
    return found


@pytest.fixture
def api(alice: User) -> APIClient:
    """Alice's HTTP client."""
    return api_as(alice)
