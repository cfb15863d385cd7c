"""Deliveries: one message to one address, the calls made for it, and what was heard later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from notifications.choices import DeliveryState, OutsideChannel
from notifications.models.address import Address
from notifications.models.announcement import Announcement
from notifications.models.digest import Digest
from notifications.models.notification import Notification
from realtime.append_only import AppendOnly


def _of(model: type[models.Model]) -> Any:
    """Refer to what a delivery carries. The number stays when the row goes: it is the proof."""
    return models.ForeignKey(
        model,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="deliveries",
    )


class Delivery(models.Model):
    """One message to one address; it is the job that a worker claims, and the proof afterwards.

    Made of a notification, a digest or an emergency announcement. A claim sets `sending`, adds 1
    to `lease` and commits before the call: each later write compares `lease`. What providers and
    devices say is kept as times, in any order: `state` is derived from them. One that was decided
    against has an empty address, a reason and the rule that decided.
    """

    FACTS: ClassVar[tuple[str, ...]] = (
        "accepted_at", "delivered_at", "failed_at", "bounced_at", "complained_at",
        "displayed_at", "clicked_at", "dismissed_at",
    )  # fmt: skip

    notification = _of(Notification)
    digest = _of(Digest)
    announcement = _of(Announcement)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    kind = models.CharField(max_length=50)
    category = models.CharField(max_length=30)
    channel = models.CharField(max_length=10, choices=OutsideChannel)
    address = models.ForeignKey(
        Address,
        on_delete=models.SET_NULL,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    address_hash = models.CharField(max_length=64, blank=True, default="")
    rung = models.PositiveSmallIntegerField(default=0)
    resend = models.PositiveSmallIntegerField(
        default=0, help_text="0, or which repetition it is that somebody decided."
    )
    required = models.BooleanField(default=False)

    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
    reason = models.CharField(max_length=64, blank=True, default="")
    decided_by = models.CharField(max_length=32, help_text="The rule that decided.")
    evidence = models.JSONField(null=True, blank=True)
    policy_version = models.CharField(max_length=16)
    preference_version = models.PositiveIntegerField(default=0)
    template_version = models.CharField(max_length=16, blank=True, default="")
    locale = models.CharField(max_length=20, blank=True, default="")
    context = models.JSONField(null=True, blank=True)
    priority = models.SmallIntegerField(default=0, help_text="Higher ones are sent first.")
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()

    lease = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=64, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    provider = models.CharField(max_length=32, blank=True, default="")
    provider_id = models.CharField(  # noqa: DJ001 unique only where given
        max_length=200, null=True, blank=True
    )
    possible_duplicate = models.BooleanField(default=False)
    late = models.BooleanField(default=False, help_text="Sent although its user was reached.")
    segments = models.PositiveSmallIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True, default="")

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    displayed_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = [("view_texts", "Can view the texts of notifications")]
        indexes = [
            models.Index("user", F("id").desc(), name="delivery_newest"),
            # Caps count what has left to a user lately.
            models.Index(fields=["user", "created_at"], name="delivery_lately"),
            models.Index(
                F("channel"), F("priority").desc(), F("not_before"),
                condition=Q(state=DeliveryState.QUEUED.value), name="delivery_queued",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(state=DeliveryState.SENDING.value),
                name="delivery_sending",
            ),
            models.Index(
                fields=["channel", "not_before"],
                condition=Q(state=DeliveryState.UNKNOWN.value),
                name="delivery_unknown",
            ),
            # Caps count what went out to an address.
            models.Index(fields=["address_hash", "-created_at"], name="delivery_to_address"),
            # The cost of an hour.
            models.Index(
                fields=["accepted_at"], condition=Q(cost__isnull=False), name="delivery_cost"
            ),
            # What staff look for among millions.
            models.Index(fields=["-id"], condition=Q(state=DeliveryState.QUEUED.value),
                         name="delivery_waiting"),
            models.Index(fields=["channel", "created_at"], condition=Q(late=True),
                         name="delivery_late"),
            models.Index(fields=["-id"], condition=Q(state=DeliveryState.FAILED.value),
                         name="delivery_failed"),
            models.Index(fields=["-id"], condition=Q(state=DeliveryState.BOUNCED.value),
                         name="delivery_bounced"),
            models.Index(fields=["-id"], condition=Q(state=DeliveryState.UNRESOLVED.value),
                         name="delivery_unresolved"),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel", "address_hash", "rung", "resend"],
                name="delivery_of_notification_once",
                condition=Q(notification__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["digest", "channel", "address_hash"],
                name="delivery_of_digest_once",
                condition=Q(digest__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["announcement", "channel", "address_hash"],
                name="delivery_of_announcement_once",
                condition=Q(announcement__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_id"], name="delivery_provider_id_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="delivery_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"delivery #{self.pk} by {self.channel}"


PROOF_DAYS = 548  # 18 months, within which no setting lets a proof go


class Attempt(AppendOnly):
    """The end of one call of a provider. Its intent was the claim that `lease` numbers."""

    KEPT_FOR = timedelta(days=PROOF_DAYS)

    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, db_constraint=False, related_name="calls"
    )
    lease = models.PositiveIntegerField()
    provider = models.CharField(max_length=32)
    worker = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=100, blank=True, default="")
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["delivery", "lease"], name="attempt_once_per_lease")
        ]

    def __str__(self) -> str:
        return f"{self.lease} of delivery #{self.delivery_id}: {self.outcome}"


class Receipt(models.Model):
    """News of a delivery from a provider or a device; unmatched until the delivery is known."""

    provider = models.CharField(max_length=32)
    event_key = models.CharField(max_length=200)
    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="receipts",
    )
    provider_id = models.CharField(max_length=200, blank=True, default="")
    address_hash = models.CharField(
        max_length=64, blank=True, default="", db_default="",
        help_text="Whom it speaks of, if it says so.",
    )  # fmt: skip
    fact = models.CharField(max_length=20)
    code = models.CharField(max_length=100, blank=True, default="")
    happened_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["provider", "provider_id"],
                condition=Q(delivery__isnull=True),
                name="receipt_unmatched",
            ),
            # A report of an SMS whose id we never learned is found by its number.
            models.Index(
                fields=["address_hash"],
                condition=Q(delivery__isnull=True) & ~Q(address_hash=""),
                name="receipt_of_number",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_key"], name="receipt_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.fact}"
