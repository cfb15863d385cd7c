"""All queries of the ledger. Only these decide which rows belong to a user."""

from __future__ import annotations

from django.db.models import QuerySet

from hoardrun.ledger.errors import AccountNotFound, TransactionNotFound
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.payloads import ACCOUNT_COLUMNS, TXN_COLUMNS
from realtime.core.text import row_id
from realtime.sql.prepared import Prepared


def account_list(*, user_id: int) -> QuerySet[Account]:
    """Select the user's accounts, oldest first."""
    return Account.objects.filter(user_id=user_id).order_by("id")


# Rows of `account_list`, for the list that is asked for all the time.
accounts_listed = Prepared(
    lambda user_id: account_list(user_id=user_id).values_list(*ACCOUNT_COLUMNS)
)


def account_get(*, user_id: int, account_id: int | str) -> Account:
    """Read one of the user's accounts. Raises AccountNotFound."""
    try:
        return account_list(user_id=user_id).get(pk=row_id(account_id))
    except Account.DoesNotExist:
        raise AccountNotFound from None


def transaction_list(*, user_id: int) -> QuerySet[Transaction]:
    """Select the transactions on the user's accounts, newest first."""
    return Transaction.objects.filter(account__user_id=user_id).order_by("-created_at", "-id")


# Rows of `transaction_list`, filtered, for the list that is asked for all the time.
transactions_newest = Prepared(
    lambda user_id, **asked: (
        transaction_list(user_id=user_id).filter(**asked).values_list(*TXN_COLUMNS)
    )
)


def transaction_get(*, user_id: int, txn_id: int | str) -> Transaction:
    """Read a transaction on one of the user's accounts. Raises TransactionNotFound."""
    try:
        return transaction_list(user_id=user_id).get(pk=row_id(txn_id))
    except Transaction.DoesNotExist:
        raise TransactionNotFound from None
