"""Where prices come from, under which symbols, and which process leads each source."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.validators import MaxValueValidator
from django.db import models

from hoardrun.market.models.instruments import Instrument
from hoardrun.market.scaled import MAX_EXPONENT

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
MAX_REASON = 200
MAX_SOURCE = 16


class SourceSymbol(models.Model):
    """The name of an instrument at a source. The source is asked for it while `is_enabled`."""

    class Role(models.TextChoices):
        PRIMARY = "primary"
        BACKUP = "backup"

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="source_symbols"
    )
    source = models.CharField(max_length=MAX_SOURCE, help_text="Such as kraken.")
    venue_symbol = models.CharField(max_length=40, help_text="Such as BTC/USD.")
    rest_symbol = models.CharField(
        max_length=40, blank=True, default="", help_text="The same in the source's HTTP API."
    )
    role = models.CharField(max_length=7, choices=Role, default=Role.PRIMARY)
    exponent = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_EXPONENT)],
        help_text="Decimals of the source's prices, if it says so.",
    )
    is_enabled = models.BooleanField(default=True)
    reason = models.CharField(
        max_length=MAX_REASON, blank=True, default="", help_text="Why it is not enabled."
    )

    class Meta:
        ordering = ["source", "venue_symbol"]
        constraints = [
            models.UniqueConstraint(fields=["source", "venue_symbol"], name="source_symbol_once"),
            models.UniqueConstraint(fields=["instrument", "source"], name="source_instrument_once"),
        ]

    def __str__(self) -> str:
        return f"{self.venue_symbol} of {self.source}"


class Source(models.Model):
    """How a source fares, as its leader last wrote it. Staff stop it by `is_stopped`."""

    name = models.CharField(max_length=MAX_SOURCE, primary_key=True)
    state = models.CharField(max_length=16, blank=True, default="")
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="")
    since = models.DateTimeField(null=True, blank=True, help_text="Of the state.")
    last_price_at = models.DateTimeField(null=True, blank=True)
    lag_ms = models.IntegerField(
        null=True, blank=True, help_text="Between a price's time and its arrival."
    )
    quarantined = models.BigIntegerField(default=0, help_text="Prices that were not believed.")
    odd = models.BigIntegerField(default=0, help_text="Frames that could not be read.")
    reconnects = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0, help_text="Symbols that it does not have.")
    is_stopped = models.BooleanField(default=False, help_text="By staff: nobody connects to it.")
    licence = models.CharField(
        max_length=MAX_REASON,
        blank=True,
        default="",
        help_text="Who has allowed what to be done with its prices.",
    )
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Lease(models.Model):
    """Who leads, until when by the database's time. `hoardrun.market.lease` alone writes it."""

    name = models.CharField(max_length=32, primary_key=True)
    holder = models.CharField(max_length=64, blank=True, default="")
    epoch = models.BigIntegerField(default=0, help_text="One more with each leader.")
    acquired_at = models.DateTimeField(default=NEVER)
    expires_at = models.DateTimeField(default=NEVER)

    class Meta:
        ordering = ["name"]
        constraints = [
            # With `epoch` in a unique index, PostgreSQL takes its change for one of a key. So a
            # transaction that holds FOR KEY SHARE keeps others from leading, and lets the leader
            # renew.
            models.UniqueConstraint(fields=["name", "epoch"], name="lease_epoch_once"),
        ]

    def __str__(self) -> str:
        return self.name
