"""The demo calls M-Pesa, whose connections end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hoardrun.payments.calling.support import calling


@pytest.fixture
def _calls(settings: Any) -> Iterator[None]:
    """This process may call providers on loopback."""
    settings.DEBUG = True
    with calling():
        yield
