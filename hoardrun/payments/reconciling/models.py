"""Files of providers, their lines, and what each line was found to be."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hoardrun.ledger.money import DECIMAL_PLACES, SIGNIFICANT, amount_human
from hoardrun.payments.reconciling.choices import FINDINGS, MatchedBy, MatchKind
from realtime.append_only import AppendOnly
from realtime.audit import RequestId

OPEN = Q(what__in=FINDINGS, closed_at__isnull=True)


class StatementFile(AppendOnly):
    """One file that was imported. Its bytes are not kept: its lines are."""

    provider = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="In bytes.")
    first_at = models.DateTimeField(null=True, help_text="The time of the earliest line.")
    last_at = models.DateTimeField(null=True, help_text="The time of the latest line.")
    lines = models.BigIntegerField(help_text="Lines that no file before had.")
    known = models.BigIntegerField(help_text="Lines that a file before had, too.")
    request_id = RequestId(db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["provider", "sha256"], name="statement_file_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.name}"


class StatementLine(AppendOnly):
    """One movement, as a provider wrote it. The same line of another file is not stored again."""

    ERASABLE = ("details", "party")

    # Names of people and their phones may stand in `details` and `party`.
    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="rows")
    provider = models.CharField(max_length=16)
    row = models.BigIntegerField(help_text="Of the file, from 1.")
    kind = models.CharField(max_length=16)
    receipt = models.CharField(max_length=100)
    goes_out = models.BooleanField()
    at = models.DateTimeField()
    amount = models.DecimalField(
        max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES, help_text="Below zero, it went out."
    )
    currency = models.CharField(max_length=3)
    details = models.CharField(max_length=500, blank=True)
    party = models.CharField(max_length=200, blank=True)
    linked = models.CharField(max_length=100, blank=True, help_text="The receipt it reverses.")
    balance = models.DecimalField(max_digits=SIGNIFICANT, decimal_places=DECIMAL_PLACES, null=True)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "receipt", "goes_out", "kind"], name="statement_line_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.receipt} {self.kind}"


class Match(models.Model):
    """The finding about a line, or about a payment without one. It is open until closed."""

    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="matches")
    line = models.OneToOneField(
        StatementLine, on_delete=models.PROTECT, null=True, related_name="match"
    )
    payment = models.ForeignKey(
        "payments.ProviderPayment", on_delete=models.PROTECT, null=True, related_name="matches"
    )
    what = models.CharField(max_length=16, choices=MatchKind)
    by = models.CharField(max_length=16, choices=MatchedBy, blank=True)
    row = models.BigIntegerField(null=True, help_text="Of the file, from 1.")
    column = models.CharField(max_length=20, blank=True, help_text="That could not be read.")
    amount = models.DecimalField(
        max_digits=SIGNIFICANT,
        decimal_places=DECIMAL_PLACES,
        default=0,
        help_text="How much is in doubt; of what agrees, the amount.",
    )
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(null=True, help_text="When the money moved.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Empty, if a later file explained it.",
    )
    closed_why = models.CharField(max_length=200, blank=True)
    closed_request_id = RequestId(db_default="", default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(what__in=MatchKind.values), name="match_what_known"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(closed_why=""),
                name="match_closed_says_why",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(what=MatchKind.MISSING_THERE),
                name="match_missing_there_once",
            ),
        ]
        indexes = [
            models.Index(F("what"), F("id").desc(), condition=OPEN, name="match_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} #{self.pk}"

    @property
    def in_doubt(self) -> str:
        """Return the amount for people; empty where none is known."""
        return amount_human(self.amount, self.currency) if self.amount else ""
