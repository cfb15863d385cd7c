"""Read what `verify` checks of accounts, in parts that fit into memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from decimal import Decimal
from operator import attrgetter

from django.db.models import F, Max, QuerySet, Sum
from django.db.models.functions import Coalesce

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.journal.findings import AccountFacts, Link
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import currency_parse

MOST = 50_000  # postings that are read at once


def account_facts(ids: list[int]) -> list[AccountFacts]:
    """Read accounts in the order of their ids, with their books and what is held."""
    under_way = Transaction.objects.filter(
        account__in=ids,
        direction=Direction.OUTBOUND,
        status__in=(Status.PENDING, Status.PROCESSING),
    )
    held = dict(under_way.order_by().values_list("account_id").annotate(Sum("amount")))
    return [
        AccountFacts(
            *(row.pk, row.type, row.currency, row.available_balance, row.current_balance),
            _rounded(Decimal(held.get(row.pk, 0)), row.currency),
            *((row.book.balance, row.book.version) if hasattr(row, "book") else (None, None)),
        )
        for row in Account.objects.filter(pk__in=ids).select_related("book").order_by("pk")
    ]


def _rounded(total: Decimal, currency: str) -> Decimal:
    """Leave out the noise of SQLite, which adds in floating point.

    At least two decimals stay, in which an amount that its currency does not have would show.
    """
    return total.quantize(Decimal(1).scaleb(-max(2, currency_parse(currency).exponent)))


def links_of(ids: list[int]) -> Iterator[Link]:
    """Return the sides of postings on some accounts, by account and version."""
    sides = (_side(ids, name, sign) for name, sign in (("debit", -1), ("credit", 1)))
    return heapq.merge(*sides, key=attrgetter("account_id", "version"))


def _side(ids: list[int], name: str, sign: int) -> Iterator[Link]:
    account, version = f"{name}__account_id", f"{name}_version"
    # A damaged row may lack its number: it counts as 0.
    numbers = (Coalesce(version, 0), Coalesce(f"{name}_balance", 0))
    rows = Posting.objects.filter(**{f"{name}__account__in": ids}).order_by(account, version)
    columns = (account, *numbers, F("minor") * sign, "source")
    for part in _parts(rows, version) if len(ids) == 1 else (rows,):
        yield from (Link(*row) for row in part.values_list(*columns).iterator())


def _parts(rows: QuerySet[Posting], version: str) -> Iterator[QuerySet[Posting]]:
    """Divide the postings of one account by their numbers, each of which belongs to one part."""
    last = rows.aggregate(last=Max(version))["last"] or 0
    yield rows.filter(**{f"{version}__isnull": True})
    for first in range(0, last, MOST):
        yield rows.filter(**{f"{version}__gt": first, f"{version}__lte": first + MOST})
