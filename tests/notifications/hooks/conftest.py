"""Rates of requests, for tests that count them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.settings import api_settings


@pytest.fixture
def rate(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Set the rate of a scope."""

    def put(scope: str, value: str) -> None:
        rates: dict[str, Any] = api_settings.DEFAULT_THROTTLE_RATES
        monkeypatch.setitem(rates, scope, value)

    return put
