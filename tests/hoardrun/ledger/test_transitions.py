"""Every pair of statuses, through the service and so through the database's constraint."""

from __future__ import annotations

import pytest

from hoardrun.ledger.choices import TransactionStatus
from hoardrun.ledger.errors import IllegalTransition
from hoardrun.ledger.models import Account, Transaction
from tests.hoardrun.ledger.conftest import balances, create, move

# The moves to each status, and its available and current balance, from 1000 less 100.
PATHS: dict[str, tuple[list[str], int, int]] = {
    "pending": ([], 900, 1000),
    "processing": (["processing"], 900, 1000),
    "completed": (["completed"], 900, 900),
    "failed": (["failed"], 1000, 1000),
    "cancelled": (["cancelled"], 1000, 1000),
    "reversed": (["completed", "reversed"], 1000, 1000),
    "expired": (["expired"], 1000, 1000),
}
NEXT = {
    "pending": ["processing", "completed", "failed", "cancelled", "expired"],
    "processing": ["completed", "failed", "expired"],
    "completed": ["reversed"],
}


@pytest.mark.parametrize("wanted", TransactionStatus.values)
@pytest.mark.parametrize("current", TransactionStatus.values)
def test_it_moves_only_along_the_table(kes: Account, current: str, wanted: str):
    txn = create(kes, "100")
    for status in PATHS[current][0]:
        move(txn, status)
    assert balances(kes) == PATHS[current][1:]

    if wanted in NEXT.get(current, ()):
        move(txn, wanted)
    else:
        with pytest.raises(IllegalTransition, match=f"is {current} and cannot become {wanted}"):
            move(txn, wanted)
        wanted = current
    assert balances(kes) == PATHS[wanted][1:]
    assert Transaction.objects.get(pk=txn.pk).status == wanted


def test_it_says_where_a_transaction_can_go():
    error = IllegalTransition("completed", "pending", {"reversed"})
    assert "It can become reversed." in str(error)
    assert error.extra == {"current": "completed", "wanted": "pending", "allowed": ["reversed"]}
