"""Make messages from accounts and transactions. The socket, REST and the snapshot send the same."""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec

from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_text
from realtime.protocol import codec


def txn_payload(txn: Transaction) -> TransactionUpdate:
    """Describe a transaction for the socket."""
    return TransactionUpdate(
        id=str(txn.pk),
        status=txn.status,
        amount=amount_text(txn.amount, txn.currency),
        currency=txn.currency,
        account_id=str(txn.account_id),
        type=txn.type,
        direction=cast('Literal["inbound", "outbound"]', txn.direction),
        description=txn.description,
        payment_method=txn.payment_method,
        provider=txn.provider or None,
        reference=txn.reference,
        balance_after=(
            None if txn.balance_after is None else amount_text(txn.balance_after, txn.currency)
        ),
        created_at=codec.timestamp(txn.created_at),
        updated_at=codec.timestamp(txn.updated_at),
        completed_at=codec.optional_timestamp(txn.completed_at),
        merchant_name=txn.merchant_name,
        merchant_category=txn.merchant_category,
        failure_reason=txn.failure_reason,
    )


def account_payload(account: Account) -> BalanceUpdate:
    """Describe an account and its balances for the socket."""
    return BalanceUpdate(
        account_id=str(account.pk),
        currency=account.currency,
        available_balance=amount_text(account.available_balance, account.currency),
        current_balance=amount_text(account.current_balance, account.currency),
        account_type=account.type,
        name=account.name,
        status=account.status,
        created_at=codec.timestamp(account.created_at),
        updated_at=codec.timestamp(account.updated_at),
    )


def txn_data(txn: Transaction) -> dict[str, Any]:
    """Describe a transaction for REST, as the socket does."""
    data: dict[str, Any] = msgspec.to_builtins(txn_payload(txn))
    return data


def account_data(account: Account) -> dict[str, Any]:
    """Describe an account for REST, as the socket does."""
    data: dict[str, Any] = msgspec.to_builtins(account_payload(account))
    return data
