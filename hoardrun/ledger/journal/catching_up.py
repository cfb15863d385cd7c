"""Post what a node of the release before has moved during an upgrade, without postings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import QuerySet

from hoardrun.ledger.journal import drafts, missing
from hoardrun.ledger.journal.booking import moved
from hoardrun.ledger.journal.drafts import Draft
from hoardrun.ledger.journal.posting import post
from hoardrun.ledger.models import Account, Transaction
from realtime.retry import one_transaction

BATCH = 1000


def missing_post() -> int:
    """Post all that is missing; return how many postings that took."""
    steps = (
        (missing.completed, _completed),
        (missing.reversed_, lambda txn: drafts.reversal(moved(txn))),
    )
    return sum(_post(pk, rows, draft) for rows, draft in steps for pk in _keys(rows()))


def _keys(rows: QuerySet[Transaction]) -> Iterator[int]:
    last = 0
    while page := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        last = page[-1]
        yield from page


def _completed(txn: Transaction) -> Draft:
    if txn.counterpart is None:
        return drafts.settled(moved(txn))
    gives, takes = sorted((txn, txn.counterpart), key=lambda side: side.direction, reverse=True)
    return drafts.transfer(moved(gives), moved(takes))


@one_transaction
def _post(
    txn_id: int, rows: Callable[[], QuerySet[Transaction]], draft: Callable[[Transaction], Draft]
) -> int:
    """Post one under the locks of its accounts, unless it is not missing any more."""
    txn = Transaction.objects.select_related("counterpart").get(pk=txn_id)
    ids = [txn.account_id] + ([txn.counterpart.account_id] if txn.counterpart else [])
    list(Account.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    if not rows().filter(pk=txn_id).exists():
        return 0
    post([draft(txn)])
    return 1
