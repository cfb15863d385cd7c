"""The admin of payments: what waits for staff, tariffs and limits, tiers, statements."""

from __future__ import annotations

from hoardrun.payments.queue import admin as queue
from hoardrun.payments.reconciling import admin as reconciling
from hoardrun.payments.tariffs import admin as tariffs
from hoardrun.payments.tiers import admin as tiers

__all__ = ["queue", "reconciling", "tariffs", "tiers"]
