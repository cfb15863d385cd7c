from __future__ import annotations

from typing import Any

import pytest

from hoardrun.market.lease import Held, acquire


@pytest.fixture
def held(db: Any) -> Held:
    """The lease of the engine, which the test has."""
    found = acquire("market-engine", "test")
    assert found is not None
    return found
