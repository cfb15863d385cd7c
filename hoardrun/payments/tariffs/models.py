"""The rows of tariffs and limits. `services` adds and ends them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hoardrun.ledger.money import DECIMAL_PLACES, SIGNIFICANT
from hoardrun.payments.choices import Kind
from hoardrun.payments.fees import Band
from hoardrun.payments.limits import Limit
from hoardrun.payments.tiers.choices import Tier

_LASTS = Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from"))


class Payer(models.TextChoices):
    """Who pays a fee."""

    US = "us", "We do"
    CUSTOMER = "customer", "The customer"


class TariffRow(models.Model):
    """What tariffs and limits have in common: what they are about, and when they hold."""

    provider = models.CharField(max_length=16)
    kind = models.CharField(max_length=8, choices=Kind)
    currency = models.CharField(max_length=3)
    valid_from = models.DateField(help_text="The first day on which it holds, in East Africa.")
    valid_to = models.DateField(
        null=True, blank=True, help_text="The first day on which it no longer holds."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    ABOUT: ClassVar[tuple[str, ...]] = ("provider", "kind", "currency", "valid_from", "valid_to")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.currency} from {self.valid_from}"


class ProviderFee(TariffRow):
    """What a provider charges for amounts from one to another, both included."""

    least = models.DecimalField(max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES)
    most = models.DecimalField(max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES)
    fixed = models.DecimalField(max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES, default=0)
    percent = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    payer = models.CharField(max_length=8, choices=Payer, default=Payer.US)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "currency", "valid_from", "least"],
                name="fee_band_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="fee_kind_known"),
            models.CheckConstraint(condition=_LASTS, name="fee_lasts_a_day"),
            models.CheckConstraint(
                condition=Q(least__gte=0, most__gte=F("least")), name="fee_has_amounts"
            ),
            models.CheckConstraint(
                condition=Q(fixed__gte=0, percent__gte=0), name="fee_not_below_zero"
            ),
        ]

    def band(self) -> Band:
        """Return the row as `fees` reads it."""
        return Band(
            **{name: getattr(self, name) for name in self.ABOUT},
            least=self.least,
            most=self.most,
            fixed=self.fixed,
            percent=self.percent,
            payer="customer" if self.payer == Payer.CUSTOMER else "us",
        )


class ProviderLimit(TariffRow):
    """How much may be paid at once and in a day. What it leaves open is empty."""

    tier = models.CharField(
        max_length=16,
        choices=Tier,
        blank=True,
        help_text="Of customers who have proven this much; empty: of all.",
    )
    least = models.DecimalField(
        max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES, null=True, blank=True
    )
    most = models.DecimalField(
        max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES, null=True, blank=True
    )
    per_day = models.DecimalField(
        max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES, null=True, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "currency", "valid_from", "tier"], name="limit_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="limit_kind_known"),
            models.CheckConstraint(condition=_LASTS, name="limit_lasts_a_day"),
            models.CheckConstraint(
                condition=Q(least__isnull=False) | Q(most__isnull=False) | Q(per_day__isnull=False),
                name="limit_limits",
            ),
        ]

    def limit(self) -> Limit:
        """Return the row as `limits` reads it."""
        return Limit(
            **{name: getattr(self, name) for name in self.ABOUT},
            tier=self.tier,
            least=self.least,
            most=self.most,
            per_day=self.per_day,
        )
