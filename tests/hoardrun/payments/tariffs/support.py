"""Rows of tariffs and limits, and payments that count for them."""

from __future__ import annotations

from datetime import date
from typing import Any

from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit
from hoardrun.payments.tariffs.services import fee_add, limit_add

ABOUT: dict[str, Any] = {"provider": "daraja", "kind": "payout", "currency": "KES"}
BEGIN = date(2026, 1, 1)


def fee(least: str, most: str, fixed: str = "0", **more: Any) -> ProviderFee:
    """Add a band of the tariff of payouts."""
    fields = {**ABOUT, "valid_from": BEGIN, **more}
    return fee_add(least=least, most=most, fixed=fixed, **fields)


def limit(**more: Any) -> ProviderLimit:
    """Add a limit of payouts."""
    return limit_add(**{**ABOUT, "valid_from": BEGIN, **more})
