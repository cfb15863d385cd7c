"""The books, and the postings between them: where each amount came from and where it went.

A posting takes one amount from one book, its debit, to another, its credit. So the books are
balanced by construction. A customer's balance is what was credited less what was debited, and
stays equal to the account's `current_balance`, which `verify` proves.

No foreign key here is one of the database's. Those on accounts and transactions would stop the
release before; those on books would make every posting lock the row of a provider's float. The
trigger of `triggers` refuses postings whose books do not exist.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.ledger.journal.choices import BookKind, PostingKind
from realtime.append_only import AppendOnly

_CUSTOMER = Q(
    kind=BookKind.CUSTOMER, account__isnull=False, balance__isnull=False, version__isnull=False
)
_COMMON = Q(account__isnull=True, balance__isnull=True, version__isnull=True)


class Book(models.Model):
    """Money of one account, at one provider, or for one purpose, in one currency.

    A customer's book has its balance in minor units and the count of its postings. The others
    have none: every payment would wait for the one before, to change that row.
    """

    kind = models.CharField(max_length=16, choices=BookKind)
    currency = models.CharField(max_length=3)
    account = models.OneToOneField(
        "ledger.Account",
        on_delete=models.PROTECT,
        null=True,
        related_name="book",
        db_constraint=False,
    )
    provider = models.CharField(max_length=16, blank=True, default="")
    balance = models.BigIntegerField(null=True)
    version = models.BigIntegerField(null=True)
    # Of an account that is older than the journal: when its opening balance was booked, which
    # holds what was completed until then.
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "currency", "provider"],
                condition=Q(account__isnull=True),
                name="book_once",
            ),
            models.CheckConstraint(
                condition=(_CUSTOMER & Q(provider=""))
                | (_COMMON & Q(kind=BookKind.FLOAT) & ~Q(provider=""))
                | (
                    _COMMON
                    & Q(provider="")
                    & Q(
                        kind__in=[
                            BookKind.FEES,
                            BookKind.SUSPENSE,
                            BookKind.RECEIVABLE,
                            BookKind.WORLD,
                        ]
                    )
                ),
                name="book_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        whose = self.provider or (f"#{self.account_id}" if self.account_id else "")
        return f"{self.kind} {whose} {self.currency}".replace("  ", " ")


class Posting(AppendOnly):
    """One amount that moved from the book `debit` to the book `credit`. Never changed.

    `minor` counts the currency's smallest unit. `source` says what it is for, once. A customer's
    side has the balance after it and its number in that book, without gaps.
    """

    # The unique constraints have the indexes, of the sides that are customers' and of the others.
    debit = models.ForeignKey(
        Book, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    credit = models.ForeignKey(
        Book, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=16, choices=PostingKind)
    # Of a transfer: the side that gives; its `counterpart` is the other one.
    txn = models.ForeignKey(
        "ledger.Transaction",
        on_delete=models.PROTECT,
        null=True,
        related_name="postings",
        db_constraint=False,
    )
    source = models.CharField(max_length=100)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="reversed_by",
        db_constraint=False,
    )
    event_at = models.DateTimeField(db_default=Now())
    booked_at = models.DateTimeField(db_default=Now(), db_index=True)
    debit_balance = models.BigIntegerField(null=True)
    debit_version = models.BigIntegerField(null=True)
    credit_balance = models.BigIntegerField(null=True)
    credit_version = models.BigIntegerField(null=True)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(minor__gt=0), name="posting_positive"),
            models.CheckConstraint(
                condition=~Q(debit=models.F("credit")), name="posting_between_two_books"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PostingKind.values), name="posting_kind_known"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="posting_says_what_for"),
            models.CheckConstraint(
                condition=Q(kind__in=[PostingKind.OPENING, PostingKind.FUNDING])
                | Q(txn__isnull=False),
                name="posting_has_transaction",
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True) | Q(kind=PostingKind.REVERSAL),
                name="posting_only_reversals_reverse",
            ),
            models.CheckConstraint(
                condition=Q(debit_balance__isnull=True, debit_version__isnull=True)
                | Q(debit_balance__isnull=False, debit_version__isnull=False),
                name="posting_debit_numbered",
            ),
            models.CheckConstraint(
                condition=Q(credit_balance__isnull=True, credit_version__isnull=True)
                | Q(credit_balance__isnull=False, credit_version__isnull=False),
                name="posting_credit_numbered",
            ),
            # `unique=True` makes a second index on PostgreSQL, for LIKE, which nothing asks by.
            models.UniqueConstraint(fields=["source"], name="posting_source_once"),
            models.UniqueConstraint(fields=["debit", "debit_version"], name="posting_debit_once"),
            models.UniqueConstraint(
                fields=["credit", "credit_version"], name="posting_credit_once"
            ),
        ]

    def __str__(self) -> str:
        return self.source


class JournalDay(AppendOnly):
    """A day in UTC that has ended: how many postings it has, and their hash."""

    day = models.DateField(unique=True)
    postings = models.BigIntegerField()
    digest = models.CharField(max_length=64)  # of these and of the digest of the day before

    def __str__(self) -> str:
        return str(self.day)


class BookDay(AppendOnly):
    """The balance of one of our books at the end of a day with postings."""

    # The unique constraint has the index.
    book = models.ForeignKey(
        Book, on_delete=models.PROTECT, related_name="days", db_constraint=False, db_index=False
    )
    day = models.DateField()
    balance = models.BigIntegerField()

    class Meta(AppendOnly.Meta):
        constraints = [models.UniqueConstraint(fields=["book", "day"], name="book_day_once")]

    def __str__(self) -> str:
        return f"book #{self.book_id} after {self.day}"


class FloatCheck(models.Model):
    """The newest balance that a provider told of our account, and the bounds of our own book."""

    provider = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    told = models.BigIntegerField()  # in minor units, as the next two
    least = models.BigIntegerField()
    most = models.BigIntegerField()
    checked_at = models.DateTimeField()
    differs_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "currency"], name="float_check_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.currency}"

    @property
    def difference(self) -> int:
        """Return how much more there is than our books allow; below zero, how much less."""
        return max(0, self.told - self.most) + min(0, self.told - self.least)


class Verification(models.Model):
    """One run of `verify`: what it looked at, and how many findings it had."""

    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    accounts = models.BigIntegerField(default=0)
    postings = models.BigIntegerField(default=0)
    transactions = models.BigIntegerField(default=0)
    days = models.BigIntegerField(db_default=0)
    findings = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.started_at}: {self.findings} findings"
