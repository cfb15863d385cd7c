"""The tables of payments, of their history, and of what providers and staff said."""

from __future__ import annotations

from hoardrun.payments.models.balance import ProviderBalance
from hoardrun.payments.models.decision import StaffDecision
from hoardrun.payments.models.payment import OPEN, ProviderPayment
from hoardrun.payments.models.receipt import PaymentReceipt, ReceiptClosing, ReceiptOutcome
from hoardrun.payments.models.step import PaymentStep
from hoardrun.payments.payees import models as payees  # noqa: F401 its tables are ours
from hoardrun.payments.reconciling import models as reconciling  # noqa: F401 likewise
from hoardrun.payments.tariffs import models as tariffs  # noqa: F401 likewise
from hoardrun.payments.tiers import models as tiers  # noqa: F401 likewise

__all__ = [
    "OPEN",
    "PaymentReceipt",
    "PaymentStep",
    "ProviderBalance",
    "ProviderPayment",
    "ReceiptClosing",
    "ReceiptOutcome",
    "StaffDecision",
]
