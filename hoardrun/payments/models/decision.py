"""What staff decide about payments, two persons each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.payments.choices import DecisionState, StaffAction
from hoardrun.payments.models.payment import ProviderPayment
from realtime.audit import RequestId


class StaffDecision(models.Model):
    """An action of staff on a payment: one person asks for it, another one decides."""

    payment = models.ForeignKey(ProviderPayment, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=8, choices=StaffAction)
    minor = models.BigIntegerField(null=True)  # of `accept` and `refund`: what came
    why = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=DecisionState, default=DecisionState.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    asked_at = models.DateTimeField(db_default=Now())
    request_id = RequestId(db_default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    decided_at = models.DateTimeField(null=True)
    decided_request_id = RequestId(db_default="", default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state=DecisionState.ASKED),
                name="staff_decision_one_open",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("asked_by")),
                name="staff_decision_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.payment_id}"
