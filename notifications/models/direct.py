"""SMS that are no delivery: a code, or the answer to somebody who writes STOP."""

from __future__ import annotations

from django.db import models


class DirectSms(models.Model):
    """One such SMS, as the limits of countries and money count it; kept for two days.

    It says neither who got it nor what it said.
    """

    country = models.CharField(max_length=2)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "direct SMS"
        verbose_name_plural = "direct SMS"
        indexes = [models.Index(fields=["created_at"], name="direct_sms_newest")]

    def __str__(self) -> str:
        return f"SMS to {self.country}"
