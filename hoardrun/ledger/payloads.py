"""Make messages from accounts and transactions. The socket, REST and the snapshot send the same."""

from __future__ import annotations

from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_text
from realtime.publish import payload_of


def txn_payload(txn: Transaction) -> TransactionUpdate:
    """Describe a transaction."""
    money = _money(txn, "amount", "balance_after")
    return payload_of(TransactionUpdate, txn, provider=txn.provider or None, **money)


def account_payload(account: Account) -> BalanceUpdate:
    """Describe an account and its balances."""
    money = _money(account, "available_balance", "current_balance")
    named = {"account_id": str(account.pk), "account_type": account.type}
    return payload_of(BalanceUpdate, account, **named, **money)


def _money(row: Account | Transaction, *names: str) -> dict[str, str | None]:
    amounts = {name: getattr(row, name) for name in names}
    return {
        name: None if amount is None else amount_text(amount, row.currency)
        for name, amount in amounts.items()
    }
