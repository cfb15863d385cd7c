"""What becomes of a line of a statement, and of a payment that has none."""

from __future__ import annotations

from django.db import models


class MatchKind(models.TextChoices):
    """The kinds of findings about a line or a payment."""

    MATCHED = "matched", "Matched"
    FEE = "fee", "A fee"
    REVERSAL = "reversal", "A reversal"
    AMOUNT_DIFFERS = "amount_differs", "Another amount than we have"
    MISSING_HERE = "missing_here", "Money without a payment here"
    MISSING_THERE = "missing_there", "A success here without a line there"
    GAP = "gap", "Lines are missing in the file"
    UNREADABLE = "unreadable", "A row that could not be read"


# The kinds that a person must look at, the most urgent first.
FINDINGS = (
    MatchKind.MISSING_THERE,
    MatchKind.MISSING_HERE,
    MatchKind.AMOUNT_DIFFERS,
    MatchKind.GAP,
    MatchKind.UNREADABLE,
)
# Lines of the payment itself, not of its fee or reversal.
WRITTEN = (MatchKind.MATCHED, MatchKind.AMOUNT_DIFFERS)
# The kinds that are evidence of their payment, for the judge.
TESTIFYING = (MatchKind.MATCHED, MatchKind.AMOUNT_DIFFERS, MatchKind.REVERSAL)


class MatchedBy(models.TextChoices):
    """The property by which a line and its payment match."""

    RECEIPT = "receipt"
    REFERENCE = "reference"
    LIKENESS = "likeness", "amount, phone and time"
    ACCOUNT = "account", "amount, account and time"
