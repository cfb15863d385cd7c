"""Every pair of statuses, through the service and so through the database's constraint."""

from __future__ import annotations

import pytest

from hoardrun.ledger.choices import TransactionStatus
from hoardrun.ledger.errors import IllegalTransition
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import transaction_create, transaction_move

# How to come to a status, and the current and available balance there, from 1000 less 100.
PATHS: dict[str, tuple[list[str], int, int]] = {
    "pending": ([], 1000, 900),
    "processing": (["processing"], 1000, 900),
    "completed": (["completed"], 900, 900),
    "failed": (["failed"], 1000, 1000),
    "cancelled": (["cancelled"], 1000, 1000),
    "reversed": (["completed", "reversed"], 1000, 1000),
    "expired": (["expired"], 1000, 1000),
}
LEGAL = {
    ("pending", "processing"),
    ("pending", "completed"),
    ("pending", "failed"),
    ("pending", "cancelled"),
    ("pending", "expired"),
    ("processing", "completed"),
    ("processing", "failed"),
    ("processing", "expired"),
    ("completed", "reversed"),
}


def balances(account: Account) -> tuple[int, int]:
    account.refresh_from_db()
    return int(account.current_balance), int(account.available_balance)


@pytest.mark.parametrize("wanted", TransactionStatus.values)
@pytest.mark.parametrize("current", TransactionStatus.values)
def test_it_moves_only_along_the_table(kes: Account, current: str, wanted: str):
    txn, _ = transaction_create(
        account_id=kes.pk, type="payment", direction="outbound", amount="100"
    )
    for status in PATHS[current][0]:
        transaction_move(txn_id=txn.pk, to=status)
    assert balances(kes) == PATHS[current][1:]

    if (current, wanted) in LEGAL:
        transaction_move(txn_id=txn.pk, to=wanted)
    else:
        with pytest.raises(IllegalTransition, match=f"is {current} and cannot become {wanted}"):
            transaction_move(txn_id=txn.pk, to=wanted)
        wanted = current
    assert balances(kes) == PATHS[wanted][1:]
    assert Transaction.objects.get(pk=txn.pk).status == wanted


def test_it_says_where_a_transaction_can_go():
    error = IllegalTransition("completed", "pending", {"reversed"})
    assert "It can become reversed." in str(error)
    assert error.extra == {"current": "completed", "wanted": "pending", "allowed": ["reversed"]}
