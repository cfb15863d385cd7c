"""The history of a payment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from hoardrun.payments.choices import CLAIMS, SOURCES, STATES
from hoardrun.payments.models.payment import ProviderPayment
from hoardrun.payments.models.receipt import PaymentReceipt
from realtime.append_only import AppendOnly
from realtime.audit import RequestId


class PaymentStep(AppendOnly):
    """One step in the history of a payment: what was said, by whom, and what followed.

    `rule` is the judge's. A step that stays in its state has had another effect.
    """

    ERASABLE = ("note", "raw")

    payment = models.ForeignKey(ProviderPayment, on_delete=models.PROTECT, related_name="steps")
    from_state = models.CharField(max_length=16, choices=STATES)
    to_state = models.CharField(max_length=16, choices=STATES)
    rule = models.CharField(max_length=32)
    source = models.CharField(max_length=16, choices=SOURCES)
    claim = models.CharField(max_length=16, choices=CLAIMS)
    reason = models.CharField(max_length=32, blank=True)
    raw_code = models.CharField(max_length=200, blank=True)
    receipt = models.ForeignKey(
        PaymentReceipt, on_delete=models.PROTECT, null=True, related_name="steps"
    )
    raw = models.BinaryField(default=b"")  # of an answer, which has no receipt
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    note = models.CharField(max_length=200, blank=True)
    request_id = RequestId(db_default="")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.from_state} to {self.to_state}"
