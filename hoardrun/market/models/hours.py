"""When venues trade. Staff edit the tables; `hoardrun.market.hours` reads them."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

MIDNIGHT = time(0)


def check_timezone(name: str) -> None:
    """Raise ValidationError for a name that is no time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValidationError(
            f"{name} is no time zone; write one such as Africa/Nairobi."
        ) from error


class TradingSession(models.Model):
    """A part of a weekday in which a venue trades, in its own time.

    Of the rows of a venue and weekday, those with the newest `valid_from` that has come hold.
    """

    class Kind(models.TextChoices):
        REGULAR = "regular"
        PRE_MARKET = "pre_market"
        AFTER_HOURS = "after_hours"

    class Weekday(models.IntegerChoices):
        MONDAY = 0
        TUESDAY = 1
        WEDNESDAY = 2
        THURSDAY = 3
        FRIDAY = 4
        SATURDAY = 5
        SUNDAY = 6

    venue = models.CharField(max_length=12, help_text="Such as XNYS.")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.REGULAR)
    opens = models.TimeField()
    closes = models.TimeField(help_text="00:00 is the end of the day.")
    timezone = models.CharField(
        max_length=40, validators=[check_timezone], help_text="Such as Africa/Nairobi."
    )
    valid_from = models.DateField()

    class Meta:
        ordering = ["venue", "weekday", "-valid_from", "opens"]
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "weekday", "valid_from", "opens"], name="trading_session_once"
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")) | Q(closes=MIDNIGHT),
                name="trading_session_ends_after_it_begins",
                violation_error_message="A session ends after it begins; 00:00 ends the day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.venue} {self.get_weekday_display()} {self.opens:%H:%M}"


class Holiday(models.Model):
    """A day on which a venue does not trade, or only from `opens` to `closes`."""

    venue = models.CharField(max_length=12, help_text="Such as XNYS.")
    day = models.DateField()
    name = models.CharField(max_length=80)
    opens = models.TimeField(null=True, blank=True, help_text="Of a short day; else empty.")
    closes = models.TimeField(null=True, blank=True, help_text="Of a short day; else empty.")

    class Meta:
        ordering = ["venue", "day"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "day"], name="holiday_once"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__isnull=False, closes__gt=F("opens")),
                name="holiday_short_day_is_whole",
                violation_error_message="A short day needs both times, the later one last.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.venue}"
