"""The balances of our accounts at providers."""

from __future__ import annotations

from django.db import models

from hoardrun.payments.choices import Kind


class ProviderBalance(models.Model):
    """What an account of ours at a provider held when it was last told."""

    provider = models.CharField(max_length=16)
    kind = models.CharField(max_length=8, choices=Kind)  # of the payments that it is for
    currency = models.CharField(max_length=3)
    minor = models.BigIntegerField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "currency"], name="provider_balance_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.currency}"
