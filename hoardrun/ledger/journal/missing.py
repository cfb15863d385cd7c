"""The transactions that have moved money without a posting.

Nothing but a node of the release before does that, during an upgrade, or SQL by hand. What an
account had when its book was opened needs none: its opening balance has it.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.journal.choices import SETTLING, PostingKind
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Transaction, TransactionMove

_OPENED = "account__book__opened_at"


def completed(since: datetime | None = None) -> QuerySet[Transaction]:
    """Select transactions that were completed without a posting."""
    mine = Posting.objects.filter(txn=OuterRef("pk"))
    theirs = Posting.objects.filter(txn=OuterRef("counterpart"), kind=PostingKind.TRANSFER)
    rows = Transaction.objects.filter(
        Q(**{f"{_OPENED}__isnull": True}) | Q(completed_at__gt=F(_OPENED)),
        ~Exists(mine.filter(kind__in=[*SETTLING, PostingKind.TRANSFER])),
        ~Exists(theirs),
        status__in=(Status.COMPLETED, Status.REVERSED),
    )
    return rows if since is None else rows.filter(completed_at__gte=since)


def reversed_(since: datetime | None = None) -> QuerySet[Transaction]:
    """Select transactions that were reversed without a posting."""
    moves = TransactionMove.objects.filter(txn=OuterRef("pk"), to_status=Status.REVERSED)
    if since is not None:
        moves = moves.filter(created_at__gte=since)
    after = moves.filter(created_at__gt=OuterRef(_OPENED))
    mine = Posting.objects.filter(txn=OuterRef("pk"), kind=PostingKind.REVERSAL)
    is_late = Exists(after) | Q(Exists(moves), **{f"{_OPENED}__isnull": True})
    return Transaction.objects.filter(is_late, ~Exists(mine), status=Status.REVERSED)
