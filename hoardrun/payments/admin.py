"""The admin of payments: tariffs and limits, what is proven of customers, statements."""

from __future__ import annotations

from hoardrun.payments.reconciling import admin as reconciling
from hoardrun.payments.tariffs import admin as tariffs
from hoardrun.payments.tiers import admin as tiers

__all__ = ["reconciling", "tariffs", "tiers"]
