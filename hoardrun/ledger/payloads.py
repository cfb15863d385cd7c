"""Make messages from accounts and transactions. The socket, REST and the snapshot send the same."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_text
from realtime.protocol import codec

Message = TypeVar("Message", TransactionUpdate, BalanceUpdate)


def txn_payload(txn: Transaction) -> TransactionUpdate:
    """Describe a transaction for the socket."""
    return _filled(TransactionUpdate, txn, provider=txn.provider or None)


def account_payload(account: Account) -> BalanceUpdate:
    """Describe an account and its balances for the socket."""
    return _filled(BalanceUpdate, account, account_id=str(account.pk), account_type=account.type)


def txn_data(txn: Transaction) -> dict[str, Any]:
    """Describe a transaction for REST, as the socket does."""
    data: dict[str, Any] = msgspec.to_builtins(txn_payload(txn))
    return data


def account_data(account: Account) -> dict[str, Any]:
    """Describe an account for REST, as the socket does."""
    data: dict[str, Any] = msgspec.to_builtins(account_payload(account))
    return data


def _filled(kind: type[Message], row: Account | Transaction, **given: Any) -> Message:
    """Make a message of what is given, and of the row's attributes that its fields name."""
    names = (name for name in kind.__struct_fields__ if name not in given)
    return kind(**given, **{name: _text(getattr(row, name), row.currency) for name in names})


def _text(value: Any, currency: str) -> Any:
    """Write money, times and ids as text; the rest is text already."""
    match value:
        case Decimal():
            return amount_text(value, currency)
        case datetime():
            return codec.timestamp(value)
        case int():
            return str(value)
        case _:
            return value
