"""The payees of customers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.payments.payees.choices import MAX_NAME, NameVerdict


class Payee(models.Model):
    """A wallet that a customer pays to, under the name that the customer gave it.

    The name that its provider has is not kept, but how alike the two are, and what the customer was
    shown of it and has confirmed.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,  # the unique constraint has one
    )
    provider = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    msisdn = models.CharField(max_length=20, help_text="In E.164.")
    name = models.CharField(max_length=100)
    verdict = models.CharField(max_length=8, choices=NameVerdict)
    checked_at = models.DateTimeField(help_text="When the provider was asked.")
    confirmed_at = models.DateTimeField(
        null=True, help_text="When the customer confirmed the name, or it was the same."
    )
    confirmed_name = models.CharField(
        max_length=MAX_NAME,
        blank=True,
        db_default="",
        default="",
        help_text="The provider's name as it was shown, once that is confirmed.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "provider", "msisdn", "currency"], name="payee_once"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=NameVerdict.values), name="payee_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"payee #{self.pk}"
