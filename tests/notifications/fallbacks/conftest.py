"""The providers on loopback that the tests of deliveries have."""

from __future__ import annotations

from tests.notifications.delivery.conftest import outside as outside
