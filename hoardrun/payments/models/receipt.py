"""The callbacks of providers as they came, what became of each, and who has closed one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.payments.choices import VERDICTS, Outcome
from hoardrun.payments.models.payment import ProviderPayment
from realtime.append_only import AppendOnly
from realtime.audit import RequestId


class PaymentReceipt(AppendOnly):
    """A callback as it came: the bytes, and who had signed them. `ReceiptOutcome` has the rest.

    The path's token is not among what is stored.
    """

    ERASABLE = ("raw",)

    payment = models.ForeignKey(
        ProviderPayment,
        on_delete=models.PROTECT,
        null=True,
        related_name="receipts",
        db_constraint=False,
        db_index=False,  # the unique constraint has one
    )
    provider = models.CharField(max_length=16)
    purpose = models.CharField(max_length=16)
    method = models.CharField(max_length=8)
    reference = models.CharField(max_length=200, blank=True)  # by which it named its payment
    headers = models.JSONField(default=dict)  # chosen ones, never Authorization
    raw = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    address = models.CharField(max_length=45, blank=True)
    address_known = models.BooleanField(null=True)
    verdict = models.CharField(max_length=16, choices=VERDICTS)
    received_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta(AppendOnly.Meta):
        constraints = [
            # A copy that is better signed, or answers a question, is no duplicate.
            models.UniqueConstraint(
                fields=["payment", "sha256", "purpose", "verdict"], name="payment_callback_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.pk}"


class ReceiptOutcome(models.Model):
    """What became of a callback. A receipt without one has not been looked at."""

    receipt = models.OneToOneField(
        PaymentReceipt, on_delete=models.PROTECT, primary_key=True, related_name="outcome"
    )
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    processed_at = models.DateTimeField(null=True)  # null: it is to be tried again
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="receipt_outcome_due"
            ),
            models.Index(
                fields=["processed_at"],
                condition=Q(outcome=Outcome.UNMATCHED, processed_at__isnull=False),
                name="receipt_outcome_unmatched",
            ),
        ]

    def __str__(self) -> str:
        return self.outcome or "waiting"


class ReceiptClosing(AppendOnly):
    """A callback about no payment that a member of staff has looked into. It waits no more."""

    receipt = models.OneToOneField(
        PaymentReceipt, on_delete=models.PROTECT, related_name="closing", db_constraint=False
    )
    why = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    request_id = RequestId(db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"closing of {self.receipt_id}"
