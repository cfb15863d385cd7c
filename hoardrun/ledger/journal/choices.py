"""The kinds of books and of postings, as they are stored."""

from __future__ import annotations

from django.db import models


class BookKind(models.TextChoices):
    """The purpose of a book."""

    CUSTOMER = "customer"  # the money of one account
    FLOAT = "float"  # our money at one provider
    FEES = "fees"  # what we have earned
    SUSPENSE = "suspense"  # money whose owner is not known yet
    RECEIVABLE = "receivable"  # what somebody owes us
    WORLD = "world"  # everything outside that has no book of its own


class PostingKind(models.TextChoices):
    """Why money moved."""

    SETTLE = "settle"  # a transaction was completed
    FEE = "fee"  # likewise, one whose type is fee
    ADJUSTMENT = "adjustment"  # likewise by staff, with no provider behind it
    TRANSFER = "transfer"  # from one account here to another
    REVERSAL = "reversal"  # the mirror of another posting
    FUNDING = "funding"  # what came into one of our own books, or was taken from there
    OPENING = "opening"  # what an account had when its book was opened


# Books that a debit adds to: what we have elsewhere, and what is owed to us.
ASSETS = (BookKind.FLOAT, BookKind.RECEIVABLE)
# One of these books a transaction that was completed, unless it is a side of a transfer.
SETTLING = (PostingKind.SETTLE, PostingKind.FEE, PostingKind.ADJUSTMENT)
