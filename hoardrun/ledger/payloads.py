"""Make messages from accounts and transactions. The socket, REST and the snapshot send the same."""

from __future__ import annotations

from typing import Any

from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_text
from realtime.publish import payload_of

# The columns that a payload is made of; rows of them serve as well as models.
TXN_COLUMNS = TransactionUpdate.__struct_fields__
ACCOUNT_COLUMNS = tuple(
    name for name in BalanceUpdate.__struct_fields__ if name not in {"account_id", "account_type"}
)


def txn_payload(txn: Transaction | Any) -> TransactionUpdate:
    """Describe a transaction."""
    money = _money(txn, "amount", "balance_after")
    return payload_of(TransactionUpdate, txn, provider=txn.provider or None, **money)


def account_payload(account: Account | Any) -> BalanceUpdate:
    """Describe an account and its balances."""
    money = _money(account, "available_balance", "current_balance")
    named = {"account_id": str(account.id), "account_type": account.type}
    return payload_of(BalanceUpdate, account, **named, **money)


def _money(row: Any, *names: str) -> dict[str, str | None]:
    amounts = {name: getattr(row, name) for name in names}
    return {
        name: None if amount is None else amount_text(amount, row.currency)
        for name, amount in amounts.items()
    }
