"""Lifts of suppressions: requests of staff with their reasons and decisions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from notifications.choices import LiftState, OutsideChannel
from realtime.audit import RequestId

COMPLAINED = "complained"  # the reason that takes a second person


class SuppressionLift(models.Model):
    """A request to lift a suppression, and the decision on it. It outlives the suppression.

    After a complaint it waits until somebody else decides, which a database constraint holds; any
    other is decided by who asked. `suppressed_at` says which suppression is meant: a newer one of
    the same address is another.
    """

    channel = models.CharField(max_length=10, choices=OutsideChannel)
    hash = models.CharField(max_length=64)
    scope = models.CharField(max_length=30, blank=True, default="")
    reason = models.CharField(max_length=32, help_text="Of the suppression.")
    source = models.CharField(max_length=100, blank=True, default="")
    suppressed_at = models.DateTimeField()
    why = models.CharField(max_length=200, help_text="Why it is lifted.")
    state = models.CharField(max_length=10, choices=LiftState, default=LiftState.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    asked_at = models.DateTimeField()
    request_id = RequestId(db_default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_request_id = RequestId(db_default="", default="")

    class Meta:
        permissions = [
            ("lift_suppression", "Can lift suppressions, or ask for it after a complaint"),
            ("decide_suppressionlift", "Can decide on lifts that others ask for"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "hash", "scope"],
                condition=Q(state=LiftState.WAITING.value),
                name="suppression_lift_one_waits",
            ),
            models.CheckConstraint(
                condition=Q(state=LiftState.WAITING.value, decided_by__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="suppression_lift_is_decided",
            ),
            models.CheckConstraint(
                condition=~Q(reason=COMPLAINED)
                | Q(decided_by__isnull=True)
                | Q(state=LiftState.REJECTED.value)
                | ~Q(decided_by=F("asked_by")),
                name="suppression_lift_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"lift #{self.pk} of {self.channel}: {self.state}"
