"""Instruments and their newest quotes. Staff edit instruments; `services` writes quotes."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from hoardrun.market.columns import Scaled
from hoardrun.market.engine.prices import Feed
from hoardrun.market.scaled import MAX_EXPONENT

MAX_DECIMALS = MAX_EXPONENT
# SQLite keeps decimals as 64-bit floats, which hold 15 digits exactly.
_MAX_DIGITS = 15
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
        HALTED = "halted"

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
        default=2,
        validators=[MaxValueValidator(MAX_DECIMALS)],
        help_text="Of the price. `manage.py market_rescale` changes it once there are prices.",
    )
    base = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="The unit that is priced, such as BTC; empty for shares.",
    )
    venue_code = models.CharField(
        max_length=12,
        blank=True,
        default="",
        db_default="",
        help_text="Whose trading sessions hold, such as XNYS; empty if it trades around the clock.",
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
    """The newest quote of an instrument; earlier ones are not kept.

    Prices are whole numbers of the instrument's smallest step, `volume` of VOLUME_EXPONENT: see
    `scaled`. What a source does not say is null, and so is a volume that is too large.
    """

    class Window(models.TextChoices):
        ROLLING_24H = "rolling_24h"
        SESSION = "session"

    SCALED = (Scaled(("price", "open", "high", "low", "previous_close", "change")),)

    instrument = models.OneToOneField(
        Instrument, on_delete=models.CASCADE, primary_key=True, related_name="quote"
    )
    price = models.BigIntegerField()
    open = models.BigIntegerField(null=True, blank=True)
    high = models.BigIntegerField(null=True, blank=True)
    low = models.BigIntegerField(null=True, blank=True)
    previous_close = models.BigIntegerField(null=True, blank=True)
    change = models.BigIntegerField(null=True, blank=True)
    change_percent = models.DecimalField(
        max_digits=_MAX_DIGITS, decimal_places=2, null=True, blank=True
    )
    volume = models.BigIntegerField(null=True, blank=True)
    market_cap = models.DecimalField(
        max_digits=_MAX_DIGITS, decimal_places=0, null=True, blank=True
    )
    source = models.CharField(max_length=16, blank=True)
    feed = models.CharField(max_length=7, choices=[(each.value, each.value) for each in Feed])
    window = models.CharField(max_length=11, choices=Window)
    as_of = models.DateTimeField(help_text="The source's time.")
    epoch = models.BigIntegerField(default=0, help_text="Of the source's leader that wrote it.")

    class Meta:
        # A table of its own: nodes of the release before go on with `market_quote`.
        db_table = "market_last_quote"

    def __str__(self) -> str:
        return f"quote of instrument {self.instrument_id}"
