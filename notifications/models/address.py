"""Addresses of users outside the app, and suppressions of addresses."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.choices import AddressState, OutsideChannel


class Address(models.Model):
    """One e-mail address, phone number or push subscription of a user. It has one owner.

    `value` is the address, the E.164 number, the endpoint of web push, or the token of FCM or
    APNs; `hash` is what it is looked up by. `touched_at` is when its owner last registered it: an
    answer to an older attempt does not remove it. `removed_at` is when its owner gave up one that
    was proven: its text stays for a while, for a notice about that.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="addresses",
    )
    channel = models.CharField(max_length=10, choices=OutsideChannel)
    service = models.CharField(
        max_length=10, blank=True, default="", help_text="Of push: web, fcm or apns."
    )
    value = models.CharField(max_length=1000)
    hash = models.CharField(max_length=64)
    keys = models.JSONField(
        null=True, blank=True, help_text="Of web push: the subscription's keys, and ours."
    )
    device = models.CharField(max_length=64, blank=True, default="")
    locale = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=10, choices=AddressState, default=AddressState.UNVERIFIED)
    code_hash = models.CharField(max_length=64, blank=True, default="")
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    codes_from = models.DateTimeField(
        null=True, blank=True, help_text="Since when `codes_sent` counts."
    )
    codes_sent = models.PositiveSmallIntegerField(default=0, db_default=0)
    replaces = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,  # both are one user's, and go together
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        help_text="The one that is removed once this one is verified.",
    )
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "addresses"
        permissions = [("view_address_value", "Can view whole addresses")]
        indexes = [
            models.Index(fields=["user", "channel"], name="address_of_user"),
            # Codes to one address are counted over all who claim it.
            models.Index(fields=["channel", "hash"], name="address_by_hash"),
            models.Index(fields=["state", "-id"], name="address_in_state"),
            # What is removed keeps its text for a while, for a last notice.
            models.Index(
                fields=["removed_at"],
                condition=Q(state=AddressState.REMOVED.value) & ~Q(value=""),
                name="address_leaving",
            ),
        ]
        constraints = [
            # Anybody may claim an address; one person at a time has proven it.
            models.UniqueConstraint(
                fields=["channel", "hash"],
                condition=Q(state=AddressState.VERIFIED.value),
                name="address_one_owner",
            ),
            models.UniqueConstraint(
                fields=["user", "channel", "hash"],
                condition=~Q(state=AddressState.REMOVED.value),
                name="address_once_per_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"


class Suppression(models.Model):
    """A suppressed address: nothing is sent there, for any user. It outlives its user.

    `scope` is empty for everything, else the category that it holds for.
    """

    channel = models.CharField(max_length=10, choices=OutsideChannel)
    hash = models.CharField(max_length=64)
    scope = models.CharField(max_length=30, blank=True, default="")
    reason = models.CharField(max_length=32)
    source = models.CharField(max_length=100, blank=True, default="")
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: for ever.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "hash", "scope"], name="suppression_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}: {self.reason}"
