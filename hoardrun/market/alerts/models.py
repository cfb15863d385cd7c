"""The alerts of users, and how far the engine has judged prices for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.market.alerts.choices import AlertKind, AlertMode, AlertState, Metric, Window
from hoardrun.market.alerts.choices import metric_of as _metric_of
from hoardrun.market.columns import Scaled

NOTE_LENGTH = 140
WATCHED = (AlertState.ARMED.value, AlertState.WAITING_REARM.value)
ACTIVE = (AlertState.PENDING.value, *WATCHED)


class PriceAlert(models.Model):
    """A number of an instrument that a user waits for, once or repeatedly.

    `threshold` and `hysteresis` are whole steps of what the alert watches. An alert that is armed
    was on the other side of its threshold at `armed_price`, which was the price at `armed_as_of`,
    by the venue's clock. One that is pending with that time has fired, and is to wait for its way
    back.
    """

    SCALED = (
        Scaled(("armed_price",)),
        Scaled(
            ("threshold", "hysteresis"),
            Q(kind__in=[kind.value for kind in AlertKind if kind.is_price]),
        ),
    )

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # an index below begins with it
    )
    instrument = models.ForeignKey("market.Instrument", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=AlertKind)
    window = models.CharField(
        max_length=7, choices=Window, blank=True, default="", help_text="Of a change."
    )
    threshold = models.BigIntegerField()
    mode = models.CharField(max_length=6, choices=AlertMode, default=AlertMode.ONCE)
    hysteresis = models.BigIntegerField(null=True, blank=True)
    cooldown_seconds = models.PositiveIntegerField()
    note = models.CharField(max_length=NOTE_LENGTH, blank=True, default="")
    is_urgent = models.BooleanField(default=False, help_text="Also in quiet hours.")
    expires_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=13, choices=AlertState, default=AlertState.PENDING)
    armed_price = models.BigIntegerField(null=True, blank=True)
    armed_as_of = models.DateTimeField(null=True, blank=True)
    fire_count = models.PositiveIntegerField(default=0)
    last_fired_at = models.DateTimeField(null=True, blank=True)
    last_fired_as_of = models.DateTimeField(null=True, blank=True, help_text="The venue's time.")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "id"], name="price_alert_of_user"),
            # The engine asks for these all the time; few rows wait.
            models.Index(
                fields=["id"],
                condition=Q(state=AlertState.PENDING.value),
                name="price_alert_pending",
            ),
            models.Index(fields=["id"], condition=Q(state__in=WATCHED), name="price_alert_watched"),
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=ACTIVE, expires_at__isnull=False),
                name="price_alert_expiring",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AlertState.values), name="price_alert_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=WATCHED) | Q(armed_as_of__isnull=False),
                name="price_alert_armed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"price alert #{self.pk}"

    @property
    def metric(self) -> Metric:
        return _metric_of(self.kind, self.window)

    @property
    def is_repeated(self) -> bool:
        return self.mode == AlertMode.REPEAT

    @property
    def is_above(self) -> bool:
        return AlertKind(self.kind).is_above

    @property
    def waits_for_way_back(self) -> bool:
        """Say whether it has fired, and waits to be armed again, or is to."""
        is_to = self.state == AlertState.PENDING and self.armed_as_of is not None
        return is_to or self.state == AlertState.WAITING_REARM


class AlertCursor(models.Model):
    """Up to which price of an instrument all alerts have been judged, by the engine's leader.

    Its successor asks the source for what came after it.
    """

    SCALED = (Scaled(("price",)),)

    instrument = models.OneToOneField(
        "market.Instrument", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    price = models.BigIntegerField()
    at = models.DateTimeField(help_text="The venue's time.")
    source = models.CharField(max_length=16)
    epoch = models.BigIntegerField(help_text="Of the engine's lease.")

    def __str__(self) -> str:
        return f"cursor of instrument {self.instrument_id}"
