"""The choices of users: preferences with their history, and consent to marketing."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from realtime.append_only import AppendOnly
from realtime.audit import RequestId


class Preference(models.Model):
    """The choices of one user; without a row, the defaults of the kinds hold.

    `cells` maps `kind:<kind>`, `category:<category>` or `all` to switches by channel, such as
    {"category:savings": {"push": false}}; what is not there is not chosen. `quiet` is a list of
    {"days": 127, "start": "22:00", "end": "07:00"}, in local time of `zone`; bit 0 of `days` is
    Monday. `digests` maps a category to `daily` or `weekly`. Each save adds 1 to `version`.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_constraint=False,
        primary_key=True,
        related_name="notification_preference",
    )
    version = models.PositiveIntegerField(default=0)
    cells = models.JSONField(default=dict)
    quiet = models.JSONField(default=list)
    digests = models.JSONField(default=dict)
    zone = models.CharField(max_length=64, blank=True, default="")
    locale = models.CharField(max_length=20, blank=True, default="")
    muted_until = models.DateTimeField(null=True, blank=True)
    hide_amounts = models.BooleanField(null=True, blank=True, help_text="On the lock screen.")
    sms_above = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True,
        help_text="Debits from this amount on always go by SMS as well.",
    )  # fmt: skip
    sms_above_currency = models.CharField(max_length=3, blank=True, default="")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of user {self.user_id}, version {self.version}"


class PreferenceChange(AppendOnly):
    """A record of one change of preferences: author, source, and the values before and after."""

    ERASABLE = ("address",)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    version = models.PositiveIntegerField()
    actor = models.CharField(max_length=100)
    source = models.CharField(max_length=32, help_text="By which door it came.")
    address = models.CharField(max_length=64, blank=True, default="")
    request_id = RequestId(db_default="")
    old = models.JSONField()
    new = models.JSONField()
    created_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        indexes = [models.Index(fields=["user", "-id"], name="preference_change_newest")]

    def __str__(self) -> str:
        return f"of user {self.user_id}, version {self.version}"


class Consent(AppendOnly):
    """A record that a user gave or ended a consent to optional messages by a channel.

    The newest of a channel and category counts. `wording` is the sentence that the user was shown.
    """

    ERASABLE = ("address",)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    channel = models.CharField(max_length=10)
    category = models.CharField(max_length=30)
    granted = models.BooleanField()
    wording = models.TextField()
    actor = models.CharField(max_length=100)
    source = models.CharField(max_length=32)
    address = models.CharField(max_length=64, blank=True, default="")
    request_id = RequestId(db_default="")
    created_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["user", "channel", "category", "-id"], name="consent_newest")
        ]

    def __str__(self) -> str:
        return f"of user {self.user_id}: {self.category} by {self.channel}"
