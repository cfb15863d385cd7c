"""The admin of payments: tariffs and limits, what is proven of customers, statements."""

from __future__ import annotations

from hoardrun.payments.reconciling import admin as reconciling
from hoardrun.payments.standing import admin as standing
from hoardrun.payments.tariffs import admin as tariffs

__all__ = ["reconciling", "standing", "tariffs"]
