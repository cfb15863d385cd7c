"""Write postings: the only place that does. Called inside the transaction that moves the money."""

from __future__ import annotations

from collections.abc import Sequence

from hoardrun.ledger.journal import writing
from hoardrun.ledger.journal.books import books_make
from hoardrun.ledger.journal.drafts import Draft
from hoardrun.ledger.journal.errors import BookChanged, SourceReused
from hoardrun.ledger.journal.models import Posting


def post(drafts: Sequence[Draft]) -> list[int]:
    """Write postings in this order; return their ids, or the id of what has the source already.

    The accounts of all customers' books must be locked. Raises SourceReused if a source was
    posted with something else: silence there would lose money.
    """
    return [_post(draft) for draft in drafts]


def _post(draft: Draft) -> int:
    written = writing.insert(draft)
    if written is None:
        if (posted := Posting.objects.filter(source=draft.source).first()) is not None:
            _check_same(draft, posted)
            return posted.pk
        places = {draft.debit, draft.credit}
        books_make(places)
        written = writing.insert(draft)
        if written is None:  # a customer's book has another currency than its account
            raise BookChanged(places)
    writing.move(written.debit, -draft.minor)
    writing.move(written.credit, draft.minor)
    return written.posting_id


def _check_same(draft: Draft, row: Posting) -> None:
    pairs = {
        "amount": (row.minor, draft.minor),
        "currency": (row.currency, draft.debit.currency),
        "transaction": (row.txn_id, draft.txn_id),
    }
    if differing := [name for name, (one, other) in pairs.items() if one != other]:
        raise SourceReused(draft.source, differing)
