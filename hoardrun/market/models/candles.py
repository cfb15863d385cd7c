"""Candles, and the times for which they are missing. `hoardrun.market.candles` writes both."""

from __future__ import annotations

from django.db import models

from hoardrun.market.columns import Scaled
from hoardrun.market.models.instruments import Instrument
from hoardrun.market.models.sources import MAX_REASON, MAX_SOURCE


class Candle(models.Model):
    """A candle of an instrument; a span without a price has none.

    Prices are whole numbers of the instrument's smallest step, `volume` of VOLUME_EXPONENT: see
    `scaled`. `bucket` is the beginning of the span, for a day its date as midnight in UTC. On
    PostgreSQL the table is partitioned: see `candles.partitions`.
    """

    SCALED = (Scaled(("open", "high", "low", "close")),)

    pk = models.CompositePrimaryKey("instrument_id", "minutes", "bucket")
    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="candles", db_index=False
    )
    minutes = models.PositiveSmallIntegerField(help_text="1440 is a day of the venue.")
    bucket = models.DateTimeField()
    open = models.BigIntegerField()
    high = models.BigIntegerField()
    low = models.BigIntegerField()
    close = models.BigIntegerField()
    volume = models.BigIntegerField(null=True)
    trades = models.IntegerField(null=True)
    is_closed = models.BooleanField()
    is_indicative = models.BooleanField(help_text="Of quoted prices: no trade is known.")
    revision = models.IntegerField(default=0, help_text="Changes since it was first closed.")
    source = models.CharField(max_length=MAX_SOURCE)
    epoch = models.BigIntegerField(default=0, help_text="Of the leader that wrote it.")

    class Meta:
        indexes = [models.Index(fields=["minutes", "bucket"], name="candle_by_age")]

    def __str__(self) -> str:
        return f"{self.minutes} minutes of instrument {self.instrument_id} at {self.bucket}"


class CandleHole(models.Model):
    """A time for which candles may be missing or wrong, until a source's history has filled it."""

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="candle_holes"
    )
    minutes = models.PositiveSmallIntegerField(help_text="Of the candles.")
    since = models.DateTimeField()
    until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(help_text="When the history is asked next.")
    is_left = models.BooleanField(default=False, help_text="No source has it: it stays.")
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="")

    class Meta:
        ordering = ["instrument", "minutes", "since"]
        indexes = [
            models.Index(
                fields=["next_at"], condition=models.Q(is_left=False), name="candle_hole_due"
            )
        ]

    def __str__(self) -> str:
        return f"hole of instrument {self.instrument_id} since {self.since}"
