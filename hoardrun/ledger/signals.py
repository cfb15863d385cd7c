"""Publish what is saved, by services, the admin or a shell alike.

An event is written in the transaction of the save itself, so a rollback takes
it back. `bulk_create` and `update()` send no signals: they publish nothing. Nor does a
deletion, which services never make: what concerns money stays.
"""

from __future__ import annotations

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.payloads import account_payload, txn_payload
from realtime.publish import publish
from realtime.streams import user_stream
from realtime.told import tell


def connect() -> None:
    """Connect the receivers; called once the apps are ready."""
    tell(Account, account_saved)
    tell(Transaction, transaction_saved)


def account_saved(before: Account | None, now: Account) -> None:
    """Publish `balance_update` of a new account, and of each change of one."""
    publish(user_stream(now.user_id), account_payload(now))


def transaction_saved(before: Transaction | None, now: Transaction) -> None:
    """Publish `transaction_update` of a new transaction, and of each change of one."""
    publish(user_stream(now.account.user_id), txn_payload(now))
