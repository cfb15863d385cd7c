"""Instruments and their newest quotes. Staff edit instruments; `services` writes quotes."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

MAX_DECIMALS = 6
# SQLite keeps decimals as 64-bit floats, which hold 15 digits exactly.
MAX_DIGITS = 15
MAX_SYMBOL_LENGTH = 20
SYMBOL_PATTERN = r"^[A-Z0-9][A-Z0-9.\-]*\Z"


class Instrument(models.Model):
    """Something with a price. Clear `is_active` to take it out of the market; do not delete it."""

    class Type(models.TextChoices):
        STOCK = "stock"
        FOREX = "forex"
        CRYPTO = "crypto"
        COMMODITY = "commodity"
        INDEX = "index"

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"
        PRE_MARKET = "pre_market"
        AFTER_HOURS = "after_hours"
        HOLIDAY = "holiday"

    symbol = models.CharField(
        max_length=MAX_SYMBOL_LENGTH,
        unique=True,
        # A colon would make the name of its room ambiguous; lower case names types.
        validators=[
            RegexValidator(
                SYMBOL_PATTERN,
                "Use capital letters, digits, points and hyphens, such as BTC-USD.",
            )
        ],
    )
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Type)
    currency = models.CharField(
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}\Z", "Use three capital letters, such as USD.")],
        help_text="What the price is in.",
    )
    decimals = models.PositiveSmallIntegerField(
        default=2, validators=[MaxValueValidator(MAX_DECIMALS)], help_text="Of the price."
    )
    status = models.CharField(max_length=11, choices=Status, default=Status.OPEN)
    is_active = models.BooleanField(default=True, help_text="Inactive ones are not shown.")

    class Meta:
        ordering = ["symbol"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decimals__lte=MAX_DECIMALS), name="instrument_decimals_fit"
            ),
            models.CheckConstraint(
                condition=~models.Q(symbol__contains=":"), name="instrument_symbol_without_colon"
            ),
        ]

    def __str__(self) -> str:
        return self.symbol


class Quote(models.Model):
    """The newest quote of an instrument; earlier ones are not kept."""

    instrument = models.OneToOneField(
        Instrument, on_delete=models.CASCADE, primary_key=True, related_name="quote"
    )
    price = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)
    open = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)
    high = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)
    low = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)
    previous_close = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)
    change = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)
    change_percent = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)
    volume = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=4)
    market_cap = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=0, null=True, blank=True)
    quoted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.instrument_id} at {self.price}"
