"""Decisions of staff on how much is proven of a customer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.payments.tiers.choices import Tier
from realtime.append_only import AppendOnly
from realtime.audit import RequestId

DECIDED = (Tier.IDENTIFIED, Tier.NEW)  # the one between follows from the proven phones


class TierDecision(AppendOnly):
    """One decision; the newest one of a customer holds.

    It says that staff has seen an identity document, or that this no longer counts.
    """

    ERASABLE = ("why",)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    tier = models.CharField(max_length=16, choices=[(each.value, each.label) for each in DECIDED])
    why = models.CharField(
        max_length=200, blank=True, help_text="What was seen, without its number or a copy."
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    request_id = RequestId(db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=DECIDED), name="tier_known"),
            models.CheckConstraint(
                condition=~Q(user=models.F("decided_by")), name="tier_by_another_person"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.user_id} {self.tier}"
