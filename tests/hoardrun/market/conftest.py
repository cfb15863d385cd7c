from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

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
def api(alice: User) -> APIClient:
    """Alice's HTTP client."""
    return api_as(alice)
