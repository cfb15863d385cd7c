from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.market.models import Instrument
from hoardrun.market.services import instruments_ensure
from tests.clients import api_as


@pytest.fixture
def instruments(db: Any) -> dict[str, Instrument]:
    """The catalogue's instruments, by symbol."""
    instruments_ensure()
    return {item.symbol: item for item in Instrument.objects.all()}


@pytest.fixture
def api(alice: User) -> APIClient:
    """Alice's HTTP client."""
    return api_as(alice)
