"""Corrections of balances: what one member of staff asks for, and another decides on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from hoardrun.ledger import holders
from hoardrun.ledger.choices import Direction
from hoardrun.ledger.fields import MoneyField
from hoardrun.ledger.money import Currency
from realtime.audit import RequestId


class Against(models.TextChoices):
    """The book on the other side of a correction; of our own books, the one that is corrected."""

    WORLD = "world", "the world outside"
    FLOAT = "float", "our money at a provider"
    FEES = "fees", "our fees"
    SUSPENSE = "suspense", "money whose owner is not known"
    RECEIVABLE = "receivable", "what somebody owes us"


class CorrectionState(models.TextChoices):
    WAITING = "waiting", "Waits for a second person"
    APPROVED = "approved"
    REJECTED = "rejected"


_WAITS = Q(state=CorrectionState.WAITING.value)
_APPROVED = Q(state=CorrectionState.APPROVED.value)


class Correction(models.Model):
    """A request to add to a balance or to take from it, and the decision on it.

    Its approval makes `txn`, which is completed at once. Without an account it is of one of our
    own books, and its approval makes a posting only, between that book and the world, or our money
    at `provider`. The database refuses a decision in its favour by the person who asked.
    """

    account = models.ForeignKey(
        "ledger.Account",
        on_delete=models.PROTECT,
        related_name="corrections",
        db_constraint=False,
        null=True,
        blank=True,
        help_text="Leave it out for a book of our own.",
    )
    direction = models.CharField(
        max_length=8, choices=Direction, help_text="Inbound adds to it, outbound takes from it."
    )
    amount = MoneyField()
    currency = models.CharField(
        max_length=3,
        choices=Currency,
        blank=True,
        help_text="The account's, if there is one.",
    )
    against = models.CharField(
        max_length=12,
        choices=Against,
        default=Against.WORLD,
        help_text="Where it comes from, or goes to; or the book of our own.",
    )
    provider = models.CharField(
        max_length=16,
        choices=holders.holders,
        blank=True,
        help_text="Where our money is; of another book of our own, where it comes from or goes to.",
    )
    why = models.CharField(
        max_length=200, help_text="Is kept; write no name and no number of a person."
    )
    description = models.CharField(
        max_length=200, blank=True, help_text="What the customer reads in the statement."
    )
    state = models.CharField(
        max_length=10, choices=CorrectionState, default=CorrectionState.WAITING
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    request_id = RequestId(db_default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_request_id = RequestId(db_default="", default="")
    txn = models.OneToOneField(
        "ledger.Transaction",
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="correction",
        verbose_name="transaction",
    )

    class Meta:
        permissions = [("decide_correction", "Can decide on corrections that others ask for")]
        indexes = [
            models.Index(
                fields=["id"],
                condition=_WAITS,
                name="correction_waits",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="correction_amount_positive"),
            models.CheckConstraint(condition=~Q(why=""), name="correction_says_why"),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | ~Q(against=Against.WORLD.value),
                name="correction_of_a_book",
            ),
            models.CheckConstraint(
                condition=(Q(against=Against.FLOAT.value) & ~Q(provider=""))
                | (~Q(against=Against.FLOAT.value) & (Q(provider="") | Q(account__isnull=True))),
                name="correction_provider_of_float",
            ),
            models.CheckConstraint(
                condition=(_WAITS & Q(decided_by__isnull=True, decided_at__isnull=True))
                | (~_WAITS & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="correction_is_decided",
            ),
            models.CheckConstraint(
                condition=~_APPROVED | ~Q(decided_by=F("asked_by")), name="correction_by_two"
            ),
            models.CheckConstraint(
                condition=(_APPROVED & Q(account__isnull=False, txn__isnull=False))
                | ((~_APPROVED | Q(account__isnull=True)) & Q(txn__isnull=True)),
                name="correction_has_transaction",
            ),
        ]

    def __str__(self) -> str:
        of = f"account #{self.account_id}" if self.account_id else f"{self.against} {self.provider}"
        return f"correction #{self.pk} of {of.rstrip()}: {self.state}"
