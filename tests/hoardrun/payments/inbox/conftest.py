"""The rates of requests, for tests that count them."""

from __future__ import annotations

from tests.notifications.hooks.conftest import rate

__all__ = ["rate"]
